#!/usr/bin/env python3
"""riskd when its disk is full, locked, read-only, damaged, or from a newer program: it enforces, tells, and loses nothing (S-12, MG-09, SC-01, SC-03).

usage: faults.py DIR-OF-PROGRAMS

The database lies on a small tmpfs of its own, so it needs root; without it the test is skipped (exit status 77).
"""
import os
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

ACCOUNT, OTHER = 1001, 1002
ES = "CON.F.US.EP.U26"
RULES = ["max_contracts: { enabled: true, limit: 1 }"]


class Disk:
    """A small tmpfs with the database on it."""

    def __init__(self, rig):
        self.path = rig.path("disk")
        self.rig = rig
        os.mkdir(self.path)
        self.mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", self.path], capture_output=True).returncode == 0
        self.database = os.path.join(self.path, "state.db")
        with open(rig.path("daemon.yaml"), encoding="utf-8") as f:
            text = f.read()
        rig._write("daemon.yaml", text.replace(rig.path("state.db"), self.database) + "control: { socket: \"" + rig.path("control.sock") + "\" }\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.rig.riskd is not None:
            self.rig.riskd.kill()
        if self.mounted:
            subprocess.run(["umount", "-l", self.path], check=False)

    def fill(self):
        with open(os.path.join(self.path, "filler"), "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * 4096)
            except OSError:
                pass

    def empty(self):
        os.remove(os.path.join(self.path, "filler"))

    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=True)


def messages(rig, component="engine"):
    return [line["msg"] for line in rig.log() if line["component"] == component]


def metric(rig, name):
    page = rig.get(f"http://127.0.0.1:{rig.status_port}/metrics")
    return float(next(line.split()[-1] for line in page.splitlines() if line.startswith(name + " ")))


def breach(rig):
    """One more breach of RULE-001, enforced."""
    before = rig.status()["time_to_flat_us"]["count"]
    rig.buy(ACCOUNT, ES, 3)
    rigs.wait_for(lambda: rig.status()["time_to_flat_us"]["count"] > before, 60, "the breach to be enforced")
    assert rig.books(ACCOUNT)["positions"] == []


def verified(rig, database):
    answer = subprocess.run([os.path.join(rig.programs, "riskctl"), "audit", "verify", "--db", database], capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def rows(database, sql):
    with sqlite3.connect(database) as db:
        found = db.execute(sql).fetchall()
    db.close()
    return found


def written(disk):
    return rows(disk.database, "SELECT COUNT(*) FROM enforcement_log WHERE kind = 'breach'")[0][0]


def trouble(rig, disk, words, begin, end):
    """Begin a fault, break a rule under it, end it: enforced, alarmed, and in the ledger afterwards."""
    alarms = len([m for m in messages(rig) if "cannot be written" in m])
    wells = len(messages(rig, "store"))
    breaches = rig.status()["breaches"]
    rigs.wait_for(lambda: written(disk) == breaches, 60, "the breaches before to be written")
    begin()
    breach(rig)
    rigs.wait_for(lambda: len([m for m in messages(rig) if "cannot be written" in m]) > alarms, 60, "the alarm")
    text = [m for m in messages(rig) if "cannot be written" in m][-1]
    assert words in text, text
    print(text)
    assert metric(rig, "riskd_store_failing") == 1 and rig.ready()
    end()
    rigs.wait_for(lambda: len(messages(rig, "store")) > wells, 60, "the database to be written again")
    rigs.wait_for(lambda: written(disk) == breaches + 1, 60, "the breach in the ledger")
    verified(rig, disk.database)


def while_running(rig, disk):
    rig.start_riskd()
    rig.wait_ready()
    rigs.wait_for(lambda: any("MB are left" in m for m in messages(rig)), 60, "a warning that the disk is small (SV-06)")
    breach(rig)
    trouble(rig, disk, "full", disk.fill, disk.empty)
    other = sqlite3.connect(disk.database, isolation_level=None, check_same_thread=False)
    trouble(rig, disk, "locked", lambda: other.execute("BEGIN IMMEDIATE"), lambda: other.execute("ROLLBACK"))
    other.close()


def read_only(rig, disk):
    """Start on a disk that cannot be written: what the file knows still counts, and it is told."""
    with sqlite3.connect(disk.database) as db:
        db.execute("INSERT OR REPLACE INTO lockouts VALUES (?, 1, '', 0, 3, 1, 9223372036854775807, 0, 1, 'planted', '', NULL)", (OTHER,))
    db.close()
    for name, leave in (("killed before", lambda: rig.riskd.kill()), ("stopped before", lambda: rig.riskd.stop())):
        leave()
        disk.remount("ro")
        rig.start_riskd()
        rig.wait_ready()
        assert next(a for a in rig.status()["accounts"] if a["account_id"] == OTHER)["locked"], f"{name}: the lockout escaped"
        assert any("from memory" in m for m in messages(rig)), name
        print([m for m in messages(rig) if "from memory" in m][-1])
        breach(rig)
        rig.riskd.stop()
        disk.remount("rw")
        rig.start_riskd()
        rig.wait_ready()
    verified(rig, disk.database)


def damaged(rig, disk):
    """Pages overwritten under a running daemon, then a start on what is left."""
    with open(disk.database, "r+b") as f:
        f.seek(4096)
        f.write(os.urandom(os.path.getsize(disk.database) - 4096))
    breach(rig)
    rig.riskd.kill()
    for ending in ("-wal", "-shm"):
        if os.path.exists(disk.database + ending):
            os.remove(disk.database + ending)
    rig.start_riskd()
    rig.wait_ready()
    assert any("damaged" in m for m in messages(rig)), "no alarm"
    told = [m for m in messages(rig, "store") if "a new one was begun" in m]
    assert told, messages(rig, "store")
    print(told[-1])
    assert [n for n in os.listdir(disk.path) if ".corrupt-" in n]
    breach(rig)
    verified(rig, disk.database)


def newer(rig, disk):
    assert rig.riskd.stop() == 0
    rows(disk.database, "PRAGMA user_version = 99")
    copy = shutil.copy(disk.database, rig.path("copy.db"))
    rig.start_riskd()
    code = rig.riskd.process.wait(60)
    assert code == 2, code
    told = [line["msg"] for line in rig.log() if "version 99" in line["msg"]]
    assert told and "newer program" in told[-1], told
    print(told[-1])
    with open(disk.database, "rb") as a, open(copy, "rb") as b:
        assert a.read() == b.read(), "the newer database was touched"


def main():
    if os.geteuid() != 0:
        sys.exit(77)
    with rigs.Rig(sys.argv[1], [ACCOUNT, OTHER], RULES) as rig, Disk(rig) as disk:
        if not disk.mounted:
            sys.exit(77)
        while_running(rig, disk)
        read_only(rig, disk)
        damaged(rig, disk)
        newer(rig, disk)


if __name__ == "__main__":
    main()
