"""Cohen's kappa of two raters: agreement beyond what their habits give by chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, numbers, same_length
from measurand.stats.estimate import Estimate
from measurand.stats.pairs_left_out import drawn_by, percentile_by, undefined_by

Weights = Literal["none", "linear", "quadratic"]
MAX_CATEGORIES = 1000


def cohen_kappa(
    a: AnyArray,
    b: AnyArray,
    *,
    weights: Weights = "none",
    categories: AnyArray | None = None,
    by: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> Estimate:
    """Kappa = 1 - (observed disagreement) / (disagreement of the two margins by chance).

    Source: Cohen (1960), Educational and Psychological Measurement 20, 37-46, and for weights
    Cohen (1968), Psychological Bulletin 70, 213-220. A disagreement weighs 1, the distance of the
    two categories in their order (linear) or its square (quadratic). Equal to scikit-learn's
    ``cohen_kappa_score``.

    Args:
        a: (n,) categories as numbers, NaN = missing; rows with one missing are left out.
        b: (n,) the other rater's, of the same items in the same order.
        weights: how a disagreement weighs.
        categories: (k,) all categories in order; without, those that occur, rising. Matters only
            to weights, since a category that nobody used still lies between two others.
        by: None for independent rows, (n,) their clusters, or (n, 2) items where a row is a pair.
        resamples: bootstrap resamples B; 0 for no interval.
        seed_words: words that the seed is made of.

    Returns:
        The estimate; undefined without rows, or where both raters used one and the same category
        throughout, so that nothing is left to agree on beyond chance.

    Raises:
        InputError: wrong shapes, infinite values, an unknown weighting, more than 1000 categories,
            a rating that is none of the categories, or too few resamples.
    """
    if weights not in ("none", "linear", "quadratic"):
        raise InputError(f"unknown weights {weights!r}", hint="none, linear or quadratic")
    first, second = numbers(a, 1, "a", missing=True), numbers(b, 1, "b", missing=True)
    same_length(len(first), b=second)
    if by is not None:
        same_length(len(first), by=by)
    both = ~(np.isnan(first) | np.isnan(second))
    first, second = first[both], second[both]
    drawn = drawn_by(len(first), None if by is None else by[both], resamples, seed_words)
    method = "Cohen's kappa" if weights == "none" else f"Cohen's kappa, {weights} weights"
    if len(first) == 0:
        return undefined_by("no row with both ratings", drawn, method=method)
    rising, place = _categories(first, second, categories)
    i, j = (place[np.searchsorted(rising, side)] for side in (first, second))
    cost, one_hot = _cost(len(place), weights), np.eye(len(place))
    features = np.vstack([cost[i, j], one_hot[:, i], one_hot[:, j]])
    value = float(_kappa(features.sum(axis=1)[None], cost)[0])
    if not np.isfinite(value):
        return undefined_by("both raters used one and the same category", drawn, method=method)
    replicates = np.full(drawn.resamples, np.nan)
    if drawn.drawable:
        replicates = _kappa(drawn.resampled_sums(features), cost)
    return percentile_by(value, replicates, drawn, method=method)


def _categories(
    first: FloatArray, second: FloatArray, given: AnyArray | None
) -> tuple[FloatArray, AnyArray]:
    """The categories in rising order, and each one's place in the order that counts."""
    seen = np.unique(np.concatenate([first, second]))
    order = seen if given is None else numbers(given, 1, "categories")
    rising, place = np.unique(order, return_index=True)
    if len(rising) != len(order):
        raise InputError("categories holds one twice", hint="name each category once")
    if len(rising) > MAX_CATEGORIES:
        raise InputError(
            f"{len(rising)} categories", hint="kappa is for categories: round, or correlate"
        )
    strange = np.setdiff1d(seen, rising)
    if len(strange):
        raise InputError(
            f"a rating {strange[0]:g} is none of the categories", hint="name all categories"
        )
    return rising, place


def _cost(k: int, weights: Weights) -> FloatArray:
    steps = np.arange(k, dtype=np.float64)
    apart: FloatArray = np.abs(steps[:, None] - steps)
    if weights == "none":
        return np.minimum(apart, 1.0)
    return apart if weights == "linear" else apart**2


def _kappa(sums: FloatArray, cost: FloatArray) -> FloatArray:
    """Kappa from (B, 1 + 2k) sums: observed cost, both margins; NaN where chance has none."""
    k = len(cost)
    observed, one, two = sums[:, 0], sums[:, 1 : k + 1], sums[:, k + 1 :]
    with np.errstate(invalid="ignore"):  # a resample without any row has no kappa
        expected = ((one @ cost) * two).sum(axis=1) / one.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        out: FloatArray = np.where(expected > 0, 1 - observed / expected, np.nan)
    return out
