#!/usr/bin/env python3
"""run.py SERVER CLIENT [SERVER CLIENT ...]: start each server, read its port, run its client with it; both must end well.

A command is one argument, split at blanks.  Only processes started here are ended.
"""
import shlex
import subprocess
import sys

TIMEOUT_S = 120


def pair(server_command, client_command):
    server = subprocess.Popen(shlex.split(server_command), stdout=subprocess.PIPE, text=True)
    try:
        port = server.stdout.readline().strip()
        client = subprocess.run(shlex.split(client_command) + [port], timeout=TIMEOUT_S)
        status = server.wait(timeout=TIMEOUT_S)
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
    print(f"server {status}, client {client.returncode}: {server_command} <- {client_command}", flush=True)
    return status == 0 and client.returncode == 0


commands = sys.argv[1:]
results = [pair(commands[i], commands[i + 1]) for i in range(0, len(commands), 2)]
sys.exit(0 if results and all(results) else 1)
