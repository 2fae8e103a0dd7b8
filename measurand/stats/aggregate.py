"""Scores over many tasks and runs: interquartile mean, profiles, probability of improvement.

Source: Agarwal, Schwarzer, Castro, Courville & Bellemare (2021), "Deep Reinforcement Learning at
the Edge of the Statistical Precipice", NeurIPS 34 (arXiv 2108.13264), sections 4.1 to 4.3.
Tasks are those of interest and runs a sample: the interquartile mean has the paper's stratified
bootstrap, which draws runs within each task; the others have what holds for a handful of runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, numbers
from measurand.stats.estimate import Estimate
from measurand.stats.rates import mean_of_rates
from measurand.stats.resample import Plan, percentile, plan

BATCH = 100
FLAT = 1e-12
"""Variances below this are rounding noise."""


def interquartile_mean(
    scores: AnyArray,
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed_words: Sequence[str | int] = (),
) -> Estimate:
    """Mean of the middle half of all scores; runs drawn within tasks.

    A quarter of the scores is cut off at each end, rounded down, as ``scipy.stats.trim_mean``.

    Args:
        scores: (runs, tasks) normalised scores.
        resamples: bootstrap resamples.
        confidence: level of the two-sided interval.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shape, values that are not finite, nothing to average, or too few
            resamples.
    """
    x = _table(scores, "scores")
    drawn = plan(len(x), None, resamples, ("iqm", *seed_words))
    replicates = np.concatenate(
        [_trimmed(taken.reshape(len(taken), -1)) for taken in _draws(x, drawn)] or [np.empty(0)]
    )
    value = float(_trimmed(x.reshape(1, -1))[0])
    return _interval(value, replicates, x, drawn, "interquartile mean", confidence)


def improvement_probability(a: AnyArray, b: AnyArray, *, confidence: float = 0.95) -> Estimate:
    """Chance that a run of A beats a run of B on the same task, averaged over tasks.

    Ties count half. Per task this is Mann & Whitney's U over n m, whose variance is estimated
    without bias: the square of the mean less that of pairs that share no run. The interval is made
    on the logit scale. A stratified bootstrap, as the paper has it, holds the truth in 98 of 100
    instead of 95 where there are three to ten runs: it counts the comparisons' own error twice.

    Source: Brunner & Konietschke (2025), Statistical Papers 66 (arXiv 2409.05038), for the variance
    with ties, here by pairs of comparisons in place of ranks; the delta method for the scale.

    Args:
        a: (runs, tasks) scores of A.
        b: (runs, tasks) scores of B on the same tasks; the number of runs may differ.
        confidence: level of the two-sided interval.

    Returns:
        The estimate; without an interval, and with the reason, of a single run and where the sample
        shows no variance, as where all runs of one side win.

    Raises:
        InputError: wrong shapes, other tasks, or values that are not finite.
    """
    from scipy.special import expit, logit, ndtri

    x, y = _table(a, "a"), _table(b, "b")
    if x.shape[1] != y.shape[1]:
        raise InputError(f"{x.shape[1]} and {y.shape[1]} tasks", hint="give the same tasks")
    wins = (np.sign(x[:, None, :] - y[None, :, :]) + 1) / 2
    value = float(wins.mean())
    runs, tasks = x.shape if len(x) <= len(y) else y.shape
    bare = Estimate(
        value,
        confidence=confidence,
        method=f"probability of improvement over {tasks} tasks x {runs} runs",
        n=runs * tasks,
        least=0.0,
        most=1.0,
    )
    if runs < 2:
        return replace(bare, reason="no interval: 1 run")
    variance = float(_variances(wins).sum()) / tasks**2
    if variance <= FLAT or not 0 < value < 1:
        return replace(bare, reason="no interval: the sample shows no variance")
    se = math.sqrt(variance)
    tails = ndtri(np.array([(1 - confidence) / 2, (1 + confidence) / 2, 0.05, 0.95]))
    ends = expit(logit(value) + tails * se / (value * (1 - value)))
    lo, hi, lower, upper = ends.tolist()
    method = f"{bare.method}; normal interval on the logit scale, unbiased variance"
    return replace(bare, se=se, ci_lo=lo, ci_hi=hi, lower=lower, upper=upper, method=method)


def _variances(wins: FloatArray) -> FloatArray:
    """(tasks,) unbiased variance of the mean of each task's (n, m) comparisons."""
    n, m = wins.shape[:2]
    total = wins.sum(axis=(0, 1))
    shared = (wins.sum(axis=1) ** 2).sum(axis=0) + (wins.sum(axis=0) ** 2).sum(axis=0)
    apart = total**2 - shared + (wins**2).sum(axis=(0, 1))
    found: FloatArray = (total / (n * m)) ** 2 - apart / (n * (n - 1) * m * (m - 1))
    return found


def performance_profile(
    scores: AnyArray, thresholds: AnyArray, *, confidence: float = 0.95
) -> tuple[Estimate, ...]:
    """Share of scores above each threshold (a run-score distribution), with pointwise intervals.

    The mean over tasks of each task's share of runs, as of
    :func:`measurand.stats.rates.mean_of_rates`. A stratified bootstrap, as the paper has it, draws
    no other share where all runs of a task lie on one side: it holds the truth in 13 to 88 of 100
    of two tasks with six runs each.

    Args:
        scores: (runs, tasks) normalised scores.
        thresholds: (T,) thresholds.
        confidence: level of the two-sided interval of each point.

    Raises:
        InputError: wrong shape, or values that are not finite.
    """
    x, taus = _table(scores, "scores"), numbers(thresholds, 1, "thresholds")
    runs, tasks = x.shape
    found = []
    for tau in taus:
        above = (x > tau).sum(axis=0).tolist()
        share = mean_of_rates(above, [runs] * tasks, confidence=confidence)
        what = f"share of scores above {tau:g} over {tasks} tasks x {runs} runs"
        found.append(replace(share, method=f"{what}; {share.method}"))
    return tuple(found)


def _table(x: AnyArray, name: str) -> FloatArray:
    table = numbers(x, 2, name)
    if not table.size:
        raise InputError(f"{name} is empty", hint="give runs in rows and tasks in columns")
    return table


def _trimmed(x: FloatArray) -> FloatArray:
    """Mean of the middle half of each row."""
    n = x.shape[1]
    cut = n // 4
    ordered = np.partition(x, (cut, n - cut - 1), axis=1)[:, cut : n - cut]
    found: FloatArray = ordered.mean(axis=1)
    return found


def _sizes(resamples: int) -> list[int]:
    return [min(BATCH, resamples - start) for start in range(0, resamples, BATCH)]


def _draws(x: FloatArray, drawn: Plan) -> Iterator[FloatArray]:
    rng = np.random.default_rng(drawn.seed)
    runs, tasks = x.shape
    columns = np.arange(tasks)
    for size in _sizes(drawn.resamples):
        yield x[rng.integers(0, runs, (size, runs, tasks)), columns]


def _interval(
    value: float,
    replicates: FloatArray,
    x: FloatArray,
    drawn: Plan,
    method: str,
    confidence: float,
) -> Estimate:
    runs, tasks = x.shape
    found = f"{method} over {tasks} tasks x {runs} runs, runs drawn within tasks"
    return percentile(value, replicates, drawn, method=found, n=x.size, confidence=confidence)
