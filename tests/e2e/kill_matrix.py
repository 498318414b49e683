#!/usr/bin/env python3
"""kill -9 of riskd at each state of an enforcement: after a restart the account is flat, nothing was closed twice, the lockout stands (S-1, S-9).

usage: kill_matrix.py DIR-OF-PROGRAMS [POINT...]

A trader breaks RULE-003 with a position, a stop and an entry order left.  riskd kills itself at a point named in src/app/guard.c
(RISKD_TEST_KILL_AT); a second one, started like any other, has to bring it to its end.  risksim's books are the witness.
"""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig  # noqa: E402

ACCOUNT = 1001
MNQ, ES = "CON.F.US.MNQ.U26", "CON.F.US.EP.U26"
RULES = ["daily_realized_loss: { enabled: true, limit: -500 }"]
POINTS = [
    "before-request", "after-request", "before-breach-record", "after-lockout-record", "after-sent-record", "before-lockout-notice",
    "before-answer", "after-answer", "after-sync", "before-flat", "before-snapshot", "before-proof-record", "after-proof",
]
BUY, SELL = 0, 1
LIMIT, MARKET, STOP = 1, 2, 4


def order(desk, contract, kind, side, size, **more):
    desk.ask("order", accountId=ACCOUNT, contractId=contract, type=kind, side=side, size=size, **more)


def break_the_rule(desk):
    """Four bought at 20,000, three sold at 19,900: -$600 and one left, with its stop and an order in another contract."""
    desk.ask("price", contractId=MNQ, price=20000.0)
    desk.ask("price", contractId=ES, price=6000.0)
    order(desk, MNQ, MARKET, BUY, 4)
    order(desk, MNQ, STOP, SELL, 1, stopPrice=19000.0)
    order(desk, ES, LIMIT, BUY, 1, limitPrice=5000.0)
    rig.wait_for(lambda: held(desk) == 4, 60, "the position")
    desk.ask("price", contractId=MNQ, price=19900.0)
    order(desk, MNQ, MARKET, SELL, 3)


def held(desk):
    return sum(p["size"] for p in desk.books(ACCOUNT)["positions"])


def flat(desk):
    return next(a["flat"] for a in desk.ask("flat")["accounts"] if a["id"] == ACCOUNT)


def account_of(desk):
    return next(a for a in desk.status()["accounts"] if a["account_id"] == ACCOUNT)


def fills_of_closes(desk):
    """What was sold beyond the trader's own three: exactly the one that was left, or a close was carried out twice."""
    fills = [t for t in desk.books(ACCOUNT)["trades"] if t["contractId"] == MNQ]
    return sum(t["size"] for t in fills if t["side"] == SELL) - 3


def check(programs, point):
    with rig.Rig(programs, [ACCOUNT], RULES, ["--walk", "off", "--trader", "none"]) as desk:
        desk.start_riskd(kill_at=point)
        desk.wait_ready()
        break_the_rule(desk)
        rig.wait_for(lambda: not desk.riskd.alive(), 60, f"riskd to reach {point}")
        assert desk.riskd.process.wait() == -signal.SIGKILL, f"{point}: ended with {desk.riskd.process.returncode}"

        desk.start_riskd()
        desk.wait_ready()
        rig.wait_for(lambda: flat(desk), 60, f"{point}: the account to be flat")
        rig.wait_for(lambda: account_of(desk)["proven_flat"] and not account_of(desk)["enforcing"], 60, f"{point}: the proof")
        assert fills_of_closes(desk) == 1, f"{point}: {fills_of_closes(desk)} sold for the one that was held"
        assert account_of(desk)["locked"], f"{point}: the lockout is gone"

        order(desk, MNQ, MARKET, BUY, 2)
        rig.wait_for(lambda: fills_of_closes(desk) == 3 and flat(desk), 60, f"{point}: an entry under the lockout to be closed")
        assert desk.riskd.stop() == 0, f"{point}: riskd did not end well"
        audit = subprocess.run([os.path.join(programs, "riskctl"), "audit", "verify", "--config", desk.directory], capture_output=True, text=True)
        assert audit.returncode == 0, f"{point}: {audit.stdout}{audit.stderr}"


def main():
    programs, points = sys.argv[1], sys.argv[2:] or POINTS
    for point in points:
        check(programs, point)
        print(f"{point}: flat, closed once, still locked, ledger whole", flush=True)
    print(f"{len(points)} passed, 0 failed")


if __name__ == "__main__":
    main()
