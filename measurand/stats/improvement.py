"""A few trainings on a few tasks: the middle of all scores, and how often one method beats another.

Source: Agarwal et al. 2021, Deep Reinforcement Learning at the Edge of the Statistical Precipice
(arXiv 2108.13264), sections 4.2 and 4.3. The bootstrap draws trainings within each task, so an
interval is about other trainings on the same tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, numbers
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.resample import percentile, plan


def interquartile_mean(
    scores: AnyArray, *, resamples: int = 2000, seed_words: Sequence[str | int] = ()
) -> Estimate:
    """Mean of the middle half of all scores: a quarter of them, rounded down, is cut at each end.

    Args:
        scores: (R, K) score of every training on every task, on one scale.
        resamples: bootstrap resamples; 0 for no interval.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shape, or values that are not finite.
    """
    x = numbers(scores, 2, "scores")
    if x.size == 0:
        return undefined("no scores", method="interquartile mean", n=0)

    def figure(drawn: FloatArray) -> FloatArray:
        flat = np.sort(drawn.reshape(len(drawn), -1), axis=1)
        cut = flat.shape[1] // 4
        return _mean(flat[:, cut : flat.shape[1] - cut])

    return _drawn(figure, (x,), "interquartile mean", resamples, seed_words)


def probability_of_improvement(
    x: AnyArray, y: AnyArray, *, resamples: int = 2000, seed_words: Sequence[str | int] = ()
) -> Estimate:
    """Chance that a training by one method beats one by another, ties half, mean over tasks.

    On one task it is the Mann-Whitney statistic over the number of pairs.

    Args:
        x: (R, K) scores of the one, more is better.
        y: (S, K) scores of the other on the same tasks.
        resamples: bootstrap resamples; 0 for no interval.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, or values that are not finite.
    """
    a, b = numbers(x, 2, "x"), numbers(y, 2, "y")
    if a.shape[1] != b.shape[1]:
        raise InputError(f"{a.shape[1]} and {b.shape[1]} tasks", hint="give the same tasks of both")
    if a.size == 0 or b.size == 0:
        return undefined("no scores", method="probability of improvement", n=0)

    def figure(one: FloatArray, other: FloatArray) -> FloatArray:
        signs = np.sign(one[:, :, None, :] - other[:, None, :, :])
        return _mean((0.5 + 0.5 * signs).reshape(len(signs), -1))

    return _drawn(figure, (a, b), "probability of improvement", resamples, seed_words)


def _mean(values: FloatArray) -> FloatArray:
    found: FloatArray = values.mean(axis=1)
    return found


def _drawn(
    figure: Callable[..., FloatArray],
    samples: tuple[FloatArray, ...],
    method: str,
    resamples: int,
    seed_words: Sequence[str | int],
) -> Estimate:
    """The figure, and its bootstrap: each sample's trainings are drawn anew within every task."""
    fewest = min(len(sample) for sample in samples)
    drawn = plan(fewest, None, resamples, seed_words)
    value = float(figure(*(sample[None] for sample in samples))[0])
    replicates = np.empty(0)
    if drawn.drawable:
        rng = np.random.default_rng(drawn.seed)
        parts = []
        for sample in samples:
            picks = rng.integers(0, len(sample), (resamples, *sample.shape))
            parts.append(np.take_along_axis(np.broadcast_to(sample, picks.shape), picks, axis=1))
        replicates = figure(*parts)
    n = sum(sample.size for sample in samples)
    return percentile(value, replicates, drawn, method=f"{method} over trainings x tasks", n=n)
