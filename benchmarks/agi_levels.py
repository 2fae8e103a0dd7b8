"""Placing 500 tasks among people: formulas against 20,000 draws a task in a loop with scipy.

Run: ``python benchmarks/agi_levels.py``. Prints processor seconds, peak memory and the largest
difference of a probability of reaching the 90th percentile between both ways.
"""

from __future__ import annotations

import resource
import time

import numpy as np
from scipy import stats

from measurand.stats.percentiles import among
from measurand.stats.true_score import TrueScore, mean_score

TASKS, DRAWS, PEOPLE, ITEMS = 500, 20_000, 200, 100
CUTS = (0.5, 0.9, 0.99)


def drawn(score: TrueScore, people: np.ndarray, rng: np.random.Generator) -> list[float]:
    """The same by drawing true scores and places."""
    m = stats.beta(score.a, score.b).rvs(DRAWS, random_state=rng)
    x = np.searchsorted(np.sort(people), m)
    theta = stats.beta(x + 0.5, len(people) - x + 0.5).rvs(random_state=rng)
    np.quantile(theta, [0.025, 0.05, 0.95, 0.975])
    return [float((theta >= cut).mean()) for cut in CUTS]


def main() -> None:
    """Time both ways on the same tasks."""
    rng = np.random.default_rng(1)
    tasks = [
        (mean_score((rng.random(ITEMS) < p) * 1.0), rng.normal(0.6, 0.12, PEOPLE))
        for p in rng.uniform(0.4, 0.9, TASKS)
    ]
    start = time.process_time()
    places = [among(score, people) for score, people in tasks]
    formulas = [place.at_least(CUTS) for place in places]
    for place in places:
        place.estimate()
    ours = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.process_time()
    loop = [drawn(score, people, rng) for score, people in tasks]
    theirs = time.process_time() - start
    gap = max(abs(a[1] - b[1]) for a, b in zip(formulas, loop, strict=True))
    print(f"{TASKS} tasks, {PEOPLE} people, {ITEMS} items")
    print(f"formulas            {ours:6.2f} s, peak {memory:.0f} MiB")
    print(f"{DRAWS:,} draws, scipy {theirs:6.2f} s, {theirs / ours:.1f} times as long")
    print(f"largest difference of P(>= 90th percentile): {gap:.4f}")


if __name__ == "__main__":
    main()
