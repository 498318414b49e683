#!/usr/bin/env python3
"""/metrics, /healthz and /readyz of a riskd that works, against risksim (S-26).

usage: metrics.py DIR-OF-PROGRAMS

The page is read by the rules of Prometheus' text format here, and by promtool where there is one (Debian: prometheus).
"""
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

ACCOUNT = 1001
ES = "CON.F.US.EP.U26"
SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[\d.]+(?:e[+-]?\d+)?|\+Inf|NaN)')


def parse(page):
    """{sample with labels: value}; every rule of the format that can be broken is checked."""
    types, samples, open_family, closed = {}, {}, None, set()
    assert page.endswith("\n")
    for line in page.splitlines():
        if line.startswith("# "):
            _, word, name, rest = line.split(" ", 3)
            assert word in ("HELP", "TYPE") and rest, line
            if word == "TYPE":
                assert name not in types and rest in ("counter", "gauge", "histogram"), line
                types[name] = rest
                closed.add(open_family)
                open_family = name
            continue
        match = SAMPLE.fullmatch(line)
        assert match, f"no sample: {line}"
        name, labels = match.group(1), match.group(2) or ""
        family = name if name in types else re.sub(r"_(bucket|sum|count)$", "", name)
        assert family == open_family and family not in closed, f"out of its family: {line}"
        assert (types[family] == "counter") == name.endswith("_total"), line
        key = f"{name}{{{labels}}}"
        assert key not in samples, f"twice: {line}"
        samples[key] = float(match.group(3).replace("+Inf", "inf"))
    check_histograms(types, samples)
    return samples


def check_histograms(types, samples):
    """Cumulative, +Inf equals count."""
    for family in (name for name, kind in types.items() if kind == "histogram"):
        series = {}
        for key, value in samples.items():
            match = re.fullmatch(re.escape(family) + r'_bucket\{(.*?),?le="([^"]+)"\}', key)
            if match:
                series.setdefault(match.group(1), []).append((float(match.group(2).replace("+Inf", "inf")), value))
        for labels, buckets in series.items():
            assert buckets == sorted(buckets) and [v for _, v in buckets] == sorted(v for _, v in buckets), family
            assert buckets[-1] == (float("inf"), samples[f"{family}_count{{{labels}}}"]), family


def check_promtool(page):
    promtool = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if promtool:
        answer = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, text=True)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        print("promtool: nothing to complain of", answer.stderr)


def status_of(rig, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{rig.status_port}{path}", timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        return error.code, None
    except (urllib.error.URLError, ConnectionError):
        return 0, None


def wait_page(rig, holds, what):
    """/metrics once its figures are so."""
    def look():
        page = rig.get(f"http://127.0.0.1:{rig.status_port}/metrics")
        return page if holds(parse(page)) else None
    return rigs.wait_for(look, 60, what)


def main():
    with rigs.Rig(sys.argv[1], [ACCOUNT], ["max_contracts: { enabled: true, limit: 1 }"]) as rig:
        rig.start_riskd()
        rig.wait_ready()
        assert status_of(rig, "/healthz")[0] == 200 and status_of(rig, "/readyz")[0] == 200
        assert status_of(rig, "/metrics") == (200, "text/plain; version=0.0.4; charset=utf-8")
        assert status_of(rig, "/nothing")[0] == 404
        rig.buy(ACCOUNT, ES, 3)
        wanted = ("riskd_time_to_flat_seconds_count{}", 'riskd_breaches_total{rule="RULE-001",name="max_contracts"}', 'riskd_actions_total{action="close",outcome="accepted"}',
                    "riskd_decision_seconds_count{}", 'riskd_rest_call_seconds_count{endpoint="/api/Position/closeContract"}',
                    'riskd_mode{mode="NORMAL"}', 'riskd_hub_live{user="1",hub="user"}', "riskd_ready{}", "riskd_ledger_rows{}",
                    'riskd_token_left_seconds{user="1"}', "riskd_event_seconds_count{}",
                    "riskd_store_heap_bytes{}", 'riskd_rest_latency_seconds{endpoint="/api/Position/closeContract",quantile="0.5"}')
        # The close's answer may come after its fill, and the writer's thread when it can.
        page = wait_page(rig, lambda figures: all(figures.get(key, 0) > 0 for key in wanted), f"an enforcement on /metrics: {wanted}")
        if len(sys.argv) > 2:
            print(page)
        figures = parse(page)
        closes = next(e for e in rig.status()["connections"]["rest"] if e["endpoint"] == "/api/Position/closeContract")
        assert closes["count"] == 1 and 0 < closes["p50_us"] <= closes["p95_us"] <= closes["max_us"], closes
        assert 'riskd_breaches_total{rule="RULE-012",name="trade_management"}' in figures
        check_promtool(page)
        rig.sim.kill()  # Nothing to see the market with: alive, not ready.
        rigs.wait_for(lambda: status_of(rig, "/readyz")[0] == 503, 60, "/readyz to say no")
        assert status_of(rig, "/healthz")[0] == 200
        wait_page(rig, lambda figures: figures["riskd_ready{}"] == 0 and figures['riskd_hub_live{user="1",hub="user"}'] == 0, "the hub to be gone")


if __name__ == "__main__":
    main()
