"""Cases of ``coverage.py`` over runs and tasks: ratios, means of runs, profiles, ICC of 0 and 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import ndtr
from scipy.stats import trim_mean

from measurand.stats.aggregate import (
    improvement_probability,
    interquartile_mean,
    performance_profile,
)
from measurand.stats.bca import bca_ratio
from measurand.stats.estimate import Estimate
from measurand.stats.icc import intraclass
from measurand.stats.ratios import ratio_of_sums

RNG = np.random.Generator
Draw = Callable[[RNG], Estimate]
RESAMPLES = 400
TASKS = np.array([0.2, 0.35, 0.5, 0.6, 0.75, 0.9])
"""Mean score of each task; runs deviate from it by ``SD``."""
SD, AHEAD, HALF = 0.15, 0.1, 0.5


def cases() -> Iterator[tuple[str, str, float, Draw]]:
    """(method, size, truth, one sample's estimate)."""
    for n in (10, 30):
        yield "ratio of sums, BCa", f"{n} searches, log-normal", 1.0, _ratio(n, bca=True)
    for n in (12, 50):
        yield "ratio of sums, log scale", f"{n} items, log-normal", 1.0, _ratio(n, bca=False)
    many = TASKS + SD * np.random.default_rng(0).normal(size=(200_000, 1, len(TASKS)))
    above = float(ndtr((TASKS - HALF) / SD).mean())
    better = float(ndtr(AHEAD / SD / 2**0.5))
    for runs in (3, 6, 10):
        size = f"{runs} runs x {len(TASKS)} tasks"
        yield "interquartile mean", size, float(trim_mean(many.ravel(), 0.25)), _iqm(runs)
        yield "probability of improvement", size, better, _improvement(runs)
        yield f"share of scores above {HALF:g}", size, above, _profile(runs)
    for tasks in (9, 20, 50):
        size = f"{tasks} tasks x 4 of 0 or 1, uniform rates"
        yield "ICC(1), F interval", size, 1 / 3, _hits(tasks)


def _ratio(n: int, *, bca: bool) -> Draw:
    def draw(rng: RNG) -> Estimate:
        own = rng.normal(size=n) / 2
        above, below = (np.exp(own + rng.normal(size=n) / 2) for _ in range(2))
        if bca:
            return bca_ratio(above, below, resamples=RESAMPLES)
        return ratio_of_sums(above, below)

    return draw


def _scores(rng: RNG, runs: int, ahead: float = 0.0) -> np.ndarray:
    return TASKS + ahead + SD * rng.normal(size=(runs, len(TASKS)))


def _iqm(runs: int) -> Draw:
    return lambda rng: interquartile_mean(_scores(rng, runs), resamples=RESAMPLES)


def _improvement(runs: int) -> Draw:
    return lambda rng: improvement_probability(
        _scores(rng, runs, AHEAD), _scores(rng, runs), resamples=RESAMPLES
    )


def _profile(runs: int) -> Draw:
    at = np.array([HALF])
    return lambda rng: performance_profile(_scores(rng, runs), at, resamples=RESAMPLES)[0]


def _hits(tasks: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        rates = rng.random((tasks, 1))
        return intraclass((rng.random((tasks, 4)) < rates).astype(float)).icc1

    return draw
