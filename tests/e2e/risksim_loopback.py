#!/usr/bin/env python3
"""risksim listens on the loopback address it was given and on no other: its control paths ask for no password.

usage: risksim_loopback.py DIR-OF-PROGRAMS
"""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs


def answers(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as s:
        s.settimeout(5)
        try:
            s.connect((address, port))
        except OSError:
            return False
        return True


def main():
    for options, heard in (((), "127.0.0.1"), (("--bind", "127.0.0.2"), "127.0.0.2")):
        with rigs.Rig(sys.argv[1], [1001], [], options) as rig:
            listening = [address for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3", "::1") if answers(address, rig.sim_port)]
            assert listening == [heard], f"{options}: {listening}"
    print("loopback: ok")


if __name__ == "__main__":
    main()
