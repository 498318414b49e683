#!/usr/bin/env python3
"""run.py RISKSIM NODE: the simulated gateway with a throw-away CA, and client.js against it.

Only processes started here are ended; everything is on loopback.
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "scripts"))
import rig  # noqa: E402

ACCOUNT = 1001
TIMEOUT_S = 250


def run(risksim, node, directory):
    files = rig.make_certificates(directory)
    key = os.path.join(directory, "api-key")
    ready = os.path.join(directory, "ready")
    with open(os.open(key, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as f:
        f.write("a-key-for-tests\n")
    server = rig.Program(
        [risksim, "--port", "0", "--cert", files["cert"], "--key", files["key"], "--user", rig.USER, "--api-key-file", key,
         "--account", f"{ACCOUNT}:PRAC-1", "--trader", "none", "--walk", "off", "--ready-file", ready],
        os.path.join(directory, "risksim.log"),
    )
    try:
        rig.wait_for(lambda: os.path.exists(ready) and open(ready, encoding="ascii").read().strip(), 60, "risksim")
        port = open(ready, encoding="ascii").read().strip()
        client = subprocess.run(
            [node, os.path.join(HERE, "client.js"), f"https://localhost:{port}", rig.USER, key, str(ACCOUNT)],
            env={**os.environ, "NODE_EXTRA_CA_CERTS": files["ca"]}, timeout=TIMEOUT_S, check=False,
        )
        status = server.stop()
    finally:
        server.kill()
    if client.returncode != 0 or status != 0:
        print(server.tail(), file=sys.stderr)
    print(f"risksim {status}, client {client.returncode}", flush=True)
    return client.returncode == 0 and status == 0


with tempfile.TemporaryDirectory() as scratch:
    sys.exit(0 if run(sys.argv[1], sys.argv[2], scratch) else 1)
