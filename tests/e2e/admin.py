#!/usr/bin/env python3
"""riskctl's orders to a real riskd against risksim: status, reload, flatten, unlock; passwords, delays, strangers (S-3, S-17 to S-21).

usage: admin.py DIR-OF-PROGRAMS
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

ACCOUNT = 1001
ES = "CON.F.US.EP.U26"
PASSWORD = "correct horse"
DONE, FAILED, USAGE, NO_DAEMON, WRONG_PASSWORD, FORBIDDEN = range(6)


def riskctl(rig, *arguments, prefix=()):
    """Exit status and the object it printed."""
    answer = subprocess.run(
        [*prefix, os.path.join(rig.programs, "riskctl"), *arguments, "--config", rig.directory, "--json"],
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        printed = json.loads(answer.stdout)
    except json.JSONDecodeError:
        raise AssertionError(f"{arguments}: no JSON: {answer.stdout!r} {answer.stderr!r}") from None
    assert printed["exit"] == answer.returncode and printed["ok"] == (answer.returncode == 0), printed
    return answer.returncode, printed


def expect(rig, code, *arguments, **more):
    got, printed = riskctl(rig, *arguments, **more)
    assert got == code, f"{arguments}: exit {got}, not {code}: {printed}"
    return printed


def password_file(rig, name, password):
    rig._write(name, password + "\n")
    return ["--password-file", rig.path(name)]


def ledger(rig):
    answer = subprocess.run([os.path.join(rig.programs, "riskctl"), "audit", "export", "--json", "--config", rig.directory],
                            capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def wait_ledger(rig, *words):
    rigs.wait_for(lambda: any(all(word in row["reason"] for word in words) for row in ledger(rig)), 60, f"{words} in the ledger")


def check_no_daemon(rig):
    expect(rig, NO_DAEMON, "status")
    expect(rig, NO_DAEMON, "flatten", "--all", "--yes")
    expect(rig, USAGE, "unlock", "--reason", "x")
    expect(rig, USAGE, "password", "--new-password-file", password_file(rig, "short", "1234567")[1])
    expect(rig, USAGE, "password", "--new-password-file", password_file(rig, "long", "x" * 73)[1])
    expect(rig, DONE, "password", "--new-password-file", password_file(rig, "good", PASSWORD)[1])
    assert os.stat(rig.path("admin_password.hash")).st_mode & 0o777 == 0o600
    with open(rig.path("admin_password.hash"), encoding="ascii") as f:
        assert f.read().startswith("$2b$12$")
    # With riskd off, the password is checked and written down here.
    expect(rig, WRONG_PASSWORD, "password", "--new-password-file", rig.path("good"), *password_file(rig, "bad", "wrong horse"))
    wait_ledger(rig, "wrong password, riskd being off")
    expect(rig, DONE, "password", "--new-password-file", rig.path("good"), "--password-file", rig.path("good"))
    wait_ledger(rig, "password right, riskd being off")


def check_status(rig):
    page = expect(rig, DONE, "status")["status"]
    assert page["page"]["mode"] == "NORMAL" and page["process"]["pid"] == rig.riskd.process.pid, page
    assert page["process"]["memory_bytes"] > 1 << 20
    text = subprocess.run([os.path.join(rig.programs, "riskctl"), "status", "--config", rig.directory], capture_output=True, text=True, timeout=120)
    assert text.returncode == 0 and "NORMAL" in text.stdout and "user hub LIVE" in text.stdout, text.stdout


def check_reload(rig):
    good = ["--password-file", rig.path("good")]
    rules = open(rig.path("risk_config.yaml"), encoding="utf-8").read()
    expect(rig, WRONG_PASSWORD, "reload")
    before = rig.status()
    rig._write("risk_config.yaml", rules.replace("limit: 1", "limit: -1"))
    assert "limit" in expect(rig, USAGE, "reload", *good)["text"]
    rig._write("risk_config.yaml", rules.replace("limit: 1", "limit: 2"))
    expect(rig, DONE, "reload", *good)
    wait_ledger(rig, "reload by user")
    assert rig.status()["events"] >= before["events"]
    rig._write("risk_config.yaml", rules)
    expect(rig, DONE, "reload", *good)
    check_restart_told(rig, good)


def check_restart_told(rig, good):
    """What of daemon.yaml is read only at the start is named by a reload (BO-04), and no more once it is as it was."""
    daemon = open(rig.path("daemon.yaml"), encoding="utf-8").read()
    rig._write("daemon.yaml", daemon.replace("feed: { ", "feed: { max_clients: 7, ") + "rate: { general: 150/60 }\norder: { stuck_alarm_s: 20 }\n")
    told = expect(rig, DONE, "reload", *good)["text"]
    assert "after a restart only: rate, feed\n" in told, told
    rig._write("daemon.yaml", daemon)
    told = expect(rig, DONE, "reload", *good)["text"]
    assert "restart" not in told, told


def check_reload_loses_nothing(rig):
    """Trades go on while rules change: riskd's count is the exchange's, and the figure of how long the loop was held (S-3, CF-05)."""
    good = ["--password-file", rig.path("good")]
    stop = threading.Event()
    sent = []

    def trade():
        while not stop.is_set():
            rig.buy(ACCOUNT, ES, 1)
            rig.ask("order", accountId=ACCOUNT, contractId=ES, type=2, side=1, size=1)
            sent.append(2)

    trader = threading.Thread(target=trade)
    trader.start()
    for _ in range(4):
        expect(rig, DONE, "reload", *good)
    stop.set()
    trader.join()
    count = sum(sent)
    rigs.wait_for(lambda: rig.status()["accounts"][0]["trades"] == count, 60, f"{count} trades; {rig.status()['accounts'][0]['trades']} known")
    took = sorted(int(line["msg"].split(", ")[2].split()[0]) for line in rig.log() if line["msg"].startswith("reloaded,"))
    print(f"reload: {count} trades in {len(took)} reloads, none lost; the loop was held {took[-1]} us at most, {took[len(took) // 2]} us mostly")


def position(rig):
    return sum(abs(p["size"]) for p in rig.books(ACCOUNT)["positions"])


def working(rig):
    return [o for o in rig.books(ACCOUNT)["orders"] if o["status"] in (1, 6, 7, 8)]


def check_flatten(rig):
    rig.buy(ACCOUNT, ES, 1)
    rig.ask("order", accountId=ACCOUNT, contractId=ES, type=1, side=0, size=1, limitPrice=100.0)
    rigs.wait_for(lambda: rig.status()["accounts"][0]["positions"], 60, "the position")
    expect(rig, FAILED, "flatten", "--account", "9", "--yes")
    expect(rig, FAILED, "flatten", "--account", str(ACCOUNT))  # Nobody to confirm it.
    assert position(rig) == 1 and len(working(rig)) == 1
    expect(rig, DONE, "flatten", "--account", str(ACCOUNT), "--yes", "--reason", "lunch")
    rigs.wait_for(lambda: position(rig) == 0 and not working(rig), 60, "flat, no orders")
    wait_ledger(rig, "flatten by user", "lunch")


def locked(rig):
    return rig.status()["accounts"][0]["locked"]


def check_unlock(rig):
    unlock = ["unlock", "--account", str(ACCOUNT), "--reason", "talked it over"]
    good, bad = ["--password-file", rig.path("good")], ["--password-file", rig.path("bad")]
    assert "no such lockout" in expect(rig, FAILED, *unlock, *good)["text"]
    rig.buy(ACCOUNT, ES, 2)
    rigs.wait_for(lambda: locked(rig) and position(rig) == 0, 60, "the lockout")
    expect(rig, WRONG_PASSWORD, *unlock)
    expect(rig, WRONG_PASSWORD, *unlock, *bad)
    assert locked(rig)
    wait_ledger(rig, "wrong password (1 in a row)")
    expect(rig, DONE, *unlock, *good)
    assert not locked(rig)
    wait_ledger(rig, "unlock by user", "password right: talked it over")


def begin_wait_anew(rig, began):
    """What riskd, now off, has left counts from this moment: on a slow machine its 30 s are soon over."""
    wrong, last = open(rig.path("state.db.attempts"), encoding="ascii").read().split()
    assert wrong == "3" and began < int(last) < time.time_ns(), (wrong, last)
    rig._write("state.db.attempts", f"{wrong} {time.time_ns()}\n")


def check_delay(rig):
    """The third wrong password in a row makes everybody wait, the right one included, and a restart too."""
    unlock = ["unlock", "--account", str(ACCOUNT), "--reason", "x"]
    good, bad = ["--password-file", rig.path("good")], ["--password-file", rig.path("bad")]
    began = time.time_ns()
    for _ in range(3):
        answer = expect(rig, WRONG_PASSWORD, *unlock, *bad)
    assert "counts in 30 s" in answer["text"] or "counts in 29 s" in answer["text"], answer
    assert "too early" in expect(rig, WRONG_PASSWORD, *unlock, *good)["text"]
    wait_ledger(rig, "wrong password (3 in a row)")
    wait_ledger(rig, "too early")
    rig.riskd.kill()
    begin_wait_anew(rig, began)
    rig.start_riskd()
    rig.wait_ready()
    assert "too early" in expect(rig, WRONG_PASSWORD, *unlock, *good)["text"]
    assert rig.riskd.stop() == 0
    begin_wait_anew(rig, began)
    assert "too early" in expect(rig, WRONG_PASSWORD, "password", "--new-password-file", rig.path("good"), *good)["text"]
    # A minute passes.
    attempts = rig.path("state.db.attempts")
    wrong, last = open(attempts, encoding="ascii").read().split()
    assert wrong == "3"
    rig._write("state.db.attempts", f"{wrong} {int(last) - 31 * 10**9}\n")
    rig.start_riskd()
    rig.wait_ready()
    answer = expect(rig, WRONG_PASSWORD, *unlock, *bad)
    assert "counts in 60 s" in answer["text"] or "counts in 59 s" in answer["text"], answer
    wrong, last = open(attempts, encoding="ascii").read().split()
    assert rig.riskd.stop() == 0
    rig._write("state.db.attempts", f"{wrong} {int(last) - 61 * 10**9}\n")
    rig.start_riskd()
    rig.wait_ready()
    expect(rig, FAILED, *unlock, *good)  # The password counts again: there is just nothing to unlock.
    assert open(attempts, encoding="ascii").read().split()[0] == "0"
    rows = [row["reason"] for row in ledger(rig) if row["detail"] == "admin"]
    assert sum("wrong password (" in row for row in rows) == 5, [r for r in rows if "wrong password (" in r]
    assert sum("too early" in row for row in rows) == 3, [r for r in rows if "too early" in r]


def knock(rig):
    """What riskd says to a stranger who wants something."""
    os.seteuid(65534)
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(rig.path("state.db.control"))
            try:
                s.sendall(b'{"v":1,"command":"flatten"}\n')
            except BrokenPipeError:
                pass  # Refused before he could say what he wanted.
            return s.recv(4096)
    finally:
        os.seteuid(0)


def check_stranger(rig):
    """Another user: by the file's rights, by the socket's, and when both are opened, by who he is."""
    if os.geteuid() != 0:
        print("not root: strangers not tried")
        return
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    programs, rig.programs = rig.programs, tempfile.mkdtemp(prefix="risk-admin-", dir="/usr/local/lib")
    os.chmod(rig.programs, 0o755)
    try:
        subprocess.run(["install", "-m", "755", os.path.join(programs, "riskctl"), rig.programs], check=True)
        for command in (["status"], ["reload"], ["flatten", "--all", "--yes"], ["unlock", "--account", "1", "--reason", "x"], ["password"]):
            expect(rig, FORBIDDEN, *command, prefix=nobody)
    finally:
        subprocess.run(["rm", "-rf", rig.programs], check=True)
        rig.programs = programs
    os.chmod(rig.directory, 0o755)
    try:
        knock(rig)
        raise AssertionError("a stranger could open the socket")
    except PermissionError:
        pass
    os.chmod(rig.path("state.db.control"), 0o777)
    assert json.loads(knock(rig))["code"] == "forbidden"
    wait_ledger(rig, "user 65534", "may not give orders")
    os.chmod(rig.directory, 0o700)


def check_ports_taken(rig):
    """Anybody may listen on riskd's ports first: it protects all the same, says so, and takes them when they are free."""
    assert rig.riskd.stop() == 0
    with socket.socket() as feed, socket.socket() as page:
        for taken, port in ((feed, rig.feed_port), (page, rig.status_port)):
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
        before = len(rig.log())
        rig.start_riskd()
        rigs.wait_for(lambda: riskctl(rig, "status")[0] == DONE, 60, "protection without its ports")
        rigs.wait_for(lambda: any("protecting without feed and status page" in line["msg"] for line in rig.log()[before:]), 60, "riskd to say so")
    rig.wait_ready()
    rigs.wait_for(lambda: any(line["msg"].startswith("feed: ws://") for line in rig.log()[before:]), 60, "the feed")


def check_password_file(rig):
    """Root without the password deletes or replaces its hash: it goes on counting, and it is told; riskctl password changes it without an alarm."""
    good, path = ["--password-file", rig.path("good")], rig.path("admin_password.hash")
    expect(rig, DONE, "password", "--new-password-file", rig.path("good"), *good)
    expect(rig, FAILED, "unlock", "--account", str(ACCOUNT), "--reason", "x", *good)
    assert not any("the password's file" in row["reason"] for row in ledger(rig))
    hash_of = open(path, encoding="ascii").read()
    os.unlink(path)
    expect(rig, WRONG_PASSWORD, "reload")
    expect(rig, WRONG_PASSWORD, "password", "--new-password-file", rig.path("bad"))
    expect(rig, WRONG_PASSWORD, "account", "pause", str(ACCOUNT))
    wait_ledger(rig, "the password's file is gone or damaged, not by riskctl")
    rig._write("admin_password.hash", hash_of)
    assert rig.riskd.stop() == 0
    os.unlink(path)
    rig.start_riskd()
    rig.wait_ready()
    wait_ledger(rig, "there was a password, and its file is gone")
    rig._write("admin_password.hash", hash_of)


def check_secrets(rig):
    """No password and no key in anything that was written."""
    for folder in (rig.path("logs"), rig.directory):
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if os.path.isfile(path) and name not in ("good", "bad", "api.key", "short", "long"):
                with open(path, "rb") as f:
                    content = f.read()
                assert PASSWORD.encode() not in content and rig.api_key.encode() not in content, path


def main():
    rules = ["max_contracts: { enabled: true, limit: 1, lockout_on_breach: true }"]
    with rigs.Rig(sys.argv[1], [ACCOUNT], rules) as rig:
        check_no_daemon(rig)
        rig.start_riskd()
        rig.wait_ready()
        started = time.monotonic()
        for check in (check_status, check_reload, check_reload_loses_nothing, check_flatten, check_unlock, check_delay, check_stranger, check_ports_taken, check_password_file, check_secrets):
            check(rig)
            print(f"{check.__name__[6:]}: ok, {time.monotonic() - started:.1f} s")
        assert rig.riskd.stop() == 0


if __name__ == "__main__":
    main()
