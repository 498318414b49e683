#!/usr/bin/env python3
"""riskd while its disk does not answer for seconds: decisions and enforcement are what they were; nothing is claimed that is not written
(S-7, S-9, R-ALL-9).

usage: stall.py DIR-OF-PROGRAMS LIBSTALL_DISK [seconds]

What is asserted holds on any machine: every breach under the stall is flat long before the disk comes back.  The ratio of the decision
latencies is printed, for the record.
"""
import json
import os
import sqlite3
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

ACCOUNT = 1001
ES = "CON.F.US.EP.U26"
COUNT = 7  # Each costs some five requests of the 90 a process may send in its first minute (RL-08).


def breaches(rig, pause):
    """Some breaches (each costs requests of the rate window); their decision latencies in us."""
    before = rig.status()["breaches"]
    for _ in range(COUNT):
        time.sleep(pause)
        flat = rig.status()["time_to_flat_us"]["count"]
        rig.buy(ACCOUNT, ES, 3)
        rigs.wait_for(lambda: rig.status()["time_to_flat_us"]["count"] > flat, 60, "a breach to be enforced")
    status = rig.status()
    assert status["breaches"] == before + COUNT
    return [e["decision_us"] for e in status["enforcements"][-COUNT:]]


def rows(database):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        found = db.execute("SELECT COUNT(*) FROM enforcement_log WHERE kind = 'breach'").fetchone()[0]
    db.close()
    return found


def metric(rig, name):
    page = rig.get(f"http://127.0.0.1:{rig.status_port}/metrics")
    return float(next(line.split()[-1] for line in page.splitlines() if line.startswith(name + " ")))


def main():
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 2
    with rigs.Rig(sys.argv[1], [ACCOUNT], ["max_contracts: { enabled: true, limit: 1 }"]) as rig:
        flag, database = rig.path("stalled"), rig.path("state.db")
        os.environ.update(LD_PRELOAD=os.path.abspath(sys.argv[2]), STALL_WHILE=flag, STALL_PATH=database)
        rig.start_riskd()
        del os.environ["LD_PRELOAD"]
        rig.wait_ready()
        usual = breaches(rig, 0)
        rigs.wait_for(lambda: rows(database) == COUNT, 60, "the usual ones to be written")
        with open(flag, "w", encoding="utf-8"):
            pass
        stalled = breaches(rig, seconds / COUNT)
        assert rows(database) == COUNT, "the disk was not stalled"
        assert metric(rig, 'riskd_queue_depth{queue="store"}') > 0 and rig.ready()
        os.remove(flag)
        rigs.wait_for(lambda: rows(database) == 2 * COUNT, 60, "all to be written")
        result = {"usual_us": statistics.median(usual), "stalled_us": statistics.median(stalled), "usual_max_us": max(usual),
                  "stalled_max_us": max(stalled), "breaches": [len(usual), len(stalled)],
                  "ratio_of_medians": round(statistics.median(stalled) / statistics.median(usual), 2)}
        print(json.dumps(result))
        assert rig.riskd.stop() == 0


if __name__ == "__main__":
    main()
