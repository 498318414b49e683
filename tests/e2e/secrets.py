#!/usr/bin/env python3
"""No secret of a run shows anywhere it could be read: logs, database, feed, status, metrics, process arguments, core (S-22, LG-03, JW-05, TS-01).

usage: secrets.py DIR-OF-PROGRAMS

The key, the tokens risksim gave out, and the passwords are searched for byte by byte in all files of the run, in what every port says, and
in what the kernel shows of the processes.  A core is asked for by SIGABRT and must either not come or hold none of them.
"""
import base64
import glob
import hashlib
import os
import re
import resource
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

ACCOUNT = 1001
ES = "CON.F.US.EP.U26"
MAY_HOLD = {"api.key", "daemon.yaml", "accounts.yaml", "password", "wrong"}  # The user's own files, 0600.
PASSWORD = "smtp-pass-0815"
ADMIN, WRONG = "admin-pass-4711", "admin-pass-wrong"


class Feed:
    """A client of the feed that keeps every byte."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.socket.settimeout(0.2)
        self.bytes = b""

    def read(self):
        try:
            while True:
                data = self.socket.recv(65536)
                if not data:
                    return
                self.bytes += data
        except OSError:
            pass


def seen_by_kernel(process):
    """What other users may read of a process, and its open files' names."""
    found = b""
    with open(f"/proc/{process.pid}/cmdline", "rb") as f:
        found += f.read()
    for link in glob.glob(f"/proc/{process.pid}/fd/*"):
        try:
            found += os.readlink(link).encode()
        except OSError:
            pass
    return found


def all_files(rig):
    for folder, _, names in os.walk(rig.directory):
        for name in names:
            path = os.path.join(folder, name)
            if name in MAY_HOLD or not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                yield name, f.read()


def search(places, secrets):
    jwt = re.compile(rb"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}")
    for name, data in places:
        for what, secret in secrets.items():
            assert secret.encode() not in data, f"{what} in {name}"
        found = jwt.search(data)
        assert not found, f"a token in {name}: {found.group(0)[:12]}"


def riskctl(rig, *arguments):
    return subprocess.run([os.path.join(rig.programs, "riskctl"), *arguments, "--config", rig.directory],
                          capture_output=True, timeout=120, stdin=subprocess.DEVNULL, check=False).returncode


def use_passwords(rig):
    """A wrong one and the right one, for a lockout that is not there."""
    for name in ("wrong", "password"):
        assert riskctl(rig, "unlock", "--account", str(ACCOUNT), "--reason", "x", "--password-file", rig.path(name)) != 0


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    with rigs.Rig(sys.argv[1], [ACCOUNT], ["max_contracts: { enabled: true, limit: 1, lockout_on_breach: true }"]) as rig:
        with open(rig.path("daemon.yaml"), "a", encoding="utf-8") as f:
            f.write("alert: { webhooks: [ { url: \"https://127.0.0.1:1/services/hook-secret-99\", format: slack } ], "
                    f"email: {{ server: \"smtps://127.0.0.1:1\", username: u, password: {PASSWORD}, from: a@b.c, to: d@e.f }} }}\n")
        rig._write("password", ADMIN + "\n")
        rig._write("wrong", WRONG + "\n")
        assert riskctl(rig, "password", "--new-password-file", rig.path("password")) == 0
        os.chdir(rig.directory)  # A core, if any, comes here.
        rig.start_riskd()
        rig.wait_ready()
        feed = Feed(rig.feed_port)
        use_passwords(rig)
        rig.buy(ACCOUNT, ES, 3)
        rigs.wait_for(lambda: rig.status()["time_to_flat_us"]["count"] > 0, 60, "an enforcement")
        rigs.wait_for(lambda: feed.read() or b"lockout_set" in feed.bytes, 60, "the feed to tell")
        rigs.wait_for(lambda: any("not delivered" in line["msg"] for line in rig.log()), 60, "an alert to fail")
        secrets = {"the key": rig.api_key, "the mail password": PASSWORD, "the webhook": "hook-secret-99",
                   "the admin's password": ADMIN, "a wrong password": WRONG,
                   "the key's hash": hashlib.sha256(rig.api_key.encode()).hexdigest()}
        here = f"http://127.0.0.1:{rig.status_port}"
        places = [("feed", feed.bytes), ("/proc", seen_by_kernel(rig.riskd.process))]
        places += [(path, rig.get(here + path).encode()) for path in ("/status", "/metrics", "/healthz")]
        search(places, secrets)
        rig.riskd.process.send_signal(signal.SIGABRT)
        rig.riskd.process.wait(60)
        os.chdir("/")
        files = list(all_files(rig))
        assert {"daemon.log", "enforcement.log", "state.db", "riskd.out"} <= {name for name, _ in files}
        search(files, secrets)
        print(f"{len(files)} files, {len(feed.bytes)} bytes of feed, core: {'yes' if any('core' in name for name, _ in files) else 'none'}")


if __name__ == "__main__":
    main()
