"""Scores over many tasks and runs: interquartile mean, profiles, probability of improvement.

Source: Agarwal, Schwarzer, Castro, Courville & Bellemare (2021), "Deep Reinforcement Learning at
the Edge of the Statistical Precipice", NeurIPS 34 (arXiv 2108.13264), sections 4.1 to 4.3.
Intervals come from a stratified bootstrap: within each task, runs are drawn with replacement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, numbers
from measurand.stats.estimate import Estimate
from measurand.stats.resample import Plan, percentile, plan

BATCH = 100


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


def improvement_probability(
    a: AnyArray,
    b: AnyArray,
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed_words: Sequence[str | int] = (),
) -> Estimate:
    """Chance that a run of A beats a run of B on the same task, averaged over tasks.

    Ties count half. Per task this is Mann & Whitney's U over n m. Each pair of runs is compared
    once; a resample weighs the comparisons by how often both runs were drawn, so that no sorting
    is repeated.

    Args:
        a: (runs, tasks) scores of A.
        b: (runs, tasks) scores of B on the same tasks; the number of runs may differ.
        resamples: bootstrap resamples.
        confidence: level of the two-sided interval.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, other tasks, values that are not finite, or too few resamples.
    """
    x, y = _table(a, "a"), _table(b, "b")
    if x.shape[1] != y.shape[1]:
        raise InputError(f"{x.shape[1]} and {y.shape[1]} tasks", hint="give the same tasks")
    wins = (np.sign(x[:, None, :] - y[None, :, :]) + 1) / 2
    value = float(wins.mean())
    drawn = plan(min(len(x), len(y)), None, resamples, ("improvement", *seed_words))
    rng = np.random.default_rng(drawn.seed)
    found = []
    for size in _sizes(resamples):
        first, second = (_counts(rng, size, *t.shape) for t in (x, y))
        weighed = np.einsum("bit,bjt,ijt->b", first, second, wins, optimize=True)
        found.append(weighed / wins.size)
    replicates = np.concatenate(found) if found else np.empty(0)
    method = "probability of improvement"
    runs = x if len(x) <= len(y) else y
    return _interval(value, replicates, runs, drawn, method, confidence)


def performance_profile(
    scores: AnyArray,
    thresholds: AnyArray,
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed_words: Sequence[str | int] = (),
) -> tuple[Estimate, ...]:
    """Share of scores above each threshold (a run-score distribution), with pointwise intervals.

    Args:
        scores: (runs, tasks) normalised scores.
        thresholds: (T,) thresholds.
        resamples: bootstrap resamples.
        confidence: level of the two-sided interval of each point.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, values that are not finite, or too few resamples.
    """
    x, taus = _table(scores, "scores"), numbers(thresholds, 1, "thresholds")
    above = (x[:, :, None] > taus).astype(np.float64)
    drawn = plan(len(x), None, resamples, ("profile", *seed_words))
    rng = np.random.default_rng(drawn.seed)
    replicates = np.concatenate(
        [
            np.einsum("bit,itk->bk", _counts(rng, size, *x.shape), above) / x.size
            for size in _sizes(resamples)
        ]
        or [np.empty((0, len(taus)))]
    )
    return tuple(
        _interval(
            float(above[:, :, k].mean()),
            replicates[:, k],
            x,
            drawn,
            f"share of scores above {taus[k]:g}",
            confidence,
        )
        for k in range(len(taus))
    )


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


def _counts(rng: np.random.Generator, size: int, runs: int, tasks: int) -> FloatArray:
    """How often each run of each task is drawn: (size, runs, tasks); sums to ``runs`` a task."""
    taken = rng.integers(0, runs, (size, runs, tasks))
    cell = (np.arange(size)[:, None, None] * runs + taken) * tasks + np.arange(tasks)
    counts = np.bincount(cell.ravel(), minlength=size * runs * tasks)
    return counts.reshape(size, runs, tasks).astype(np.float64)


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
