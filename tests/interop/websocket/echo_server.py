"""echo_server.py - python3-websockets as echo server for our client: prints its port, ends with its first client."""
import asyncio

import websockets

# Its own limits are ten and twenty seconds: a machine may stand still for as long.
PATIENT = {"close_timeout": 60, "ping_interval": None}


async def main():
    done = asyncio.get_running_loop().create_future()

    async def echo(socket):
        try:
            number = 0
            while True:
                whole = await socket.recv()
                pong = await socket.ping(b"and you")
                half = len(whole) // 2
                await socket.send([whole[:half], whole[half:]] if number % 2 else whole)
                await pong
                number += 1
        except websockets.ConnectionClosed:
            done.set_result((socket.close_code, socket.close_reason))
        except BaseException as e:
            done.set_exception(e)

    async with websockets.serve(echo, "127.0.0.1", 0, max_size=4 << 20, **PATIENT) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        assert await asyncio.wait_for(done, 120) == (4321, "enough"), done.result()


asyncio.run(main())
