#!/usr/bin/env python3
"""A badly behaved HTTPS and WSS server for gateway_net: TLS with a throw-away CA, faults on request.

usage: gateway_server.py DIRECTORY      prints "PORT n" when ready; ends when its standard input closes; see tell()
       gateway_server.py --certificates DIRECTORY      only writes ca.pem, server.pem, server.key

Faults are set by GET /fault/NAME and hold for requests to mutations' paths until the next GET /fault/none:
  slam   the request is read whole, executed, and the connection dropped without an answer
  cut    half of the answer, then dropped          big     an answer of 5 MiB
  hang   no answer                                 moved   302 to another path
  chunked  an answer in chunks, of no length said  early   100 Continue before the answer
  nonsense  no HTTP                                idle    idle connections that have pinged are closed
  last   answered with Connection: close, and then silent: what is sent on it later is not executed
  hole   connections that were open when it was set take all and answer nothing, for ever
POST /mirror gives back what it got, slowly taken, in many small records, and hangs up.  GET /wait is answered
when tell() is told so; GET /reset by 700 "?" and a reset.  GET /count/PATH tells how often PATH was executed; GET /connections how many connections there were; GET /pinged the most pings
on one connection times 1000 and by how many they came, since it was asked last; GET /event makes the user hub send an order.
Standard library only: an implementation of the wire that shares nothing with ours.
"""
import base64
import collections
import fcntl
import hashlib
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import termios
import threading
import time

RS = "\x1e"
MUTATIONS = ("/api/Position/closeContract", "/api/Order/cancel", "/api/Order/place")
state = {"fault": "none", "connections": 0, "hole": 0, "pings": collections.Counter()}
counts = collections.Counter()
user_hubs = []
pinged = []
waiting = []
lock = threading.Lock()


def certificates(directory):
    """ca.pem, and server.pem for localhost signed by it."""
    def run(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    with open(os.path.join(directory, "ext"), "w", encoding="ascii") as f:
        f.write("subjectAltName=DNS:localhost\n")
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA")
    run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem",
        "-days", "2", "-extfile", "ext")


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.data = b""
        self.born = time.monotonic()

    def need(self, count):
        while len(self.data) < count:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError
            self.data += more
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def head(self):
        while b"\r\n\r\n" not in self.data:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError
            self.data += more
        text, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = text.decode("latin-1").split("\r\n")
        fields = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        method, target, _ = lines[0].split(" ")
        return method, target, fields

    def answer(self, status, body, extra=""):
        body = body.encode()
        self.sock.sendall(f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                          f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime())}\r\n{extra}\r\n".encode() + body)

    def reset(self):
        """A last word, and the end, both at once for whoever is busy."""
        time.sleep(0.1)
        self.sock.sendall(b"?" * 700)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.sock.detach())

    def hang_up(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    # -- WebSocket, server side

    def read_message(self):
        first, second = self.need(2)
        length = second & 127
        if length == 126:
            length = struct.unpack(">H", self.need(2))[0]
        mask = self.need(4)
        payload = bytes(c ^ mask[i % 4] for i, c in enumerate(self.need(length)))
        return first & 15, payload.decode()

    def say(self, value):
        payload = (value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))).encode() + RS.encode()
        head = bytes([0x81, len(payload)]) if len(payload) < 126 else bytes([0x81, 126]) + struct.pack(">H", len(payload))
        with lock:
            self.sock.sendall(head + payload)

    def hub(self, target, fields):
        if "access_token=test-token" not in target:
            self.answer(401, "")
            return
        key = base64.b64encode(hashlib.sha1((fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        self.sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
                          key + b"\r\n\r\n")
        if "/user" in target:
            user_hubs.append(self)
        while True:
            opcode, text = self.read_message()
            if opcode == 8:
                return
            for record in text.split(RS)[:-1]:
                message = json.loads(record)
                if "protocol" in message:
                    self.say({})
                elif message.get("type") == 1:
                    self.say({"type": 3, "invocationId": message["invocationId"], "result": None})

    # -- REST

    def rest(self, path, fields):
        envelope = {"success": True, "errorCode": 0, "errorMessage": None}
        if path == "/api/Auth/loginKey":
            self.answer(200, json.dumps({"token": "test-token", **envelope}))
            return True
        if path == "/api/Status/ping":
            state["pings"][self] += 1
            pinged.append(self)  # Before whoever asked can know.
            self.answer(200, "pong")
            return True
        if fields.get("authorization") != "Bearer test-token":
            self.answer(401, "")
            return True
        if path in MUTATIONS:
            counts[path] += 1
            return self.misbehave(state["fault"], envelope)
        self.answer(200, json.dumps({"accounts": [{"id": 1, "name": "PRAC"}], "positions": [], "orders": [], "trades": [], **envelope}))
        return True

    def misbehave(self, fault, envelope):
        """False: drop the connection."""
        if fault == "slam":
            return False
        if fault == "cut":
            self.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"orderId\":77,\"succ")
            return False
        if fault == "hang":
            time.sleep(30)
            return False
        if fault == "big":
            self.answer(200, "x" * (5 << 20))
        elif fault == "chunked":
            text = json.dumps(envelope)
            parts = "".join(f"{len(part):x}\r\n{part}\r\n" for part in (text[:5], text[5:]))
            self.sock.sendall(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{parts}0\r\n\r\n".encode())
        elif fault == "early":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.answer(200, json.dumps(envelope))
        elif fault == "nonsense":
            self.sock.sendall(b"220 mail.example ESMTP\r\n\r\n")
            return False
        elif fault == "last":
            self.answer(200, json.dumps(envelope), "Connection: close\r\n")
            while self.sock.recv(65536):
                pass
            return False
        elif fault == "moved":
            self.answer(302, "", "Location: /api/Order/cancel\r\n")
        else:
            self.answer(200, json.dumps(envelope))
        return True

    def time_out(self):
        try:
            self.sock.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        except OSError:  # An older test's.
            return
        self.hang_up()
        self.settle()

    def settle(self):
        """All that was sent has arrived."""
        try:
            while struct.unpack("i", fcntl.ioctl(self.sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0] > 0:
                time.sleep(0.001)
        except (OSError, ValueError):  # It is no more.
            pass

    def control(self, path):
        parts = path.split("/")
        if parts[1] == "fault":
            state["fault"] = parts[2]
            state["hole"] = time.monotonic() if parts[2] == "hole" else 0
            while state["fault"] == "idle" and pinged:
                pinged.pop().hang_up()
            self.answer(200, "")
        elif parts[1] == "count":
            self.answer(200, str(counts["/" + "/".join(parts[2:])]))
        elif parts[1] == "pinged":
            self.answer(200, str(max(state["pings"].values()) * 1000 + len(state["pings"])))
            state["pings"].clear()
        elif parts[1] == "wait":
            waiting.append(self)
        elif parts[1] == "reset":
            self.reset()
        elif parts[1] == "waiting":
            self.answer(200, str(len(waiting)))
        elif parts[1] == "connections":
            self.answer(200, str(state["connections"]))
        elif parts[1] == "event":
            for hub in user_hubs[-1:]:
                hub.say({"type": 1, "target": "GatewayUserOrder", "arguments": [{"action": 1, "data": {
                    "id": 3425270858, "accountId": 1, "contractId": "C", "status": 1, "type": 1, "side": 0, "size": 1}}]})
            self.answer(200, "")
        else:
            self.answer(404, "")

    def mirror(self, length):
        """Bytes pile up at whoever sends them, then at whoever gets them back, in records as small as a hub's."""
        time.sleep(0.2)
        body = self.need(length)
        for at in range(0, length, 700):
            self.sock.sendall(body[at:at + 700])

    def serve(self):
        while True:
            _, target, fields = self.head()
            if fields.get("upgrade", "").lower() == "websocket":
                self.hub(target, fields)
                return
            if target == "/mirror":
                self.mirror(int(fields["content-length"]))
                return
            self.need(int(fields.get("content-length", "0")))
            if target.startswith("/api/") and self.born < state["hole"]:
                time.sleep(1000)
            if not target.startswith("/api/"):
                self.control(target)
            elif not self.rest(target, fields):
                return


def tell_waiting(words):
    for connection in waiting:
        try:
            for word in words:
                connection.sock.sendall(word)
            connection.settle()
        except OSError:  # An older test's.
            pass


def tell(word):
    """Done when it returns, and there where the client's socket is: for what a client finds that was busy meanwhile.

    speak    "?" and "!", two records, to all who wait, in their order      shout    16,800 "?" to them
    forsake  the first of them is hung up on
    stale    connections that have pinged, and are idle, are answered 408 unasked and closed
    """
    if word == "speak":
        tell_waiting((b"?", b"!"))
    elif word == "shout":
        tell_waiting((b"?" * 700,) * 24)
    elif word == "forsake":
        first = waiting.pop(0)
        first.hang_up()
        first.settle()
    elif word == "stale":
        while pinged:
            pinged.pop().time_out()


def run(sock, context):
    try:
        with context.wrap_socket(sock, server_side=True) as tls:
            Connection(tls).serve()
    except (OSError, ConnectionError, ValueError):
        pass


def main():
    directory = sys.argv[-1]
    certificates(directory)
    if sys.argv[1] == "--certificates":
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(directory, "server.pem"), os.path.join(directory, "server.key"))
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)  # Whoever sends much to one who does not read has to wait.
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print("PORT", listener.getsockname()[1], flush=True)

    def accept():
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            state["connections"] += 1
            threading.Thread(target=run, args=(sock, context), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    for line in sys.stdin:
        tell(line.strip())
        print("DONE", flush=True)
    os._exit(0)


main()
