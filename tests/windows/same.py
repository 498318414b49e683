#!/usr/bin/env python3
"""The same input gives the same bytes: riskctl.exe under wine against riskctl (issue 10).

usage: same.py LINUX_BUILD WINDOWS_BUILD

Streams of hub events through a configuration with all rules on, as text and as JSON; every scenario case with what it expected and got; the
configuration's own pages.  Standard output is compared to the last byte, standard error and the exit status too.
"""
import hashlib
import os
import subprocess
import sys
import tempfile

from wine_rig import HERE, wine

TOP = os.path.join(HERE, "..", "..")
SHARED = os.path.join(TOP, "..", "shared")
STREAMS = ((1, 20000, 10, 1, ()), (20, 20000, 200, 2, ("--sparse",)))  # Accounts, events, rate, seed, more.


def both(linux, windows, *arguments):
    """Bytes of the one output, which must be the other's too."""
    here = subprocess.run([linux, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    code, out, err = wine(windows, *arguments, seconds=300)
    if (code, out.encode(), err.encode()) != (here.returncode, here.stdout, here.stderr):
        for name, one, other in (("stdout", here.stdout, out.encode()), ("stderr", here.stderr, err.encode())):
            for number, (a, b) in enumerate(zip(one.split(b"\n"), other.split(b"\n")), 1):
                if a != b:
                    print(f"{name}, line {number}:\n  Linux   {a[:300]!r}\n  Windows {b[:300]!r}")
                    break
        sys.exit(f"{' '.join(arguments)}: {here.returncode}, {len(here.stdout)} bytes; the .exe: {code}, {len(out.encode())} bytes")
    return here.stdout


def told(what, output):
    print(f"same: {what}: {len(output)} bytes, SHA-256 {hashlib.sha256(output).hexdigest()[:16]}")


def main():
    linux, windows = os.path.join(sys.argv[1], "riskctl"), os.path.join(sys.argv[2], "riskctl.exe")
    with open(os.path.join(TOP, "config", "risk_config.yaml"), encoding="utf-8") as f:
        rules = f.read().replace("enabled: false", "enabled: true")
    with tempfile.TemporaryDirectory(prefix="risk-same-") as directory:
        config = os.path.join(directory, "risk_config.yaml")
        with open(config, "w", encoding="utf-8") as f:
            f.write(rules)
        for accounts, events, rate, seed, more in STREAMS:
            stream = os.path.join(directory, f"{accounts}.ndjson")
            subprocess.run(
                [sys.executable, "-W", "ignore", os.path.join(SHARED, "bench", "gen_events.py"), "--accounts", str(accounts), "--events", str(events),
                 "--rate", str(rate), "--seed", str(seed), *more, "-o", stream], check=True, stdout=subprocess.DEVNULL)
            for form in ((), ("--json",)):
                output = both(linux, windows, "replay", "--config", config, "--events", stream, *form)
                if output.count(b"breach") < 10:
                    sys.exit("the stream breaks no rules: it would show nothing")
                told(f"{events} events of {accounts} accounts{' as JSON' if form else ''}", output)
    cases = [os.path.join(folder, name) for folder in (os.path.join(SHARED, "scenarios"), os.path.join(TOP, "tests", "scenarios"))
             for name in sorted(os.listdir(folder)) if name.endswith(".jsonl")]
    output = both(linux, windows, "scenario", "--json", "--keep-going", *cases)
    last = output.decode().strip().split("\n")[-1]
    if not last.endswith(" 0 failed"):
        sys.exit(f"scenarios: {last}")
    told(f"scenarios, {last}", output)
    told("riskctl --help", both(linux, windows, "--help"))


if __name__ == "__main__":
    main()
