#!/usr/bin/env python3
"""riskctl's commands, their words and options as --help tells them are in the man page and in both completions, and --json answers in JSON (S-18).

usage: riskctl_commands.py DIR-OF-PROGRAMS
"""
import json
import os
import re
import subprocess
import sys
import tempfile

PACKAGING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging")
TOOLS = ("scenario", "replay", "simulate")  # Their --json is a line a case, or none: they administer nothing.


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, start_new_session=True)


def read(*path):
    with open(os.path.join(PACKAGING, *path), encoding="utf-8") as file:
        return file.read()


def commands(riskctl):
    """Each command with the words that may follow it and its options, from the program's own help."""
    text = run(riskctl, "--help").stdout
    names = re.findall(r"^  ([a-z]+) +\S", text, re.M)
    assert {"init", "check", "rules", "audit"} <= set(names), names
    found = {}
    for name in [*names, *TOOLS]:
        help_of = run(riskctl, name, "--help")
        assert help_of.returncode == 0 and help_of.stdout.startswith("usage: riskctl"), (name, help_of)
        lines = [line for line in help_of.stdout.splitlines() if re.match(rf"(usage:| {{6}}) riskctl {name}\b", line)]
        usage = help_of.stdout if name not in TOOLS else "\n".join(lines)
        words = {word for line in lines for group in re.findall(rf"riskctl {name} +([a-z|]+)(?= |$)", line) for word in group.split("|")}
        found[name] = (words, set(re.findall(r"--[a-z][a-z-]+", usage)))
    assert found["rules"][0] == {"show", "set", "enable", "disable", "pending", "cancel"}, found["rules"]
    return found


def bash_offers(*words):
    script = f'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _riskctl; printf "%s\\n" "${{COMPREPLY[@]}}"'
    answer = run("bash", "-c", script, "bash", os.path.join(PACKAGING, "completion", "riskctl.bash"), *words)
    assert answer.returncode == 0 and not answer.stderr, answer
    return set(answer.stdout.split())


def check_bash(found):
    offered = bash_offers("riskctl", "")
    assert set(found) == {word for word in offered if not word.startswith("-")}, set(found) ^ offered
    for name, (words, options) in found.items():
        if words:
            second = {word for word in bash_offers("riskctl", name, "") if not word.startswith("-")}
            assert second == words, (name, second ^ words)
        last = bash_offers("riskctl", name, *([sorted(words)[0]] if words else []), "--")
        assert options <= last, (name, "not offered by bash:", options - last)


def check_zsh(found):
    text = read("completion", "_riskctl")
    listed = set(re.findall(r"'([a-z]+):", text.split(")\n")[0]))
    assert listed == set(found), listed ^ set(found)
    common = set(re.findall(r"'(--[a-z-]+)", text.split("common=(")[1].split(")\n")[0]))
    for name, (words, options) in found.items():
        arm = re.search(rf"^{name}\) (.*?);;$", text, re.M | re.S)
        arm = arm.group(1) if arm else ""
        offered = re.search(r"compadd ([a-z ]+)", arm)
        assert set(offered.group(1).split() if offered else []) == words, (name, arm, words)
        missing = options - common - set(re.findall(r"--[a-z-]+", arm))
        assert not missing, (name, "not offered by zsh:", missing)


def check_man(found):
    text = read("man", "riskctl.8.scd")
    section = text.split("# COMMANDS")[1].split("# EXIT STATUS")[0]
    for name, (words, _) in found.items():
        titles = [line for line in section.splitlines() if line.startswith("*") and re.search(rf"\*{name}\b", line)]
        assert titles, f"{name} is not in riskctl(8)"
        for word in words:
            assert any(re.search(rf"\b{word}\b", title) for title in titles), f"{name} {word} is not in riskctl(8)"
    codes = set(re.findall(r"\*(\d)\*", text.split("# EXIT STATUS")[1]))
    assert codes == set("012345"), codes


def check_json(riskctl, found):
    """Without a configuration each command fails, and says so in one object whose exit is the process's."""
    with tempfile.TemporaryDirectory() as nothing:
        for name, (words, _) in found.items():
            if name in TOOLS:
                continue
            for word in sorted(words) or [None]:
                command = [riskctl, name, *([word] if word else []), "--config", nothing, "--json"]
                if (name, word) in (("service", "status"), ("service", "install"), ("service", "start"), ("service", "restart"), ("audit", "export"), ("audit", "show")):
                    continue  # systemctl's, and rows a line each.
                answer = run(*command)
                printed = json.loads(answer.stdout)
                assert printed["ok"] is False and printed["exit"] == answer.returncode != 0, (command, answer)


def check_mistakes(riskctl, found):
    """What cannot be understood is JSON too, whatever stands first."""
    for name in sorted(set(found) - set(TOOLS)):
        answer = run(riskctl, name, "--frobnicate", "--json")
        if name != "audit":  # Its options have values, so --json is one here.
            printed = json.loads(answer.stdout)
            assert printed["exit"] == answer.returncode == 2, (name, answer)


def main():
    riskctl = os.path.join(sys.argv[1], "riskctl")
    found = commands(riskctl)
    check_bash(found)
    check_zsh(found)
    check_man(found)
    check_json(riskctl, found)
    check_mistakes(riskctl, found)
    print(f"riskctl's {len(found)} commands: in the help, the man page and both completions; JSON when asked")


if __name__ == "__main__":
    main()
