#!/usr/bin/env python3
"""What ./demo runs once everything is built: see there.

usage: demo.py PROGRAMS [--check | --screens DIRECTORY]

Three accounts, one for each rule the scripted trader breaks (RULE-003 locks its account until the reset; from then on every entry
there is a breach of the lockout, R-ALL-7).  --check shows what riskd says beside what risksim's own books say.  Without it risktop is
opened, with more rules on and a fourth, quiet account that holds something; --screens writes docs/screens from that.
"""
import os
import signal
import subprocess
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
QUIET = 104
VIEW_ACCOUNTS = [101, 102, QUIET, 103]  # The trader uses the first, the second and the last.
VIEW_RULES = RULES + [
    "daily_unrealized_loss: { enabled: true, loss_limit: 2000 }",
    "max_unrealized_profit: { enabled: true, profit_target: 5000 }",
    "trade_frequency_limit: { enabled: true, limits: { per_minute: 20, per_hour: 500, per_session: 2000 } }",
    "no_stop_loss_grace: { enabled: true, grace_period_seconds: 3600 }",
]
WANTED = {"RULE-001", "RULE-003", "RULE-011"}
CHECK_INTERVAL_MS = 2500
CHECK_SECONDS = 25      # Of trading; nine or ten breaches.
SETTLE_SECONDS = 60     # For the last one to end flat, at most.
SHOW_INTERVAL_MS = 5000
PLAIN_SECONDS = 5
SCREENS_SECONDS = 75
SCREENS = {
    "overview": QUIET, "pnl": 101, "positions": QUIET, "rules": 103, "connections": 101, "calendar": 101, "lockouts": 103, "history": 101,
}


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


def hold(demo):
    """The quiet account: one position with its bracket, one without a stop."""
    demo.buy(QUIET, "CON.F.US.ENQ.U26", 1, stopLossBracket={"ticks": -400, "type": 4}, takeProfitBracket={"ticks": 800, "type": 1})
    demo.buy(QUIET, "CON.F.US.MES.U26", 2)


def risktop(demo, programs, *arguments):
    return [os.path.join(programs, "risktop"), "--port", str(demo.feed_port), "--db", demo.path("state.db"), "--notes", demo.path("clock"), *arguments]


def show(demo, programs):
    """risktop until q; without a terminal its picture every few seconds."""
    if not sys.stdout.isatty():
        while demo.riskd.alive() and demo.sim.alive():
            subprocess.run(risktop(demo, programs, "--once", "--size", "120x40"), check=False)
            sys.stdout.flush()
            time.sleep(PLAIN_SECONDS)
        return 1
    dashboard = subprocess.Popen(risktop(demo, programs))
    try:
        return dashboard.wait()
    finally:
        if dashboard.poll() is None:
            dashboard.terminate()  # It gives the terminal back.
            dashboard.wait(10)


def save_screens(demo, programs, directory):
    """A picture of each tab after a while of trading, of the account that has most to show there."""
    time.sleep(SCREENS_SECONDS)
    os.makedirs(directory, exist_ok=True)
    for tab, account in SCREENS.items():
        shown = subprocess.run(
            risktop(demo, programs, "--once", "--tab", tab, "--account", str(account), "--size", "120x40"), check=True, capture_output=True, text=True)
        with open(os.path.join(directory, tab + ".txt"), "w", encoding="utf-8") as f:
            f.write(shown.stdout)
    return 0


def main():
    programs, arguments = sys.argv[1], sys.argv[2:]
    checking, saving = arguments == ["--check"], len(arguments) == 2 and arguments[0] == "--screens"
    if arguments and not checking and not saving:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = ["--trader", "demo", "--trader-interval-ms", str(CHECK_INTERVAL_MS if checking else SHOW_INTERVAL_MS)]
    with rig.Rig(programs, ACCOUNTS if checking else VIEW_ACCOUNTS, RULES if checking else VIEW_RULES, options) as demo:
        demo.start_riskd()
        demo.wait_ready()
        try:
            if checking:
                return check(demo)
            hold(demo)
            return save_screens(demo, programs, arguments[1]) if saving else show(demo, programs)
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
