#!/usr/bin/env python3
"""riskd killed with -9 in each state of an enforcement, and started again (enforce_kill_matrix, ID-01, ID-02, S-9).

usage: kill_states.py DIR-OF-PROGRAMS [--shim LIBKILL_WRITE] [POINT ...]

A day's loss is reached while two contracts are held and a stop and a target rest.  Wherever the first process dies: by risksim's books the
account ends flat with nothing resting, exactly one close was executed and no position ever turned; the lockout stands, the next entry is
closed too; the ledger's chain verifies.  Once a request may have left each point comes twice: with an exchange that fills at once, and
with one that is still filling the first process's close while the second one starts (ID-04).
"""
import argparse
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

ACCOUNT = 1001
MES = "CON.F.US.MES.U26"
RULES = ["daily_realized_loss: { enabled: true, limit: -100 }"]
MARKET, LIMIT, STOP = 2, 1, 4
SELL = 1
MAY_EXECUTE = (1, 6, 7, 8)
# In the order in which an enforcement passes them (src/app/guard.c).
POINTS = [
    "before-request",         # decided, nothing has left
    "after-cancel",           # between the cancels and the close
    "after-request",          # the first request is with the socket, no record is queued
    "after-close",            # all requests are with the socket, no record is queued
    "before-breach-record",   # requests on their way, the first record is due
    "after-lockout-record",   # the lockout is queued, not durable
    "after-sent-record",      # the intent is queued
    "after-sync",             # durable, not yet told
    "before-lockout-notice",  # the lockout is durable, nobody knows
    "before-flat",            # the stream says flat
    "before-answer",          # the first reply is here, not taken
    "before-close-answer",    # the close's reply is here, not taken
    "before-answer-record",   # taken, its record is due
    "after-answer",           # taken, not proven
    "before-snapshot",        # proving: the read has come
    "before-proof-record",    # proven, not recorded
    "after-proof",            # proven and told
]
LEFT_FROM = "after-close"
# Of a process that finds what another left, after the first one died here.
RESUMING = [
    ("after-close", "after-restore"),          # the store is read, the gateway not asked
    ("after-close", "before-first-snapshot"),  # the first truth is here, not taken
    ("before-request", "after-close"),         # enforced by the second, which dies of it
    ("before-close-answer", "before-proof-record"),
]
WRITES = ["before", "after"]  # A page with the breach goes to the database's log: the transaction is open.
SLOW_FILL_MS = 1500
PASSWORD = "correct horse"


def working(rig):
    return [o for o in rig.books(ACCOUNT)["orders"] if o["status"] in MAY_EXECUTE]


def lose(rig, slow):
    """Three bought with a bracket, the market falls 21 points, one is sold: -100 $ and fees, two are left."""
    rig.ask("price", contractId=MES, price=6000)
    rig.buy(ACCOUNT, MES, 3, stopLossBracket={"ticks": -400, "type": STOP}, takeProfitBracket={"ticks": 400, "type": LIMIT})
    rigs.wait_for(lambda: rig.books(ACCOUNT)["positions"] and len(working(rig)) >= 2, 60, "the entry and its bracket")
    rig.ask("price", contractId=MES, price=5979)
    order = rig.ask("order", accountId=ACCOUNT, contractId=MES, type=LIMIT, side=SELL, size=1, limitPrice=5980)["orderId"]
    if slow:
        rig.ask("settings", fillMs=SLOW_FILL_MS)
    rig.ask("fill", orderId=order, size=1, price=5980)


def is_flat(rig):
    account = next(a for a in rig.ask("flat")["accounts"] if a["id"] == ACCOUNT)
    return account["flat"] and account["mayExecute"] == 0


def net_of(trades):
    """Net position after each trade, by the books."""
    net, path = 0, []
    for trade in trades:
        net += trade["size"] if trade["side"] != SELL else -trade["size"]
        path.append(net)
    return path


def check_books(rig, closes, what):
    books = rig.books(ACCOUNT)
    assert books["executed"]["closes"] == closes and books["executed"]["partialCloses"] == 0, f"{what}: {books['executed']}"
    path = net_of(books["trades"])
    assert min(path) >= 0 and path[-1] == 0, f"{what}: the position went {path}"


def wait_flat(rig, what):
    rigs.wait_for(lambda: is_flat(rig) or not rig.riskd.alive(), 60, f"{what}: the account to be flat")
    assert rig.riskd.alive(), f"{what}: riskd ended"


def reenter(rig, closes, what):
    """The lockout stands: one more entry ends flat too, by one more close (R-ALL-7)."""
    assert rig.status()["accounts"][0]["locked"], f"{what}: no lockout"
    trades = len(rig.books(ACCOUNT)["trades"])
    rig.buy(ACCOUNT, MES, 1)
    rigs.wait_for(lambda: len(rig.books(ACCOUNT)["trades"]) >= trades + 2, 60, f"{what}: the next entry to be closed")
    wait_flat(rig, what)
    check_books(rig, closes + 1, what)


def verify(rig, what):
    assert rig.riskd.stop() == 0, f"{what}: riskd did not end well"
    answer = riskctl(rig, "audit", "verify")
    assert answer.returncode == 0, f"{what}: {answer.stdout}{answer.stderr}"


def riskctl(rig, *arguments):
    return subprocess.run([os.path.join(rig.programs, "riskctl"), *arguments, "--config", rig.directory],
                          capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)


def died(rig, what):
    assert rig.riskd.process.wait(60) == -9, f"{what}: not killed"


def ends_well(rig, what):
    """Started for the last time."""
    executed = rig.books(ACCOUNT)["executed"]["closes"]
    rig.start_riskd()
    rig.wait_ready()
    wait_flat(rig, what)
    rig.ask("settings", fillMs=8)
    check_books(rig, 1, what)
    reenter(rig, 1, what)
    verify(rig, what)
    print(f"{what}: {executed} closes executed before the last start, {1 - executed} after", flush=True)


def killed_at(programs, points, slow):
    what = " then ".join(points) + (", slow fills" if slow else "")
    with rigs.Rig(programs, [ACCOUNT], RULES, ["--walk", "off"]) as rig:
        rig.start_riskd(kill_at=points[0])
        rig.wait_ready()
        lose(rig, slow)
        died(rig, what)
        for point in points[1:]:
            rig.start_riskd(kill_at=point)
            died(rig, what)
        ends_well(rig, what)


def killed_writing(programs, shim, when):
    """Not riskd but its disk knows the moment: the write that carries the breach (kill_write.c)."""
    what = f"{when} the write of the breach"
    with rigs.Rig(programs, [ACCOUNT], RULES, ["--walk", "off"]) as rig:
        dying = {"LD_PRELOAD": os.path.abspath(shim), "KILL_WRITE_PATH": rig.path("state.db-wal"), "KILL_WRITE_BYTES": "limit: lost",
                 "KILL_WRITE_WHEN": when}
        os.environ.update(dying)
        rig.start_riskd()
        for name in dying:
            del os.environ[name]
        rig.wait_ready()
        lose(rig, True)
        died(rig, what)
        ends_well(rig, what)


def killed_unlocking(programs, point):
    """Before its record is written nothing is unlocked, and riskctl was not told so."""
    with rigs.Rig(programs, [ACCOUNT], RULES, ["--walk", "off"]) as rig:
        rig._write("password", PASSWORD + "\n")
        assert riskctl(rig, "password", "--new-password-file", rig.path("password")).returncode == 0
        rig.start_riskd(kill_at=point)
        rig.wait_ready()
        lose(rig, False)
        rigs.wait_for(lambda: rig.status()["time_to_flat_us"]["count"] > 0, 60, f"{point}: an enforcement")
        answer = riskctl(rig, "unlock", "--account", str(ACCOUNT), "--reason", "x", "--password-file", rig.path("password"))
        died(rig, point)
        assert answer.returncode != 0, f"{point}: riskctl was told that it is unlocked: {answer.stdout}"
        ends_well(rig, point)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs")
    parser.add_argument("--shim", help="the library built of kill_write.c")
    parser.add_argument("points", nargs="*", help="only these")
    options = parser.parse_args()
    for point in options.points or POINTS:
        killed_at(options.programs, [point], False)
        if point in POINTS[POINTS.index(LEFT_FROM):]:
            killed_at(options.programs, [point], True)
    if options.points:
        return
    for points in RESUMING:
        killed_at(options.programs, points, True)
    for when in WRITES if options.shim else []:
        killed_writing(options.programs, options.shim, when)
    killed_unlocking(options.programs, "before-unlock-record")


if __name__ == "__main__":
    main()
