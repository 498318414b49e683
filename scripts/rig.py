"""riskd and risksim on loopback with TLS, for ./demo and tests/e2e: certificates, configuration, start, look, stop.

Everything lives in one directory, which goes with the rig.  Secrets are in files only.
"""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

USER = "trader"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(condition, seconds, what):
    """The first true value of condition(), asked every 20 ms."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def make_certificates(directory):
    """A CA of our own and a certificate for 127.0.0.1 and localhost: riskd verifies both (TS-02)."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    with open(os.path.join(directory, "san.cnf"), "w", encoding="utf-8") as f:
        f.write("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=risk demo CA", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *key, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    openssl(
        "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-days", "2", "-extfile", "san.cnf", "-out", "server.pem",
    )
    return {name: os.path.join(directory, file) for name, file in (("ca", "ca.pem"), ("key", "server.key"), ("cert", "server.pem"))}


class Program:
    """A child process whose output goes to a file."""

    def __init__(self, arguments, output, environment=None):
        self.output = output
        with open(output, "ab") as out:
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, **(environment or {})}, start_new_session=True,
            )

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        """kill -9, and wait."""
        if self.alive():
            self.process.send_signal(signal.SIGKILL)
        return self.process.wait(10)

    def stop(self, seconds=15):
        """SIGTERM, and wait; its exit status."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def tail(self, lines=15):
        with open(self.output, encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-lines:])
