#!/usr/bin/env python3
"""A runner that cannot fail proves nothing: every case, with its expectation spoilt, must be red.

usage: mutants.py RISKCTL DIRECTORY

Spoilt is one thing at a time: an action removed, one added, one moved to another event, a number in one changed, a check turned round.
"""
import copy
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile


def says_something(action):
    """RULE-011's lockouts aside, an entry with an empty list asks for nothing."""
    return action["action"] != "none" and not any(action.get(key) == [] for key in ("contracts", "orders"))


def mutants(case):
    for i, action in enumerate(case["expect"]):
        if not says_something(action):
            continue
        removed = copy.deepcopy(case)
        del removed["expect"][i]
        yield "removed", removed
        moved = copy.deepcopy(case)
        moved["expect"][i]["after"] += 1
        yield "moved", moved
        for key in ("by", "orderId", "price", "size", "side", "seconds", "accountId"):
            if key in action:
                changed = copy.deepcopy(case)
                changed["expect"][i][key] += 1
                yield "changed " + key, changed
        if action.get("until"):
            changed = copy.deepcopy(case)
            changed["expect"][i]["until"] = "2031" + action["until"][4:]
            yield "changed until", changed
    added = copy.deepcopy(case)
    added["expect"].append({"after": 0, "action": "close_position", "accountId": 1, "contractId": "CON.F.US.NONE.U25"})
    yield "added", added
    for i, check in enumerate(case.get("check", [])):
        turned = copy.deepcopy(case)
        if "locked" in check:
            turned["check"][i]["locked"] = not check["locked"]
        if "unrealized" in check:
            turned["check"][i]["unrealized"] += 0.01
        if "would_have" in check:
            turned["check"][i]["would_have"] = 2 if check["would_have"] == 0 else 0
        if "pending" in check:
            turned["check"][i]["pending"] = None if check["pending"] else "2031-01-01T00:00:00Z"
        yield "turned", turned


def main():
    riskctl, directory = sys.argv[1:]
    count = 0
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copy(os.path.join(directory, "contracts.json"), scratch)
        path = os.path.join(scratch, "mutants.jsonl")
        with open(path, "w", encoding="utf-8") as out:
            for file in sorted(glob.glob(os.path.join(directory, "*.jsonl"))):
                with open(file, encoding="utf-8") as f:
                    for line in f:
                        case = json.loads(line)
                        for how, mutant in mutants(case):
                            mutant["id"] = case["id"] + " " + how
                            out.write(json.dumps(mutant) + "\n")
                            count += 1
        done = subprocess.run([riskctl, "scenario", "--json", "--keep-going", path], capture_output=True, text=True, timeout=300)
    lines = done.stdout.splitlines()
    survivors = [json.loads(line)["id"] for line in lines[:-1] if json.loads(line)["passed"]]
    print("\n".join(survivors))
    print(f"{count} mutants, {len(survivors)} survived; {lines[-1]}")
    sys.exit(0 if done.returncode == 1 and not survivors and len(lines) == count + 1 and count > 500 else 1)


if __name__ == "__main__":
    main()
