#!/usr/bin/env python3
"""The feed as a browser meets it (S-13): a page of this machine may read it, any other may not.

usage: feed_browser.py PROGRAMS CHROMIUM

A headless Chromium opens two pages: one of this machine (control: it must get a snapshot, and be hung up on when it sends too much), and one of
evil.test, a name that points at 127.0.0.1 (DNS rebinding): whatever address that one tries, it must hear nothing.  What no browser can
send, broken frames and wrong Hosts, comes from a plain socket.
"""
import base64
import http.server
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig  # noqa: E402

ACCOUNT = 101
RULES = ["max_contracts: { enabled: true, limit: 2 }"]
EVIL = "evil.test"
PAGE = """<!doctype html><script>
const ask = (url, send) => new Promise(done => {
  let heard = 0, ws;
  const end = what => done([url, what, heard]);
  try { ws = new WebSocket(url); } catch (e) { return end("threw"); }
  ws.onmessage = () => { heard++; if (send) ws.send("x".repeat(send)); else { end("heard"); ws.close(); } };
  ws.onclose = e => end(e.code);
  setTimeout(() => end("silence"), 30000);
});
const get = url => fetch(url).then(r => r.text()).then(t => [url, "read", t.length], () => [url, "refused", 0]);
(async () => {
  const p = new URLSearchParams(location.search).get("feed"), results = [];
  for (const host of ["127.0.0.1", "localhost", "evil.test"]) results.push(await ask(`ws://${host}:${p}/`));
  results.push(await ask(`ws://127.0.0.1:${p}/`, 70000));
  results.push(await get(`http://127.0.0.1:${p}/`));
  fetch("/done", {method: "POST", body: JSON.stringify(results)});
})();
</script>"""


class Site(http.server.BaseHTTPRequestHandler):
    results = {}

    def do_GET(self):
        body = PAGE.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Site.results[self.headers["Host"].split(":")[0]] = json.loads(body)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def browse(chromium, url, host):
    """What the page at @url found out."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", f"--user-data-dir={profile}",
             f"--host-resolver-rules=MAP {EVIL} 127.0.0.1", "--remote-debugging-port=0", url],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            return rig.wait_for(lambda: Site.results.get(host), 200, f"the page of {host}")
        finally:
            browser.terminate()
            try:
                browser.wait(10)
            except subprocess.TimeoutExpired:
                browser.kill()
                browser.wait(10)


def upgrade(port, **fields):
    """A raw connection and the first line of the answer."""
    lines = {"Host": f"127.0.0.1:{port}", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), **fields}
    s = socket.create_connection(("127.0.0.1", port), 10)
    s.sendall(("GET / HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n").encode())
    head = b""
    while b"\r\n\r\n" not in head:
        piece = s.recv(1)
        if not piece:
            break
        head += piece
    return s, head.split(b"\r\n")[0].decode()


def read_exactly(s, size):
    data = b""
    while len(data) < size:
        piece = s.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def close_code(s):
    """Read frames until the server's close."""
    while True:
        first, second = read_exactly(s, 2)
        length = second & 127
        if length == 126:
            length = struct.unpack(">H", read_exactly(s, 2))[0]
        elif length == 127:
            length = struct.unpack(">Q", read_exactly(s, 8))[0]
        payload = read_exactly(s, length)
        if first & 15 == 8:
            return struct.unpack(">H", payload[:2])[0]


def check_raw(port):
    for fields, expected in (
        ({}, "101"), ({"Host": f"{EVIL}:{port}"}, "403"), ({"Host": "127.0.0.1"}, "403"), ({"Origin": "http://evil.test"}, "403"), ({"Origin": "null"}, "403"),
        ({"Origin": "http://127.0.0.1.evil.test"}, "403"), ({"Origin": "http://localhost:3000"}, "101"),
    ):
        s, line = upgrade(port, **fields)
        s.close()
        assert expected in line, (fields, line)
    mask = b"\0\0\0\0"
    frames = {
        "reserved bit": (b"\xc1\x80" + mask, 1002), "no mask": (b"\x81\x01x", 1002), "unknown opcode": (b"\x83\x80" + mask, 1002),
        "fragmented ping": (b"\x09\x80" + mask, 1002), "no UTF-8": (b"\x81\x81" + mask + b"\xff", 1007),
        "oversized": (b"\x82\xff" + struct.pack(">Q", 1 << 40) + mask, 1009), "oversized by one": (b"\x82\xff" + struct.pack(">Q", 65537) + mask, 1009),
    }
    for name, (frame, code) in frames.items():
        s, _ = upgrade(port)
        s.sendall(frame)
        got = close_code(s)
        s.close()
        assert got == code, (name, got)


def main():
    programs, chromium = sys.argv[1:3]
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    with rig.Rig(programs, [ACCOUNT], RULES) as demo:
        demo.start_riskd()
        demo.wait_ready()
        check_raw(demo.feed_port)
        where = f":{site.server_port}/?feed={demo.feed_port}"
        ours, evil = browse(chromium, "http://127.0.0.1" + where, "127.0.0.1"), browse(chromium, f"http://{EVIL}" + where, EVIL)
        status = demo.status()
    print(json.dumps({"127.0.0.1": ours, EVIL: evil}, indent=1))
    assert [r[1] for r in ours[:2]] == ["heard", "heard"], ours  # Else the test itself is broken.
    assert ours[3][1] == 1009, ours
    assert all(heard == 0 and what in (1006, "threw") for _, what, heard in [ours[2], *evil[:4]]), evil
    assert evil[4][1] == "refused", evil
    assert status["mode"] == "NORMAL", status
    site.shutdown()
    print("feed: read by pages of this machine only")
    return 0


if __name__ == "__main__":
    sys.exit(main())
