#!/usr/bin/env python3
"""riskd.exe enforces, risktop.exe shows it, and neither riskd.exe nor riskctl.exe believes a gateway that is not who it says (TS-02; issue 10).

usage: gateway.py LINUX_BUILD WINDOWS_BUILD

risksim on this machine, programs under wine.  The authority is always a file: wine's Schannel itself accepts anybody, and what Windows' own roots
do only Windows can show.
"""
import os
import sys

from wine_rig import WineRig, rig, wine

ACCOUNT = 7
RULES = ["max_contracts: { enabled: true, limit: 2 }"]
ES = "CON.F.US.EP.U26"


class WrongAuthority(WineRig):
    """The file holds an authority that has signed nothing here."""

    def _write_configuration(self, rules, daemon):
        other = os.path.join(self.directory, "other")
        os.mkdir(other)
        self.tls["ca"] = rig.make_certificates(other)["ca"]
        super()._write_configuration(rules, daemon)


class WrongName(WineRig):
    """The authority is right; the certificate is another machine's."""

    certified = "gateway.example"


def refused(kind, what, words):
    with kind(sys.argv[1], sys.argv[2], [ACCOUNT], RULES) as r:
        r.context.load_verify_locations(os.path.join(r.directory, "ca.pem"))
        code, out, err = r.riskctl("test")
        if code == 0 or not any(word in out + err for word in words):
            sys.exit(f"{what}: riskctl test: {code}\n{out}{err}")
        r.start_riskd()
        failure = rig.wait_for(lambda: log_in_failure(r), 60, "riskd's failure to log in")
        if not any(word in failure for word in words):
            sys.exit(f"{what}: riskd: {failure}")
        if r.ready():
            sys.exit(f"{what}: riskd protects by a gateway it should not believe")
        print(f"gateway: {what}: riskctl and riskd refuse: {failure.split('log-in: ')[-1]}")


def log_in_failure(r):
    if not os.path.exists(os.path.join(r.path("logs"), "daemon.log")):
        return None
    return next((line["msg"] for line in r.log() if line["msg"].startswith("gateway: log-in")), None)


def accepted():
    """The same rig with nothing wrong works: what is refused above is refused for its reason.  A breach is flat soon."""
    with WineRig(sys.argv[1], sys.argv[2], [ACCOUNT], RULES) as r:
        code, out, err = r.riskctl("test")
        if code != 0:
            sys.exit(f"riskctl test: {code}\n{out}{err}")
        r.start_riskd()
        r.wait_ready(60)
        r.buy(ACCOUNT, ES, 3)
        rig.wait_for(lambda: r.books(ACCOUNT)["executed"]["closes"] == 1 and r.books(ACCOUNT)["flat"], 60, "the breach to be flat")
        code, out, err = r.riskctl("status")
        if code != 0 or "NORMAL" not in out or "breaches 1" not in out:
            sys.exit(f"riskctl status: {code}\n{out}{err}")
        picture = lambda: wine(r.exe("risktop"), "--once", "--port", str(r.feed_port))
        code, out, err = rig.wait_for(lambda: (lambda shown: shown if shown[0] == 0 else None)(picture()), 60, "risktop to hear riskd")
        if code != 0 or "SIM-7" not in out or "\u2500" not in out or "\r" in out:
            sys.exit(f"risktop --once: {code}\n{out}{err}")
        print("gateway: the right authority and name: logged in, a breach closed, riskctl status NORMAL, risktop shows it")


if __name__ == "__main__":
    accepted()
    refused(WrongAuthority, "wrong authority", ("CERT_TRUST_IS_UNTRUSTED_ROOT", "CERT_TRUST_IS_PARTIAL_CHAIN"))
    refused(WrongName, "wrong host name", ("failed to match connection hostname",))
