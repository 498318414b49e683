#!/usr/bin/env python3
"""bench/run --compare, with figures made up: what grew beyond the noise is flagged, and only that (nothing is measured here).

usage: bench_compare.py SOURCE-DIRECTORY
"""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import sys
import tempfile

BEFORE = {1: {"all": 10000, "JSON and text": 8000, "engine and rules": 1000}}


def load(root):
    loader = importlib.machinery.SourceFileLoader("bench_run", os.path.join(root, "bench", "run"))
    sys.dont_write_bytecode = True
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_run", loader))
    loader.exec_module(module)
    return module


def compare(bench, path, counted, save=False):
    bench.counts = lambda: {1: counted}
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = bench.compare(path, save)
    return status, [line.split()[-1] for line in out.getvalue().splitlines()]


def main():
    bench = load(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "baseline.json")
        assert compare(bench, path, BEFORE[1], save=True) == (0, [])
        assert compare(bench, path, BEFORE[1]) == (0, ["same"] * 3)
        # 1% more is noise, 2.1% is not; what fell is told and is no failure; a stage without a past is no news.
        assert compare(bench, path, {"all": 10100, "JSON and text": 7000, "engine and rules": 1010, "new": 5}) == (0, ["same", "fell", "same"])
        assert compare(bench, path, {"all": 10000, "JSON and text": 8000, "engine and rules": 1021}) == (1, ["same", "same", "GREW"])
    with open(os.path.join(sys.argv[1], "bench", "baseline.json"), encoding="utf-8") as f:
        saved = set(json.load(f))
    wanted = {f"{n} account(s), {stage}" for n in (1, 100) for stage in ("all", *bench.STAGES)}
    assert saved == wanted, saved ^ wanted  # Else --compare would be silent about what it has no past of.


if __name__ == "__main__":
    main()
