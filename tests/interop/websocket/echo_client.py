"""echo_client.py PORT - python3-websockets as client of our echo server; the list of echo_cases.h."""
import asyncio
import sys

import websockets

# Its own limits are ten and twenty seconds: a machine may stand still for as long.
PATIENT = {"open_timeout": 60, "close_timeout": 60, "ping_interval": None}

SIZES = [0, 1, 2, 124, 125, 126, 127, 128, 1000, 65534, 65535, 65536, 65537, 200000, 1048576]


def message(number):
    size = SIZES[number % len(SIZES)]
    if number >= len(SIZES):
        return bytes(i * 31 & 255 for i in range(size))
    return "aä€😀" * (size // 10) + "x" * (size % 10)


async def main(port):
    async with websockets.connect(f"ws://127.0.0.1:{port}/", max_size=4 << 20, **PATIENT) as socket:
        for number in range(2 * len(SIZES)):
            whole = message(number)
            pong = await socket.ping(b"how are you")
            third = len(whole) // 3
            parts = [whole[:third], whole[third : 2 * third], whole[2 * third :]]
            await socket.send(parts if number % 3 == 2 else whole)
            assert await socket.recv() == whole, number
            await pong
        await socket.close(4321, "enough")
        assert socket.close_code == 4321, socket.close_code
    print(f"{2 * len(SIZES)} messages came back")


asyncio.run(asyncio.wait_for(main(sys.argv[1]), 120))
