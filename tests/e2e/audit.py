#!/usr/bin/env python3
"""The audit ledger of real processes: what it tells of a day, and that nobody can take a row out of it (S-11, R-ALL-14).

usage: audit.py DIR-OF-PROGRAMS
"""
import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

ACCOUNT = 1001
ES = "CON.F.US.EP.U26"


def riskctl(rig, *arguments):
    return subprocess.run([os.path.join(rig.programs, "riskctl"), "audit", *arguments], capture_output=True, text=True, timeout=120)


def export(rig):
    answer = riskctl(rig, "export", "--json", "--config", rig.directory)
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def a_day(rig):
    """Start, a breach, a kill with a position open, a gap, a reload, a stop."""
    rig.start_riskd()
    rig.wait_ready()
    rig.buy(ACCOUNT, ES, 3)
    rigs.wait_for(lambda: any(r["kind"] == "goal_proven" for r in export(rig)), 60, "the proof to be recorded")
    rig.buy(ACCOUNT, ES, 1)
    database = rig.path("state.db")
    rigs.wait_for(lambda: rows(database, "SELECT COUNT(*) FROM positions") == [(1,)], 60, "the position to be stored")
    rig.riskd.kill()
    with sqlite3.connect(database) as db:
        db.execute("UPDATE store_state SET saved_ns = saved_ns - 3600000000000")
    db.close()
    rig.start_riskd()
    rig.wait_ready()
    rig.riskd.process.send_signal(1)
    rigs.wait_for(lambda: any(r["detail"] == "reload" for r in export(rig)), 60, "the reload to be recorded")
    assert rig.riskd.stop() == 0


def rows(database, sql):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        found = db.execute(sql).fetchall()
    db.close()
    return found


def check_story(rig):
    ledger = export(rig)
    kinds = [(r["kind"], r["detail"]) for r in ledger]
    for wanted in (("service", "start"), ("service", "stop"), ("service", "gap"), ("service", "reload"), ("alarm", "critical")):
        assert wanted in kinds, f"no {wanted} in {kinds}"
    assert any(r["kind"] == "mode" and r["result"] == "NORMAL" for r in ledger), "no mode"
    assert any(r["kind"] == "service" and r["detail"] == "gap" and r["account_id"] == ACCOUNT and "1 " + ES in r["reason"] for r in ledger)
    breach = next(r for r in ledger if r["kind"] == "breach")
    incident = [r for r in ledger if r["incident"] == breach["incident"]]
    assert {"breach", "sent", "answered", "goal_proven"} <= {r["kind"] for r in incident}, incident
    # SV-06, EN-04: nothing is proven within 2 ms here, for a read comes after it.
    assert any(r["kind"] == "alarm" and r["detail"] == "critical" and "RULE-001: " + ES + " was proven after" in r["reason"] for r in ledger), "no slow one"
    assert all(len(r["config_hash"]) == 16 for r in ledger), "rows without the configuration's hash"
    # LG-06: one correlation from the breach to the request's answer in the log.
    lines = [line for line in rig.log("enforcement.log") if line.get("correlation") == breach["incident"]]
    assert {"breach", "enforce"} <= {line["action"] for line in lines}, lines
    return ledger


def check_csv(rig, ledger):
    answer = riskctl(rig, "export", "--csv", "--config", rig.directory)
    table = list(csv.DictReader(io.StringIO(answer.stdout, newline="")))
    assert [row["hash"] for row in table] == [r["hash"] for r in ledger]
    assert [row["reason"] for row in table] == [r["reason"] for r in ledger]
    shown = riskctl(rig, "show", "--count", "3", "--config", rig.directory).stdout.splitlines()
    assert len(shown) == 3 and shown[-1].split()[0] == str(ledger[-1]["id"]), shown


TAMPERINGS = {
    "a row deleted": "DELETE FROM enforcement_log WHERE id = 3",
    "a row changed": "UPDATE enforcement_log SET reason = 'nothing' WHERE kind = 'breach'",
    "two rows exchanged": "UPDATE enforcement_log SET id = -1 WHERE id = 4; UPDATE enforcement_log SET id = 4 WHERE id = 5; "
                          "UPDATE enforcement_log SET id = 5 WHERE id = -1",
    "the tail cut off": "DELETE FROM enforcement_log WHERE id > 5",
    "the tail cut off and the anchor mended": "DELETE FROM enforcement_log WHERE id > 5; UPDATE store_state SET log_id = 5, "
                                              "log_hash = (SELECT hash FROM enforcement_log WHERE id = 5)",
}


def check_tampering(rig):
    """Only the heads in enforcement.log give the last one away."""
    good = riskctl(rig, "verify", "--config", rig.directory)
    assert good.returncode == 0 and "intact" in good.stdout and "heads agree" in good.stdout, good.stdout + good.stderr
    for name, sql in TAMPERINGS.items():
        forged = rig.path("forged.db")
        shutil.copy(rig.path("state.db"), forged)
        with sqlite3.connect(forged) as db:
            db.executescript(sql)
        db.close()
        answer = riskctl(rig, "verify", "--db", forged, "--log", rig.path("logs"))
        assert answer.returncode == 1, f"{name}: not seen\n{answer.stdout}{answer.stderr}"
        print(f"{name}: {answer.stdout.splitlines()[-1]}")
    write_other_chain(rig)
    mended = riskctl(rig, "verify", "--db", forged)
    assert mended.returncode == 0, "the chain alone cannot know"
    head = next(line.split()[-1] for line in good.stdout.splitlines() if line.startswith("head:"))
    assert riskctl(rig, "verify", "--db", forged, "--head", head).returncode == 1


def write_other_chain(rig):
    """A ledger begun anew by the program itself, longer than what the log tells of: whole, but another."""
    other = rig.path("other.db")
    with open(rig.path("daemon.yaml"), encoding="utf-8") as f:
        text = f.read()
    rig._write("daemon.yaml", text.replace(rig.path("state.db"), other).replace(rig.path("logs"), rig.path("other-logs")))
    while not os.path.exists(other) or rows(other, "SELECT log_id FROM store_state")[0][0] < 40:
        rig.start_riskd()
        rig.wait_ready()
        for _ in range(6):
            rig.riskd.process.send_signal(1)
        assert rig.riskd.stop() == 0
    rig._write("daemon.yaml", text)
    assert riskctl(rig, "verify", "--db", other).returncode == 0
    answer = riskctl(rig, "verify", "--db", other, "--log", rig.path("logs"))
    assert answer.returncode == 1 and "tells another hash" in answer.stdout, answer.stdout


def check_faces(rig):
    """The lines on stderr: with the journal's levels under systemd, in words for people; the files are JSON always (S-25)."""
    for environment, arguments, pattern in (
            ({"JOURNAL_STREAM": "8:1"}, [], r"<[3-7]>\{.*\}"),
            ({}, ["--log-format", "text"], r"\d\d:\d\d:\d\d\.\d\d\d (DEBUG |      |WARN  |ERROR )\w+ .*"),
            ({}, ["--log-format", "json"], r"\{.*\}")):
        lines = len(rig.log())
        output = rig.path(f"face{len(arguments)}{len(environment)}")
        rig.riskd = rigs.Program([os.path.join(rig.programs, "riskd"), "--config", rig.directory, *arguments], output,
                                 environment)
        rig.wait_ready()
        assert rig.riskd.stop() == 0
        with open(output, encoding="utf-8") as f:
            shown = f.read().splitlines()
        assert len(shown) > 10 and all(re.fullmatch(pattern, line) for line in shown), [line for line in shown if not re.fullmatch(pattern, line)][:3]
        assert len(rig.log()) >= lines + len(shown)
        os.remove(output)


def main():
    with rigs.Rig(sys.argv[1], [ACCOUNT], ["max_contracts: { enabled: true, limit: 1 }"],
                  daemon="enforce: { warn_ms: 1, crit_ms: 2 }\n") as rig:
        a_day(rig)
        check_csv(rig, check_story(rig))
        check_tampering(rig)
        os.environ.pop("JOURNAL_STREAM", None)
        check_faces(rig)


if __name__ == "__main__":
    main()
