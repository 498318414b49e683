#!/usr/bin/env python3
"""Bugs planted one at a time, each to be found by `riskctl simulate` (issue 5, done when 2; docs/simulation.md has a table it printed).

usage: planted.py SOURCE [--first SEED] [--seeds COUNT] [--faults WHAT] [--only WORDS] [--places]

Copies SOURCE's tree, and for each bug changes one place of the copy, builds riskctl there, and runs seeds from SEED (600) on until one fails, at
most COUNT (200).  Prints one line of a table for each.  Exits 1 if one is not found, or if its place is not in the code any more.
--places only looks whether all of them could be planted (ctest's sim/planted_places).
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# What is planted, where, what stands there, what stands there instead.
PLANTED = [
    ("the sweep is dropped: a flatten leaves the contract's orders", "src/core/enforce.c",
     "if (target != NULL && target->state != TARGET_DONE && target->flatten)", "if (target != NULL && target->flatten && false)"),
    ("a close is sent again while the last one is unresolved", "src/core/enforce.c",
     "if (target->command != 0 || target->unresolved || ", "if (target->command != 0 || "),
    ("reconciliation forgets trades", "src/core/engine.c",
     "for (uint32_t i = 0; i < snapshot->trades_count; i++)\n        missed", "for (uint32_t i = 0; i < snapshot->trades_count && snapshot->parts == 0; i++)\n        missed"),
    ("a lockout until the reset ends an hour early", "src/core/lockout.c",
     "return account->day.ends_at;", "return instant_sub(account->day.ends_at, SPAN_SECONDS(3600));"),
    ("a restart forgets lockouts", "src/core/engine.c", "i < restore->lockouts_count; i++", "i < restore->lockouts_count && restore->next_command_id == 0; i++"),
    ("suspended orders are taken for dead ones", "src/core/event.c",
     "return status != ORDER_FILLED &&", "return status != ORDER_SUSPENDED && status != ORDER_FILLED &&"),
    ("fees of opening fills are left out", "src/core/ledger.c",
     "trade->costs_micros = money_add(", "trade->costs_micros = !row->has_pnl ? 0 : money_add("),
    ("subscriptions are not renewed on a new connection", "src/gateway/hubset.c", "s->acked = false;", "s->acked = s->acked || false;"),
    ("audits read positions, but not orders", "src/gateway/sync.c",
     "fetch_start(gateway, a->id, STATE_PARTS,", "fetch_start(gateway, a->id, STATE_PARTS & (a->wave ? ~0u : ~(unsigned)PART_ORDERS),"),
    ("a refused close is not tried again", "src/core/prove.c",
     "target->retry_at = enforce_back_off(engine, target->attempts, answer->hold);", "target->retry_at = INSTANT_NEVER;"),
    ("a lockout is not applied to positions opened later", "src/core/enforce.c",
     "if (lock != NULL && abs(p->size) > ceiling && ", "if (lock != NULL && abs(p->size) > ceiling && instant_before(p->created_at, lock->since) && "),
    ("a looser configuration holds at once", "src/app/pending.c",
     "int64_t wait = count == 0 ? 0 :", "int64_t wait = count >= 0 ? 0 :"),
]


def has_place(source, bug):
    name, path, old, _ = bug
    count = (source / path).read_text().count(old)
    if count != 1:
        print(f"| {name} | NOT PLANTED: its place is {count} times in {path} | |", flush=True)
    return count == 1


def copy_tree(source, copy):
    for name in ("src", "packaging", "docs", "config"):
        shutil.copytree(source / name, copy / name)
    shutil.copy(source / "CMakeLists.txt", copy)


def build(copy, out):
    launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    if not (out / "build.ninja").exists():
        subprocess.run(["cmake", "-S", copy, "-B", out, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DWITH_TESTS=OFF", *launcher],
                       check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", out, "riskctl"], check=True, stdout=sys.stderr)


def seeds_to_find(riskctl, arguments):
    done = subprocess.run([riskctl, "simulate", "--quiet", "--seed", str(arguments.first), "--seeds", str(arguments.seeds),
                           "--faults", arguments.faults],
                          capture_output=True, text=True, errors="replace")
    found = re.search(r"^seed (\d+) FAILED: (.*)$", done.stdout, re.M)
    return (int(found.group(1)), found.group(2)) if found else None


def try_one(copy, out, arguments, bug):
    name, path, old, new = bug
    place = copy / path
    text = place.read_text()
    place.write_text(text.replace(old, new))
    try:
        build(copy, out)
        found = seeds_to_find(out / "riskctl", arguments)
    finally:
        place.write_text(text)
    print(f"| {name} | {found[0] - arguments.first + 1} | {found[1]} |" if found else f"| {name} | NOT FOUND in {arguments.seeds} | |", flush=True)
    return found is not None


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--first", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--faults", default="storm")
    parser.add_argument("--only", default="")
    parser.add_argument("--places", action="store_true")
    arguments = parser.parse_args()
    if not all([has_place(arguments.source, bug) for bug in PLANTED]):
        sys.exit(1)
    if arguments.places:
        return
    print("| planted | seeds to find it | as |\n|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="planted-") as directory:
        copy = pathlib.Path(directory) / "tree"
        copy.mkdir()
        copy_tree(arguments.source.resolve(), copy)
        found = [try_one(copy, copy / "build", arguments, bug) for bug in PLANTED if arguments.only in bug[0]]
    sys.exit(0 if found and all(found) else 1)


main()
