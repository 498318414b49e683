#!/usr/bin/env python3
"""Two users with a key each in one riskd: nobody sees or touches the other's accounts, one's trouble is not the other's, keys change by a reload.

usage: users.py DIR-OF-PROGRAMS     (issue 4: several users and accounts in one daemon; AK-05, S-4, RC-03)
"""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

FIRST, SECOND, THIRD = 1001, 1002, 1003  # Of user 0, of user 1, of user 0 again.
ES, NQ = "CON.F.US.EP.U26", "CON.F.US.ENQ.U26"


def requests(rig):
    return rig.ask("requests")["requests"]


def wait_flat(rig, account, closes):
    def done():
        books = rig.books(account)
        return not books["positions"] and books["executed"]["closes"] == closes
    rigs.wait_for(done, 60, f"account {account} to be flat after {closes} closes")


def check_both_are_protected(rig):
    users = rig.status()["connections"]["users"]
    assert len(users) == 2 and all(u["mode"] == "NORMAL" and u["user_hub"]["state"] == "LIVE" for u in users), users
    for account in (FIRST, SECOND, THIRD):
        rig.buy(account, ES, 3)
    for account in (FIRST, SECOND, THIRD):
        wait_flat(rig, account, 1)
    refused = [r for r in requests(rig) if r["errorCode"] not in (0, -1)]
    assert not refused, f"somebody asked for another's account: {refused}"


def check_one_key_changes(rig, changes):
    """A bad key: the old one stays, and so does the other user's hub.  The file is put right: nothing to do."""
    connects = [u["user_hub"]["connects"] for u in rig.status()["connections"]["users"]]
    right = open(rig.key_file(1), encoding="ascii").read().strip()
    logins = sum(r["path"].endswith("loginKey") for r in requests(rig))
    rig.new_key(1, "not-the-key")
    rig.riskd.process.send_signal(signal.SIGHUP)
    rigs.wait_for(lambda: any("the old ones stay" in line["msg"] for line in rig.log()), 60, "the alarm about the bad key")
    assert sum(r["path"].endswith("loginKey") for r in requests(rig)) == logins + 1
    rig.buy(SECOND, NQ, 3)
    wait_flat(rig, SECOND, 2)  # Protected meanwhile.
    rig.new_key(1, right)
    rig.riskd.process.send_signal(signal.SIGHUP)
    rigs.wait_for(lambda: sum("reloaded" in line["msg"] for line in rig.log()) == changes + 2, 60, "the second reload")
    assert [u["user_hub"]["connects"] for u in rig.status()["connections"]["users"]] == connects
    assert sum(r["path"].endswith("loginKey") for r in requests(rig)) == logins + 1


def check_second_riskd_is_refused(rig):
    """CC-06: another database, one account in common: both would close one position."""
    other = rig.path("other")
    os.mkdir(other, 0o700)
    for name in ("daemon.yaml", "accounts.yaml", "risk_config.yaml"):
        with open(rig.path(name), encoding="utf-8") as f:
            text = f.read().replace(rig.path("state.db"), os.path.join(other, "state.db")).replace(rig.path("logs"), os.path.join(other, "logs"))
        with open(os.path.join(other, name), "w", encoding="utf-8") as f:
            f.write("\n".join(line for line in text.splitlines() if f"account_id: {FIRST}," not in line) + "\n")
        os.chmod(os.path.join(other, name), 0o600)
    done = subprocess.run([os.path.join(rig.programs, "riskd"), "--config", other], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "TMPDIR": rig.directory})
    said = done.stdout + done.stderr
    assert done.returncode == 1 and f"account {SECOND} is guarded by another riskd already" in said, (done.returncode, said)
    assert f"process {rig.riskd.process.pid}" in said, said


def check_key_is_taken_without_restart(rig):
    """The key of user 1 is changed at the gateway (a risksim with new keys takes the old one's place) and in the file."""
    pid = rig.riskd.process.pid
    rig.new_key(1)
    rig.restart_sim()
    rigs.wait_for(lambda: any("log-in refused" in line["msg"] for line in rig.log()), 60, "the old key to be refused")
    modes = lambda: [u["mode"] for u in rig.status()["connections"]["users"]]
    rigs.wait_for(lambda: modes()[0] == "NORMAL", 60, "user 0 to be protected")
    assert modes()[1] != "NORMAL" and not rig.ready()
    rig.buy(FIRST, ES, 3)
    wait_flat(rig, FIRST, 1)  # One user's trouble is not the other's.
    rig.riskd.process.send_signal(signal.SIGHUP)
    rig.wait_ready()
    assert rig.riskd.process.pid == pid and rig.riskd.alive()
    rigs.wait_for(lambda: any("logged in with new credentials" in line["msg"] for line in rig.log()), 60, "the new key in the log")
    rig.buy(SECOND, ES, 3)
    wait_flat(rig, SECOND, 1)


def main():
    rules = ["max_contracts: { enabled: true, limit: 2 }"]
    with rigs.Rig(sys.argv[1], [FIRST, SECOND, THIRD], rules, users=2, own_keys=True) as rig:
        rig.start_riskd()
        rig.wait_ready()
        check_both_are_protected(rig)
        check_second_riskd_is_refused(rig)
        check_one_key_changes(rig, 0)
        check_key_is_taken_without_restart(rig)
        assert rig.riskd.stop() == 0


main()
