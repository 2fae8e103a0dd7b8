"""Cases of ``coverage.py`` over runs, searches and tasks: ratios, shares, profiles, slopes, ICC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import polars as pl
from scipy.special import expit, ndtr
from scipy.stats import trim_mean

from evaluators.compwob.complexity import slope
from measurand.stats.aggregate import (
    improvement_probability,
    interquartile_mean,
    performance_profile,
)
from measurand.stats.estimate import Estimate
from measurand.stats.logistic import logistic
from measurand.stats.rates import mean_of_rates
from measurand.stats.ratios import ratio_of_sums, share_of_sums
from measurand.stats.repeats import nested_correlation
from measurand.stats.trainings import mean_over_trainings

RNG = np.random.Generator
Draw = Callable[[RNG], Estimate]
RESAMPLES = 400
TASKS = np.array([0.2, 0.35, 0.5, 0.6, 0.75, 0.9])
"""Mean score of each task; runs deviate from it by ``SD``."""
TWO = np.array([0.35, 0.6])
SD, AHEAD, HALF = 0.15, 0.1, 0.5
BUDGET = 500
"""Evaluations after which a search stops."""
EFFECT, APART = 0.7, 1.0
"""Log-odds by a standard deviation of the predictor, and deviation of tasks from the line."""


def cases() -> Iterator[tuple[str, str, float, Draw]]:
    """(method, size, truth, one sample's estimate)."""
    yield from _ratios()
    for items in (4, 9, 118):
        for apart in (0.2, 1.0):
            size = f"6 trainings x {items} items, trainings vary {apart:g}"
            yield "mean over trainings", size, 0.0, _trainings(6, items, apart)
    yield from _games(TASKS, (3, 6, 10))
    yield from _games(TWO, (6,))
    for tasks, runs in ((2, 6), (6, 3), (6, 6)):
        size = f"{runs} runs x {tasks} tasks, rates from 0 to 1"
        yield "share of scores above a threshold", size, 0.0, _rates(tasks, runs)
    for tasks in (5, 8):
        for episodes in (2, 10):
            size = f"{tasks} tasks x {episodes} episodes"
            yield "logistic slope over tasks", size, _truth(tasks), _slope(tasks, episodes)
    for ones, alike in ((0.5, 1 / 3), (0.25, 0.6), (0.1, 0.6), (0.1, 0.1), (0.05, 0.5)):
        for n in (30, 92):
            size = f"{n} scenarios x 2 of 0 or 1, {ones:.0%} are 1, ICC {alike:.2f}"
            yield "ICC(1), test inverted", size, alike, _hits(n, 2, ones, alike)
    for ones, alike in ((0.5, 1 / 3), (0.25, 0.3)):
        size = f"92 scenarios x 4 of 0 or 1, {ones:.0%} are 1, ICC {alike:.2f}"
        yield "ICC(1), scenarios left out", size, alike, _hits(92, 4, ones, alike)


def _ratios() -> Iterator[tuple[str, str, float, Draw]]:
    for n in (5, 10, 12, 30, 50):
        yield "ratio of sums", f"{n} searches or items, log-normal", 1.0, _ratio(n)
    for slow, fast, words in ((1 / 300, 1 / 100, "one in ten"), (1 / 1000, 1 / 1000, "six in ten")):
        truth = _restricted(slow) / _restricted(fast)
        for n in (5, 10, 30):
            size = f"{n} searches, geometric, {words} at the budget"
            yield "ratio of sums", size, truth, _searches(n, slow, fast)
    for rate, varied in ((0.5, 10.0), (0.03, 60.0)):
        for n in (5, 10, 30):
            size = f"share {rate:g} of {n} searches' calls"
            yield "share of sums", size, rate, _calls(n, rate, varied)
    for pages in (12, 18):
        yield "ratio of sums", f"loss a token of {pages} pages", 2.0, _loss(pages)


def _games(tasks: np.ndarray, several: tuple[int, ...]) -> Iterator[tuple[str, str, float, Draw]]:
    many = tasks + SD * np.random.default_rng(0).normal(size=(200_000, 1, len(tasks)))
    above = float(ndtr((tasks - HALF) / SD).mean())
    better = float(ndtr(AHEAD / SD / 2**0.5))
    for runs in several:
        size = f"{runs} runs x {len(tasks)} tasks"
        middle = float(trim_mean(many.ravel(), 0.25))
        yield "interquartile mean", size, middle, _iqm(tasks, runs)
        yield "probability of improvement", size, better, _improvement(tasks, runs)
        yield "share of scores above a threshold", size, above, _profile(tasks, runs)


def _ratio(n: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        own = rng.normal(size=n) / 2
        return ratio_of_sums(*(np.exp(own + rng.normal(size=n) / 2) for _ in range(2)))

    return draw


def _restricted(chance: float) -> float:
    """Mean evaluations to a target that each reaches with this chance, at most ``BUDGET``."""
    return float((1 - (1 - chance) ** BUDGET) / chance)


def _searches(n: int, slow: float, fast: float) -> Draw:
    def draw(rng: RNG) -> Estimate:
        above, below = (np.minimum(rng.geometric(p, n), BUDGET) for p in (slow, fast))
        return ratio_of_sums(above.astype(float), below.astype(float))

    return draw


def _loss(pages: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        tokens = rng.gamma(3, 40, pages) + 5
        nll = tokens * rng.normal(2, 0.4, pages) + np.sqrt(tokens) * rng.normal(0, 1.5, pages)
        return ratio_of_sums(nll, tokens)

    return draw


def _trainings(trainings: int, items: int, apart: float) -> Draw:
    def draw(rng: RNG) -> Estimate:
        x = apart * rng.normal(size=(trainings, 1)) + rng.normal(size=(1, items))
        return mean_over_trainings(x + rng.normal(size=(trainings, items)))

    return draw


def _calls(n: int, rate: float, varied: float) -> Draw:
    def draw(rng: RNG) -> Estimate:
        own = rng.beta(varied * rate, varied * (1 - rate), n)
        whole = rng.poisson(rng.gamma(4, 500, n)) + 1
        return share_of_sums(rng.binomial(whole, own).astype(float), whole.astype(float))

    return draw


def _scores(rng: RNG, tasks: np.ndarray, runs: int, ahead: float = 0.0) -> np.ndarray:
    return tasks + ahead + SD * rng.normal(size=(runs, len(tasks)))


def _iqm(tasks: np.ndarray, runs: int) -> Draw:
    return lambda rng: interquartile_mean(_scores(rng, tasks, runs), resamples=RESAMPLES)


def _improvement(tasks: np.ndarray, runs: int) -> Draw:
    return lambda rng: improvement_probability(
        _scores(rng, tasks, runs, AHEAD), _scores(rng, tasks, runs)
    )


def _profile(tasks: np.ndarray, runs: int) -> Draw:
    return lambda rng: performance_profile(_scores(rng, tasks, runs), np.array([HALF]))[0]


def _rates(tasks: int, runs: int) -> Draw:
    """The interval less the truth, which differs from sample to sample."""

    def draw(rng: RNG) -> Estimate:
        rates = rng.random(tasks)
        found = mean_of_rates(rng.binomial(runs, rates).tolist(), [runs] * tasks)
        assert found.ci_lo is not None
        assert found.ci_hi is not None
        truth = float(rates.mean())
        return replace(found, ci_lo=found.ci_lo - truth, ci_hi=found.ci_hi - truth)

    return draw


def _predictor(tasks: int) -> np.ndarray:
    x = np.arange(tasks, dtype=float)
    made: np.ndarray = (x - x.mean()) / x.std()
    return made


def _truth(tasks: int) -> float:
    """The slope of all episodes of all tasks with these predictors."""
    x = _predictor(tasks)
    at, weights = np.polynomial.hermite_e.hermegauss(60)
    rates = expit(EFFECT * x[:, None] + APART * at) @ weights / weights.sum()
    return float(logistic(x, rates, np.ones(tasks))[0, 1])


def _slope(tasks: int, episodes: int) -> Draw:
    x = np.repeat(_predictor(tasks), episodes)
    names = np.repeat([f"task {i}" for i in range(tasks)], episodes)

    def draw(rng: RNG) -> Estimate:
        own = np.repeat(APART * rng.normal(size=tasks), episodes)
        success = (rng.random(len(x)) < expit(EFFECT * x + own)).astype(float)
        return slope(pl.DataFrame({"x": x, "success": success, "task": names}), "x")

    return draw


def _hits(n: int, k: int, ones: float, alike: float) -> Draw:
    more = 1 / alike - 1

    def draw(rng: RNG) -> Estimate:
        rates = rng.beta(more * ones, more * (1 - ones), (n, 1))
        return nested_correlation((rng.random((n, k)) < rates).astype(float))

    return draw
