"""How often gates are wrong: false passes, power, repeated looks, coverage of their intervals.

Paired 0/1 scores of which 10% differ between two runs; every simulated release is put to the gates'
own bounds and decision rule. Releases with equal counts of losses and gains are decided once, since
nothing else of them enters the decision. Sequences of bets are grown for all releases together, and
a sample of them is put to the gate one by one.

Run: python benchmarks/gate_calibration.py [--runs 40000] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from measurand.gates.deciding.decisions import decide
from measurand.gates.deciding.samples import Rules
from measurand.gates.figures.anytime import Line, bounds
from measurand.gates.figures.bounds import Items
from measurand.gates.figures.intervals import measure
from measurand.stats.means import cluster_mean, proportion
from measurand.stats.rates import jeffreys
from measurand.stats.sequential import above

DISCORDANT, MARGIN, ALPHA = 0.10, 0.03, 0.05
N = 1000
LOOKS = tuple(range(200, 2001, 200))
CHECKED = 200
COVERAGE = ((30, 0.90), (30, 0.98), (100, 0.98), (300, 0.98), (1000, 0.90))
#: What each figure should be: least and greatest.
LIMITS = {
    "false pass at the margin, n = 1000": (0.050, 0.058),
    "power at no change, n = 1000": (0.908, 0.918),
    "false pass of ten looks with bets": (0.0, 0.05),
    "clustered coverage, G = 20": (0.93, 0.97),
    "clustered coverage, G = 50": (0.93, 0.97),
    "clustered coverage, G = 100": (0.93, 0.97),
}


def shares(truth: float) -> list[float]:
    """Chances of a loss, a tie and a gain."""
    return [(DISCORDANT - truth) / 2, 1 - DISCORDANT, (DISCORDANT + truth) / 2]


def state(losses: int, ties: int, gains: int, alpha: float = ALPHA) -> str:
    """What the gate says of a release with these counts."""
    values = np.repeat([-1.0, 0.0, 1.0], (losses, ties, gains))
    sample = Items(values, np.arange(len(values)), paired=True)
    found = measure(
        sample, alpha=alpha, confidence=0.95, interval="auto", null=-MARGIN, better="higher"
    )
    return decide("non_inferiority", found, -MARGIN, "higher", Rules(alpha)).state


def fixed(runs: int, truth: float, seed: int) -> float:
    """Share of releases that pass at n = 1000."""
    drawn = np.random.default_rng([seed, 1]).multinomial(N, shares(truth), size=runs)
    counts, times = np.unique(drawn, axis=0, return_counts=True)
    passed = [state(*map(int, row)) == "pass" for row in counts]
    return float(times[np.array(passed)].sum() / runs)


def looked(runs: int, level: Callable[[int], float], seed: int) -> float:
    """Share of bad releases that pass at one of ten looks at a sample that grows."""
    rng = np.random.default_rng([seed, 2])
    steps = rng.multinomial(LOOKS[0], shares(-MARGIN), size=(runs, len(LOOKS)))
    grown = steps.cumsum(axis=1)
    passed = np.zeros(runs, dtype=bool)
    for k in range(len(LOOKS)):
        counts, where = np.unique(grown[:, k], axis=0, return_inverse=True)
        good = np.array([state(*map(int, row), level(k + 1)) == "pass" for row in counts])
        passed |= good[where.ravel()]
    return float(passed.mean())


def bets(runs: int, truth: float, seed: int) -> tuple[float, float, int]:
    """Sequences of bets, looked at ten times: share that passes, mean length, and disagreements.

    The last counts, among some of the releases, those on which the gate itself says otherwise
    although its bounds do not cross.
    """
    rng = np.random.default_rng([seed, 3])
    passed, stops, wrong = 0, [], 0
    for start in range(0, runs, 1000):
        size = min(1000, runs - start)
        d = rng.choice([-1.0, 0.0, 1.0], p=shares(truth), size=(size, LOOKS[-1]))
        wealth = above(d, -MARGIN, low=-1.0, high=1.0).log_wealth
        best = np.maximum.accumulate(wealth, axis=1)[:, np.array(LOOKS) - 1]
        through = best >= -math.log(ALPHA)
        passed += int(through.any(axis=1).sum())
        crossed = wealth >= -math.log(ALPHA)
        stops += np.where(crossed.any(axis=1), crossed.argmax(axis=1) + 1, LOOKS[-1]).tolist()
        if start == 0:
            answers = [gate(row) for row in d[:CHECKED]]
            told = zip(answers, through[:CHECKED, -1], strict=True)
            wrong = sum(not crossed_ and passes != bool(t) for (passes, crossed_), t in told)
    return passed / runs, float(np.mean(stops)), wrong


def gate(d: np.ndarray) -> tuple[bool, bool]:
    """Whether the sequential gate passes one sequence, and whether its bounds cross."""
    line = Line(tuple(map(str, range(len(d)))), d, len(d), -1.0, 1.0, True)
    found = bounds(
        line, alpha=ALPHA, confidence=0.95, nulls=[-MARGIN], null=-MARGIN, better="higher"
    )
    passes = decide("non_inferiority", found, -MARGIN, "higher", Rules()).state == "pass"
    return passes, "crossed" in found.flags


def coverage(n: int, p: float) -> dict[str, float]:
    """Chance that the interval holds the truth, summed over all samples."""
    from scipy.stats import binom

    weight = binom.pmf(np.arange(n + 1), n, p)
    made = {
        "wilson": proportion,
        "clopper_pearson": lambda k, n: proportion(k, n, "clopper_pearson"),
        "jeffreys": jeffreys,
    }
    found = {}
    for name, make in made.items():
        inside = [e.ci_lo <= p <= e.ci_hi for e in (make(k, n) for k in range(n + 1))]
        found[name] = round(float(weight[np.array(inside)].sum()), 3)
    return found


def clustered(groups: int, runs: int, seed: int) -> float:
    """Share of t(G - 1) intervals with CR1 errors that hold the mean: ICC .2, 1 to 19 a cluster."""
    rng = np.random.default_rng([seed, groups])
    inside = 0
    for _ in range(runs):
        sizes = rng.integers(1, 20, groups)
        units = np.repeat(np.arange(groups), sizes)
        x = rng.normal(0, math.sqrt(0.2), groups)[units] + rng.normal(0, math.sqrt(0.8), len(units))
        found = cluster_mean(x, units)
        inside += found.ci_lo <= 0 <= found.ci_hi
    return inside / runs


def table(runs: int, seed: int = 1) -> dict[str, float]:
    """All simulated figures by name."""
    false_pass, _, wrong = bets(runs, -MARGIN, seed)
    power, stop, wrong_too = bets(runs // 4, 0.0, seed)
    if wrong + wrong_too:
        raise SystemExit(f"the gate disagrees with the bets on {wrong + wrong_too} sequences")
    found = {
        "false pass at the margin, n = 1000": fixed(runs, -MARGIN, seed),
        "power at no change, n = 1000": fixed(runs, 0.0, seed),
        "false pass of ten looks at alpha": looked(runs, lambda k: ALPHA, seed),
        "false pass of ten looks at alpha / k": looked(runs, lambda k: ALPHA / k, seed),
        "false pass of ten looks with bets": false_pass,
        "power of ten looks with bets": power,
        "items until bets decide or end": stop,
    }
    for groups in (10, 20, 50, 100):
        found[f"clustered coverage, G = {groups}"] = clustered(groups, max(300, runs // 10), seed)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    started = time.perf_counter()
    found = table(args.runs)
    exact = {f"n = {n}, p = {p}": coverage(n, p) for n, p in COVERAGE}
    seconds = time.perf_counter() - started
    if args.json:
        content: dict[str, Any] = {"simulated": found, "coverage": exact, "runs": args.runs}
        print(json.dumps(content, indent=1))
        return
    print(f"{args.runs} simulated releases a figure, {seconds:.0f} s")
    for name, value in found.items():
        low, high = LIMITS.get(name, (None, None))
        aim = "" if low is None else f"  within {low}..{high}: {low <= value <= high}"
        print(f"  {name:<40}{value:>9.4f}{aim}")
    print("coverage of nominal 95% intervals, exact sums")
    for name, row in exact.items():
        print(f"  {name:<20}" + "".join(f"  {k} {v:.3f}" for k, v in row.items()))


if __name__ == "__main__":
    main()
