"""The rig of scripts/rig.py with riskd.exe and riskctl.exe under wine: risksim, certificates and configuration are Linux's.

WINEPREFIX must be set, and ready (tests/windows/wine makes it so).  Paths of Linux work as they are: wine starts programs on drive Z:, which is "/".
"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "scripts"))
import rig  # noqa: E402


def wine(*arguments, seconds=60):
    """Run to the end: (exit status, standard output, standard error)."""
    done = subprocess.run([os.path.join(HERE, "wine"), *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class WineRig(rig.Rig):
    """@programs has risksim, @windows the .exe files."""

    host = "localhost"  # Schannel with a CA file (curl 7.88) finds no IP address in a certificate, only names.

    def __init__(self, programs, windows, accounts, rules, **more):
        self.windows = windows
        super().__init__(programs, accounts, rules, **more)

    def exe(self, name):
        return os.path.join(self.windows, name + ".exe")

    def start_riskd(self, kill_at=None):
        environment = {"WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=", **({"RISKD_TEST_KILL_AT": kill_at} if kill_at else {})}
        # Without the shell of tests/windows/wine: the process that is killed is riskd.exe.
        self.riskd = rig.Program(["wine", self.exe("riskd"), "--config", self.directory], self.path("riskd.out"), environment)
        return self.riskd

    def riskctl(self, *arguments):
        return wine(self.exe("riskctl"), *arguments, "--config", self.directory)

    def said(self):
        """What riskd wrote to standard error, now that it has ended."""
        return self.riskd.tail(200)
