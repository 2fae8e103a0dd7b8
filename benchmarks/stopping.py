"""Runs that stop when their gate is decided: how often they are wrong, what share they use.

``python benchmarks/stopping.py`` draws paired differences of right and wrong answers, asks them in
batches and lets the bets of a non-inferiority gate (:mod:`measurand.stats.sequential`) decide after
each; a minute on one core. With ``evalsig`` installed its confidence sequence stands beside them,
stopped in the same way: at its own level, which is of two sides, and at twice that level, so that
one side has ours.

40,000 runs lie at the margin: they should pass in no more than alpha of the runs.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator

import numpy as np

from measurand.stats.sequential import fortunes

MARGIN, ALPHA = 0.05, 0.05
BATCH, CLUSTERS, PIECE = 50, 2000, 1000
DISCORDANT = 0.2
"""Share of items that one side alone has right."""
TRUTHS = {
    "at the margin": -MARGIN,
    "half the margin lost": -MARGIN / 2,
    "no change": 0.0,
    "better by the margin": MARGIN,
    "three margins lost": -3 * MARGIN,
}
Decided = tuple[np.ndarray, np.ndarray]
"""Whether each run passed, and clusters used."""


def runs(truth: float, n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Differences of n runs, (runs, clusters) a piece: 1, 0 or -1 with mean ``truth``."""
    better = (DISCORDANT + truth) / 2
    for start in range(0, n, PIECE):
        u = rng.random((min(PIECE, n - start), CLUSTERS), dtype=np.float32)
        yield (u < better) * 1.0 - (u > 1 - (DISCORDANT - better)) * 1.0


def first(crossed: np.ndarray) -> np.ndarray:
    """Clusters asked by the end of the batch in which it was crossed; all and one where never."""
    return np.where(crossed.any(1), crossed.argmax(1) // BATCH * BATCH + BATCH, CLUSTERS + 1)


def stopped(above: np.ndarray, below: np.ndarray) -> Decided:
    """Passed where the lower bound was crossed first, used up to what was crossed first."""
    passed, failed = first(above), first(below)
    return passed < failed, np.minimum(np.minimum(passed, failed), CLUSTERS)


def bets(d: np.ndarray) -> Decided:
    """The gate's bets on more and on less than the margin."""
    more = fortunes(d, low=-1.0, high=1.0)(-MARGIN)
    less = fortunes(-d, low=-1.0, high=1.0)(MARGIN)
    limit = -math.log(ALPHA)
    return stopped(more >= limit, less >= limit)


def sequence(alpha: float) -> Callable[[np.ndarray], Decided]:
    """The confidence sequence of evalsig (Howard et al. 2021), all stops at once."""

    def decide(d: np.ndarray) -> Decided:
        n = np.arange(1, d.shape[1] + 1)
        x = d + MARGIN
        mean = np.cumsum(x, 1) / n
        spread = np.cumsum(x * x, 1) - n * mean**2
        sigma = np.sqrt(np.maximum(spread, 0) / np.maximum(n - 1, 1))
        half = sigma * np.sqrt(2 * (n + 1) * np.log(np.sqrt(n + 1) / alpha)) / n
        known = (n >= 30) & (sigma > 0)
        return stopped(known & (mean > half), known & (mean < -half))

    return decide


def same_as_evalsig(rng: np.random.Generator) -> bool:
    """Whether evalsig is there; then the formula above is held against its own gate."""
    try:
        from evalsig import sequential_gate
    except ImportError:
        return False
    for d in next(runs(0.05, 3, rng)):
        theirs = sequential_gate(d[:600] + MARGIN, alpha=ALPHA)
        n = np.arange(1, 601)
        x = d[:600] + MARGIN
        at = theirs.n_pairs
        mean, sigma = x[:at].mean(), x[:at].std(ddof=1)
        half = sigma * np.sqrt(2 * (at + 1) * np.log(np.sqrt(at + 1) / ALPHA)) / n[at - 1]
        assert math.isclose(theirs.half_width, half, rel_tol=1e-9)
        assert theirs.stopped == (mean > half)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40_000, help="at the margin")
    parser.add_argument("--others", type=int, default=4_000, help="at the other truths")
    args = parser.parse_args()
    deciders = {"Measurand": bets}
    if same_as_evalsig(np.random.default_rng(0)):
        deciders["evalsig"] = sequence(ALPHA)
        deciders["evalsig, level doubled"] = sequence(2 * ALPHA)
    heads = [f"{name}: passes, share used" for name in deciders]
    print(f"| truth | {' | '.join(heads)} |\n| --- |{' --- |' * len(heads)}")
    for truth, value in TRUTHS.items():
        n = args.runs if value == -MARGIN else args.others
        found: dict[str, list[Decided]] = {name: [] for name in deciders}
        for d in runs(value, n, np.random.default_rng([7, *truth.encode()])):
            for name, decide in deciders.items():
                found[name].append(decide(d))
        cells = []
        for parts in found.values():
            passed, used = (np.concatenate(column) for column in zip(*parts, strict=True))
            cells.append(f"{passed.mean():.4f}, {used.mean() / CLUSTERS:.2f}")
        print(f"| {truth} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
