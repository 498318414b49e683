#!/usr/bin/env python3
"""A looser rule waits, whatever is tried: a reload, kill -9 and a restart with the looser file; a tighter one holds at once (issue 8).

usage: loosen.py DIR-OF-PROGRAMS
"""
import os
import signal
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

ACCOUNT = 1001
ES = "CON.F.US.EP.U26"


def write_rules(rig, limit, loosen="", rules=True):
    text = (f"global: {{ loosen: {loosen} }}\n" if loosen else "") + "rules:\n"
    text += f"  max_contracts: {{ enabled: {'true' if rules else 'false'}, limit: {limit} }}\n"
    with open(rig.path("risk_config.yaml"), "w", encoding="utf-8") as file:
        file.write(text)


def size(rig):
    return sum(p["size"] for p in rig.books(ACCOUNT)["positions"])


def said(rig, words):
    return sum(words in line["msg"] for line in rig.log())


def reload(rig, words=None):
    """SIGHUP; then wait until riskd has said so, and @words if any."""
    before, told = said(rig, "reloaded, "), said(rig, words) if words else 0
    rig.riskd.process.send_signal(signal.SIGHUP)
    rigs.wait_for(lambda: said(rig, "reloaded, ") > before, 20, "the reload")
    if words:
        rigs.wait_for(lambda: said(rig, words) > told, 20, words)


def breach(rig, limit):
    """Buy one more than @limit: it is closed."""
    proven = said(rig, "close proven")
    rig.buy(ACCOUNT, ES, limit + 1)
    rigs.wait_for(lambda: said(rig, "close proven") > proven and size(rig) == 0, 20, f"{limit + 1} contracts to be closed")


def breached_limits(rig):
    rig.riskd.stop()
    with sqlite3.connect(rig.path("state.db")) as database:
        return [row[0] for row in database.execute("SELECT limit_value FROM enforcement_log WHERE kind = 'breach' ORDER BY id")]


def restart(rig):
    rig.riskd.kill()
    rig.start_riskd()
    rig.wait_ready()


def check_waits(programs):
    with rigs.Rig(programs, [ACCOUNT], ["max_contracts: { enabled: true, limit: 2 }"]) as rig:
        rig.start_riskd()
        rig.wait_ready()
        breach(rig, 2)
        write_rules(rig, 5, "immediate")  # The word that would let it through waits too.
        reload(rig, "max_contracts.limit")
        breach(rig, 2)
        restart(rig)  # kill -9, and the looser file is read at the start.
        breach(rig, 2)
        rig.riskd.kill()
        write_rules(rig, 9, rules=False)  # Edited while nobody watched.
        rig.start_riskd()
        rig.wait_ready()
        breach(rig, 2)
        write_rules(rig, 1)  # Tighter: at once, and nothing waits any more.
        reload(rig, "that waited are cancelled")
        breach(rig, 1)
        limits = breached_limits(rig)  # A kill right after a close may have taken a row with it.
        assert set(limits[:-1]) == {2} and limits[-1] == 1, limits
        with sqlite3.connect(rig.path("state.db")) as database:
            rows = " ".join(str(row) for row in database.execute("SELECT * FROM enforcement_log"))
        for words in ("loosened, waits until", "max_contracts.limit", "max_contracts is off", "global.loosen", "are cancelled"):
            assert words in rows, (words, rows)


def check_time_comes(programs):
    with rigs.Rig(programs, [ACCOUNT], []) as rig:
        write_rules(rig, 2, "delay:3s")
        rig.start_riskd()
        rig.wait_ready()
        write_rules(rig, 4, "delay:3s")
        reload(rig, "loosened, waits until")
        rigs.wait_for(lambda: said(rig, "that waited are in force"), 20, "the end of the delay")
        breach(rig, 4)
        assert breached_limits(rig) == [4], breached_limits(rig)


def check_immediate(programs):
    with rigs.Rig(programs, [ACCOUNT], []) as rig:
        write_rules(rig, 2, "immediate")
        rig.start_riskd()
        rig.wait_ready()
        write_rules(rig, 4, "immediate")
        reload(rig, "loosened: account")
        breach(rig, 4)
        assert breached_limits(rig) == [4], breached_limits(rig)


def main():
    check_waits(sys.argv[1])
    check_time_comes(sys.argv[1])
    check_immediate(sys.argv[1])
    print("loosen: ok")


if __name__ == "__main__":
    main()
