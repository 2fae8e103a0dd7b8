"""Random gate files put to random evidence: exit 3 with a named reason, or a verdict; no traceback.

One file in five is text with a few characters spoilt. Of every verdict text, JUnit XML, Markdown,
JSON, annotations and exit code are compared; any disagreement, and any exception, stops the run.

Run: python benchmarks/gate_fuzz.py [--files 100000] [--seed 1] [--processes 2] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "measurand" / "gates")]

CHUNK = 5_000


def chunk(asked: tuple[int, int]) -> tuple[Counter[str], Counter[str]]:
    from gate_fuzz import fuzz as put

    warnings.simplefilter("error", RuntimeWarning)
    number, seed = asked
    return put(number, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    sizes = [min(CHUNK, args.files - start) for start in range(0, args.files, CHUNK)]
    work = [(size, args.seed * 1_000_003 + i) for i, size in enumerate(sizes)]
    outcomes: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    started = time.perf_counter()
    with ProcessPoolExecutor(max(1, args.processes)) as pool:
        for found, reasons in pool.map(chunk, work):
            outcomes += found
            codes += reasons
    seconds = time.perf_counter() - started
    if args.json:
        print(json.dumps({"outcomes": outcomes, "codes": codes, "seconds": round(seconds, 1)}))
        return
    print(f"{sum(outcomes.values())} gate files in {seconds:.0f} s, no traceback, no disagreement")
    exits = {"pass": 0, "fail": 1, "inconclusive": 2, "error": 3, "bad_gate": 3}
    for name, count in outcomes.most_common():
        print(f"  exit {exits.get(name, 3)}  {name:<14}{count:>9}")
    print(f"gates by reason ({sum(codes.values())}):")
    for name, count in codes.most_common():
        print(f"  {name:<26}{count:>9}")


if __name__ == "__main__":
    main()
