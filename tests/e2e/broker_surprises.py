#!/usr/bin/env python3
"""What the broker does between our request and its answer: a lost reply, a dead connection, a stop that fires (R-ALL-5, RT-02, ID-04).

usage: broker_surprises.py DIR-OF-PROGRAMS

riskd against risksim, which cuts and delays on purpose; the witness is risksim's books: what was executed, and how often.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig  # noqa: E402

ACCOUNT = 1001
MNQ = "CON.F.US.MNQ.U26"
RULES = ["max_contracts: { enabled: true, limit: 5 }"]
BUY, SELL = 0, 1
MARKET, STOP = 2, 4
CLOSE, CANCEL = "/api/Position/closeContract", "/api/Order/cancel"


def order(desk, kind, side, size, **more):
    desk.ask("order", accountId=ACCOUNT, contractId=MNQ, type=kind, side=side, size=size, **more)


def traded(desk, side):
    return sum(t["size"] for t in desk.books(ACCOUNT)["trades"] if t["side"] == side)


def wait_proven(desk):
    rig.wait_for(lambda: desk.ask("flat")["flat"], 60, "the books to be flat")

    def proven():
        account = desk.status()["accounts"][0]
        return account["proven_flat"] and not account["enforcing"]
    rig.wait_for(proven, 60, "riskd to have proof")


def working(desk):
    return [o for o in desk.books(ACCOUNT)["orders"] if o["status"] in (1, 6, 7, 8)]


def has_happened(desk, fault):
    return any(request.get("fault") == fault for request in desk.ask("requests")["requests"])


def closes_executed(desk):
    return desk.books(ACCOUNT)["executed"]["closes"]


def lost_reply(desk):
    """The close is executed, its reply never comes: it is not sent again."""
    desk.ask("fault", kind="cut_after_execute", path=CLOSE)
    order(desk, MARKET, BUY, 6)
    wait_proven(desk)
    assert has_happened(desk, "cut_after_execute")
    assert (closes_executed(desk), traded(desk, SELL)) == (1, 6), desk.books(ACCOUNT)


def dead_connection(desk):
    """The kept connection dies with the request on it: libcurl would repeat it silently, ours must not be executed twice."""
    desk.ask("fault", kind="cut_reused", path=CLOSE)
    order(desk, MARKET, BUY, 6)
    wait_proven(desk)
    assert has_happened(desk, "cut_reused")
    assert (closes_executed(desk), traded(desk, SELL)) == (1, 6), desk.books(ACCOUNT)


def orphan(desk):
    """A close leaves stops working here: the trader's stop goes too, also one that comes while the close is under way."""
    order(desk, STOP, SELL, 1, stopPrice=19000.0)
    desk.ask("fault", kind="hold", path=CLOSE, ms=3000)  # What comes later is not under way any more, and this machine may be slow.
    order(desk, MARKET, BUY, 6)
    rig.wait_for(lambda: traded(desk, BUY) == 6, 60, "the entry")
    order(desk, STOP, SELL, 2, stopPrice=18900.0)
    wait_proven(desk)
    assert working(desk) == [], working(desk)
    assert (closes_executed(desk), traded(desk, SELL)) == (1, 6), desk.books(ACCOUNT)


def stop_fires(desk):
    """The stop fires after the close and before its cancel: what it opened is closed again."""
    order(desk, STOP, SELL, 6, stopPrice=19900.0)
    desk.ask("fault", kind="hold", path=CANCEL, ms=4000)
    order(desk, MARKET, BUY, 6)
    rig.wait_for(lambda: traded(desk, SELL) == 6, 60, "the close")
    desk.ask("price", contractId=MNQ, price=19890.0)
    rig.wait_for(lambda: traded(desk, SELL) == 12, 60, "the stop to fire")
    wait_proven(desk)
    assert (traded(desk, BUY), traded(desk, SELL)) == (12, 12), desk.books(ACCOUNT)


def main():
    cases = [lost_reply, dead_connection, orphan, stop_fires]
    for case in cases:
        with rig.Rig(sys.argv[1], [ACCOUNT], RULES, ["--walk", "off", "--trader", "none"]) as desk:
            desk.ask("price", contractId=MNQ, price=20000.0)
            desk.start_riskd()
            desk.wait_ready()
            case(desk)
            assert desk.riskd.stop() == 0
        print(f"{case.__name__}: {case.__doc__}", flush=True)
    print(f"{len(cases)} passed, 0 failed")


if __name__ == "__main__":
    main()
