#!/usr/bin/env python3
"""run_hub.py NODE HUB_CLIENT: hub_server.js with a throw-away CA, and our client against it.

Only processes started here are ended; everything is on loopback.
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "scripts"))
import rig  # noqa: E402


def run(node, client, directory):
    files = rig.make_certificates(directory)
    ready = os.path.join(directory, "ready")
    with subprocess.Popen([node, os.path.join(HERE, "hub_server.js"), files["cert"], files["key"], ready], stdin=subprocess.PIPE) as server:
        try:
            rig.wait_for(lambda: os.path.exists(ready), 60, "hub_server.js")
            port = open(ready, encoding="ascii").read().strip()
            result = subprocess.run([client, port, files["ca"]], stderr=subprocess.PIPE, text=True, timeout=200, check=False)
        finally:
            server.stdin.close()
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                server.kill()
    if result.returncode != 0:
        print(result.stderr[-4000:], file=sys.stderr)
    return result.returncode == 0


with tempfile.TemporaryDirectory() as scratch:
    sys.exit(0 if run(sys.argv[1], sys.argv[2], scratch) else 1)
