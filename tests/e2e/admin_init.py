#!/usr/bin/env python3
"""First run: riskctl init against risksim, from nothing to a daemon that protects; riskctl test with right and wrong keys (S-17, S-18, S-24).

usage: admin_init.py DIR-OF-PROGRAMS
"""
import json
import os
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ACCOUNT = 1001


def riskctl(rig, home, *arguments):
    answer = subprocess.run([os.path.join(rig.programs, "riskctl"), *arguments, "--config", home, "--json"],
                            capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, start_new_session=True)
    printed = json.loads(answer.stdout)
    assert printed["exit"] == answer.returncode, answer
    return answer.returncode, printed


def check_init(rig, home):
    rig._write("good", "correct horse\n")
    init = ["init", "--templates", os.path.join(TOP, "config"), "--gateway", f"https://127.0.0.1:{rig.sim_port}",
            "--ca-file", rig.tls["ca"], "--no-test", "--username", rigs.USER, "--api-key-file", rig.path("api.key")]
    complete = [*init, "--account", str(ACCOUNT), "--daily-loss", "250", "--new-password-file", rig.path("good")]
    assert riskctl(rig, home, *init)[0] == 2  # No account, nobody to ask.
    assert not os.path.exists(home), "something was written before all was known"
    code, printed = riskctl(rig, home, *complete)
    assert code == 0, printed
    assert riskctl(rig, home, *complete)[0] == 2, "written over"
    for name in ("daemon.yaml", "accounts.yaml", "risk_config.yaml", "holidays.yaml", "api_key", "admin_password.hash"):
        assert os.stat(os.path.join(home, name)).st_mode & 0o777 == 0o600, name
    assert os.stat(home).st_mode & 0o777 == 0o700
    printed = subprocess.run([os.path.join(rig.programs, "riskd"), "--config", home, "--print-config"], capture_output=True, text=True, timeout=120)
    assert printed.returncode == 0 and "daily_realized_loss.limit: 250" in printed.stdout, printed


def set_line(path, old, new):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    assert old in text
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new))


def check_test(rig, home):
    code, printed = riskctl(rig, home, "test")
    what = [check["what"] for check in printed["checks"]]
    assert code == 0 and what == ["gateway", "login", "user hub", "market hub", "account", "clock", "database"], printed
    key = os.path.join(home, "api_key")
    with open(key, encoding="utf-8") as f:
        right = f.read()
    with open(key, "w", encoding="utf-8") as f:
        f.write("0" * 32 + "\n")
    code, printed = riskctl(rig, home, "test", "--wait", "4")
    assert code == 1 and not next(c for c in printed["checks"] if c["what"] == "login")["ok"], printed
    assert right.strip() not in json.dumps(printed)
    with open(key, "w", encoding="utf-8") as f:
        f.write(right)
    accounts = os.path.join(home, "accounts.yaml")
    set_line(accounts, "account_id: 1001", "account_id: 4711")
    code, printed = riskctl(rig, home, "test", "--wait", "4")
    assert code == 1 and [c["ok"] for c in printed["checks"] if c["what"] == "account"] == [False], printed
    set_line(accounts, "account_id: 4711", "account_id: 1001")


def check_protects(rig, home):
    daemon = os.path.join(home, "daemon.yaml")
    set_line(daemon, "port: 8765", f"port: {rig.feed_port}")
    set_line(daemon, "port: 8766", f"port: {rig.status_port}")
    set_line(daemon, 'reset_time: "17:00"', f'reset_time: "{rig.reset_time}"')
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(rig.path("notify"))
    heard = []

    def listen():
        """All the time: the kernel keeps ten for who does not, and riskd waits for nobody."""
        while True:
            heard.append(manager.recv(4096).decode())

    threading.Thread(target=listen, daemon=True).start()
    rig.riskd = rigs.Program([os.path.join(rig.programs, "riskd"), "--config", home], rig.path("riskd.out"), {"NOTIFY_SOCKET": rig.path("notify")})
    rig.wait_ready()
    assert riskctl(rig, home, "status")[0] == 0
    # While riskd runs, nothing logs in beside it.
    logins = sum("loginKey" in line["msg"] for line in log(home))
    code, printed = riskctl(rig, home, "test")
    assert code == 0 and printed["status"]["page"]["mode"] == "NORMAL", printed
    assert sum("loginKey" in line["msg"] for line in log(home)) == logins
    check_stakes(rig, home)
    check_manager(rig, heard)


def check_manager(rig, heard):
    """What the service manager hears (S-1, S-20): alive all the time, ready once protected, stopping when asked to."""
    rigs.wait_for(lambda: "READY=1" in heard, 60, "READY=1")
    before = heard[:heard.index("READY=1")]
    states = [word for word in before if word.startswith("STATUS=")]  # On a slow machine it is STARTING first.
    assert "WATCHDOG=1" in before and before[0] == states[0] and states[-1].startswith("STATUS=NORMAL"), heard
    assert rig.riskd.stop() == 0
    rigs.wait_for(lambda: "STOPPING=1" in heard, 60, "STOPPING=1")
    assert heard.count("READY=1") == 1, heard


def check_accounts(rig, home):
    good = ["--password-file", rig.path("good")]
    key = os.path.join(home, "api_key")
    accounts = os.path.join(home, "accounts.yaml")
    with open(accounts, encoding="utf-8") as f:
        before = f.read()
    assert riskctl(rig, home, "account", "add", "1002", "--username", rigs.USER, "--api-key-file", key)[0] == 4  # Who says so?
    assert riskctl(rig, home, "account", "add", "1002", "--username", rigs.USER, "--api-key-file", "/nowhere", *good)[0] == 2
    with open(accounts, encoding="utf-8") as f:
        assert f.read() == before, "changed all the same"
    assert riskctl(rig, home, "account", "add", "1002", "--username", rigs.USER, "--api-key-file", key, "--nickname", "two", *good)[0] == 0
    assert riskctl(rig, home, "account", "pause", "1002", *good)[0] == 0
    shown = riskctl(rig, home, "account", "show")[1]["accounts"]
    assert [(a["account_id"], a["enabled"], a["nickname"]) for a in shown] == [(ACCOUNT, True, ""), (1002, False, "two")], shown
    assert riskctl(rig, home, "account", "edit", "1002", "--nickname", "second", *good)[0] == 0
    assert riskctl(rig, home, "account", "remove", "1002", *good)[0] == 0
    with open(accounts, encoding="utf-8") as f:
        assert f.read() == before, "not as it was"
    keys = riskctl(rig, home, "rules", "show", "daily_realized_loss")[1]["keys"]
    assert any(k["key"] == "rules.daily_realized_loss.limit" and k["value"] == "250" for k in keys), keys
    code, printed = riskctl(rig, home, "backup")
    assert code == 0 and os.path.exists(printed["text"]), printed


def check_stakes(rig, home):
    """While it has a position or a lockout, an account is not let out of sight; blocked symbols alone are no reason."""
    blocked = rig.status()["accounts"][0]["lockouts"]
    assert [(lock["root"], lock["end"]) for lock in blocked] == [("BTC", "cleared"), ("RTY", "cleared")], blocked
    shown = subprocess.run([os.path.join(rig.programs, "riskctl"), "status", "--config", home], capture_output=True, text=True, timeout=120).stdout
    assert "  RTY LOCKED by RULE-011 while its cause lasts\n" in shown, shown
    for verb in ("pause", "resume"):
        assert riskctl(rig, home, "account", verb, str(ACCOUNT), "--password-file", rig.path("good"))[0] == 0
    rig.buy(ACCOUNT, "CON.F.US.EP.U26", 1)
    rigs.wait_for(lambda: rig.status()["accounts"][0]["positions"], 60, "the position")
    for verb in ("pause", "remove"):
        code, printed = riskctl(rig, home, "account", verb, str(ACCOUNT), "--password-file", rig.path("good"))
        assert code == 1 and "stays watched" in printed["text"], printed


def log(home):
    with open(os.path.join(home, "logs", "daemon.log"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def main():
    with rigs.Rig(sys.argv[1], [ACCOUNT], ["max_contracts: { enabled: true, limit: 1 }"]) as rig:
        home = rig.path("home")
        for check in (check_init, check_test, check_accounts, check_protects):
            check(rig, home)
            print(f"{check.__name__[6:]}: ok")


if __name__ == "__main__":
    main()
