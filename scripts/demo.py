#!/usr/bin/env python3
"""What ./demo runs once everything is built: see there.

usage: demo.py PROGRAMS [--check]

Three accounts, one for each rule the scripted trader breaks (RULE-003 locks its account until the reset; from then on every entry
there is a breach of the lockout, R-ALL-7).  What riskd says is shown beside what risksim's own books say.
"""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rig  # noqa: E402

ACCOUNTS = [101, 102, 103]
RULES = [
    "max_contracts: { enabled: true, limit: 5 }",
    "daily_realized_loss: { enabled: true, limit: -500 }",
    "symbol_blocks: { enabled: true, blocked_symbols: [CL] }",
]
WANTED = {"RULE-001", "RULE-003", "RULE-011"}
CHECK_INTERVAL_MS = 2500
CHECK_SECONDS = 25      # Of trading; nine or ten breaches.
SETTLE_SECONDS = 15     # For the last one to end flat.
SHOW_INTERVAL_MS = 5000
REFRESH_SECONDS = 0.5


def number_of(rule):
    """RULE-003 -> 3; a breach of a lockout carries the number of the rule that locked."""
    return 3 if rule == "R-ALL-7" else int(rule[-3:])


def matched(breach, enforcements):
    """riskd's enforcement of a breach in risksim's books: same account, begun at its order or after, before it was flat, with a request."""
    flat = breach["flatNs"] or time.time_ns()
    found = [
        e for e in enforcements
        if e["account_id"] == breach["accountId"] and breach["startedNs"] - 50_000_000 <= e["first_request_ns"] <= flat
    ]
    return found[0] if found else None


def microseconds(ns):
    return f"{ns / 1000:,.0f}"


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0


def committed(demo):
    return [b for b in demo.ask("breaches")["breaches"] if b["committedNs"] is not None]


def all_answered(demo):
    """The books are flat before riskd has the answer that says so: it is asked until it knows each breach."""
    enforcements = demo.status()["enforcements"]
    return all((matched(b, enforcements) or {}).get("decision_us") for b in committed(demo))


def report(breaches, status):
    """The table of ./demo --check.  Returns what is wrong, or nothing."""
    wrong = []
    decisions, flats = [], []
    print(f"{'rule':10} {'account':>7} {'decision us':>12} {'time to flat us':>16}  closes")
    for breach in breaches:
        enforcement = matched(breach, status["enforcements"])
        decision = enforcement["decision_us"] if enforcement else None
        if breach["flatNs"] is None:
            wrong.append(f"{breach['rule']} in account {breach['accountId']} did not end flat")
        else:
            flats.append(breach["timeToFlatNs"])
        if decision:
            decisions.append(decision * 1000)
        else:
            wrong.append(f"{breach['rule']} in account {breach['accountId']}: no enforcement with a decision latency")
        print(
            f"{breach['rule']:10} {breach['accountId']:>7} {decision if decision else '-':>12}"
            f" {microseconds(breach['timeToFlatNs']) if breach['flatNs'] else 'NOT FLAT':>16}  {breach['closes']}"
        )
    for rule in sorted(WANTED - {b["rule"] for b in breaches}):
        wrong.append(f"{rule} was never broken")
    for name, values in (("decision latency", decisions), ("time to flat", flats)):
        print(f"{name}: p50 {microseconds(percentile(values, 50))} us, p99 {microseconds(percentile(values, 99))} us, {len(values)} breaches")
    return wrong


def check(demo):
    deadline = time.monotonic() + CHECK_SECONDS
    while time.monotonic() < deadline and demo.riskd.alive() and demo.sim.alive():
        time.sleep(0.2)
    demo.ask("trader", script="none")
    wrong = []
    try:
        rig.wait_for(lambda: demo.ask("breaches")["allFlat"] and demo.ask("flat")["flat"], SETTLE_SECONDS, "the last breach to end flat")
        rig.wait_for(lambda: all_answered(demo), SETTLE_SECONDS, "riskd to know each breach")
    except TimeoutError as late:
        wrong.append(str(late))
    breaches = committed(demo)
    wrong += report(breaches, demo.status())
    if not demo.ask("flat")["flat"]:
        wrong.append("risksim's books are not flat")
    code = demo.riskd.stop()
    if code != 0:
        wrong.append(f"riskd ended with status {code}")
    print("\n".join("FAILED: " + w for w in wrong) or f"all {len(breaches)} breaches ended flat, by risksim's own books")
    return 1 if wrong else 0


# ---- The view ----

def clock(text):
    return text[11:19] if text else "-"


def dollars(value):
    return f"{value:>12,.2f}"


def screen(status, breaches):
    yield f"Simple Risk Manager demo   mode {status['mode']}   up {status['uptime_ms'] // 1000} s   protected after {status['time_to_protected_ms']} ms"
    latency, flat = status["decision_us"], status["time_to_flat_us"]
    yield f"decision latency p50 {latency['p50']} us  p99 {latency['p99']} us    time to flat p50 {flat['p50']} us  p99 {flat['p99']} us"
    yield ""
    yield f"{'account':>8} {'realized':>12} {'open':>12}  positions"
    for account in status["accounts"]:
        held = "  ".join(f"{p['size']:+d} {p['contract'][9:]} at {p['average_price']}" for p in account["positions"]) or "flat"
        yield f"{account['account_id']:>8} {dollars(account['realized'])} {dollars(account['open'])}  {held}"
    yield ""
    yield "lockouts"
    for account in status["accounts"]:
        for lockout in account["lockouts"]:
            if lockout["rule"] != 11:  # Its root is blocked for good; see risk_config.yaml.
                yield f"{account['account_id']:>8} rule {lockout['rule']:03d} {lockout['root'] or 'account'} until {lockout['until']}  {lockout['why']}"
    yield ""
    yield f"{'at':>8} {'account':>8} {'rule':>5} {'decision us':>12} {'to flat us':>11}  last enforcements"
    for e in [e for e in reversed(status["enforcements"]) if e["requests"] > 0][:8]:
        flat_us = e["time_to_flat_us"] or "..."
        yield f"{clock(e['at'])} {e['account_id']:>8} {e['rule']:>5} {e['decision_us'] or '-':>12} {flat_us:>11}  {e['why']}"
    yield ""
    ended = sum(1 for b in breaches if b["flatNs"])
    yield f"risksim's books: {len(breaches)} breaches, {ended} ended flat.  Ctrl-C ends the demo."


def show(demo):
    plain = not sys.stdout.isatty()
    while demo.riskd.alive() and demo.sim.alive():
        lines = list(screen(demo.status(), committed(demo)))
        width = os.get_terminal_size().columns if not plain else 200
        text = "\n".join(line[:width] + ("" if plain else "\x1b[K") for line in lines)
        print(text + "\n" if plain else "\x1b[H" + text + "\x1b[J", end="", flush=True)
        time.sleep(REFRESH_SECONDS if not plain else 5)
    return 1


def main():
    programs, checking = sys.argv[1], "--check" in sys.argv[2:]
    if [a for a in sys.argv[2:] if a != "--check"]:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = ["--trader", "demo", "--trader-interval-ms", str(CHECK_INTERVAL_MS if checking else SHOW_INTERVAL_MS)]
    with rig.Rig(programs, ACCOUNTS, RULES, options) as demo:
        demo.start_riskd()
        demo.wait_ready()
        try:
            if not checking and sys.stdout.isatty():
                print("\x1b[2J", end="")
            return check(demo) if checking else show(demo)
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
