#!/usr/bin/env python3
"""Runs of `riskctl simulate` that must hold.

usage: seeds.py RISKCTL NAME      NAME: seeds_1 seeds_2 seeds_3 seeds_small judges commit same kills ledger long

    seeds_N  a third of 51 fixed seeds, 6 accounts each, one day       commit  the seed is the commit's hash
    judges   days on which a judge once was wrong
    same     one seed twice gives one trace, another seed another      kills   the daemon dies at a record, wherever that is
    ledger   the store is SQLite and its chain is whole at the end     long    10000 days (./test --long)
"""
import re
import subprocess
import sys

FIRST = 600
THIRD = 17


def simulate(riskctl, *options):
    command = [riskctl, "simulate", "--quiet", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    print(" ".join(command), done.stdout[-12000:], done.stderr[-2000:], sep="\n", flush=True)
    return done


def must_hold(riskctl, *options):
    done = simulate(riskctl, *options)
    if done.returncode != 0:
        sys.exit(f"failed: exit status {done.returncode}")
    return re.search(r"trace ([0-9a-f]{16})", done.stdout).group(1)


def commit():
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or "no-commit"


def same(riskctl):
    one, two, other = (must_hold(riskctl, "--seed", seed) for seed in (FIRST, FIRST, FIRST + 1))
    if one != two or one == other:
        sys.exit(f"traces: {one} and {two} of one seed, {other} of another")


def main():
    riskctl, name = sys.argv[1], sys.argv[2]
    if name.startswith("seeds_") and name != "seeds_small":
        must_hold(riskctl, "--seed", FIRST + THIRD * (int(name[-1]) - 1), "--seeds", THIRD)
    elif name == "seeds_small":
        must_hold(riskctl, "--seed", FIRST, "--seeds", 4, "--accounts", 4)
    elif name == "judges":
        # Traded between the reset and the restart that ended the lockout: what was held then was called locked for ever.
        must_hold(riskctl, "--seed", 72037192793920460)
    elif name == "commit":
        must_hold(riskctl, "--seed", commit(), "--days", 2)
    elif name == "same":
        same(riskctl)
    elif name == "kills":
        for record in range(1, 120, 7):
            must_hold(riskctl, "--seed", FIRST + 3, "--accounts", 2, "--faults", "none", "--kill-at", record)
    elif name == "ledger":
        must_hold(riskctl, "--seed", FIRST + 5, "--accounts", 3, "--store", "sqlite")
    elif name == "long":
        must_hold(riskctl, "--seed", commit(), "--seeds", 1667, "--days", 1)
    else:
        sys.exit(__doc__)


main()
