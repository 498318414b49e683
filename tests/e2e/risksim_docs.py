#!/usr/bin/env python3
"""docs/risksim.md names every option, path, field and fault that risksim --help names, and no path or option besides.

usage: risksim_docs.py RISKSIM DOCUMENT
"""
import re
import subprocess
import sys

OPTION, PATH = r"(?<![\w-])--[a-z][a-z-]+", r"/sim/[a-zA-Z/]+"


def words(text):
    """Field names and kinds in the table of control paths: what follows a path."""
    control = text[text.index("Control, JSON"):]
    return {word for word in re.findall(r"[a-zA-Z_]+", control) if re.search(r"[a-z][A-Z]|_", word)}


def main():
    shown = subprocess.run([sys.argv[1], "--help"], capture_output=True, text=True, check=True).stdout
    with open(sys.argv[2], encoding="utf-8") as f:
        document = f.read()
    missing = [name for pattern in (OPTION, PATH) for name in set(re.findall(pattern, shown)) if name not in document]
    missing += [word for word in words(shown) if not re.search(rf"\b{word}\b", document)]
    invented = [name for name in set(re.findall(PATH, document)) if name not in shown]
    invented += [name for name in re.findall(r"^\| `(--[a-z-]+)", document, re.M) if name not in shown]
    if missing or invented:
        sys.exit(f"missing: {sorted(missing)}, not in --help: {sorted(invented)}")
    print(f"{len(set(re.findall(PATH, shown)))} paths, {len(set(re.findall(OPTION, shown)))} options, {len(words(shown))} words")


if __name__ == "__main__":
    main()
