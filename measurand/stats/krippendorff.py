"""Krippendorff's alpha: reliability of any number of raters, with gaps, on any level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import LARGEST, AnyArray, FloatArray, numbers, same_length
from measurand.stats.estimate import Estimate
from measurand.stats.exact import weighted
from measurand.stats.pairs_left_out import drawn_by, percentile_by, undefined_by

Level = Literal["nominal", "ordinal", "interval", "ratio"]
MAX_VALUES = 1000
FLAT = 1e-12
"""A chance disagreement below this share of the largest one possible is rounding noise."""


def krippendorff_alpha(
    ratings: AnyArray,
    level: Level,
    *,
    by: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> Estimate:
    """Alpha = 1 - (disagreement within units) / (disagreement of all ratings put together).

    Units with fewer than two ratings say nothing and are left out. The bootstrap draws units (or
    clusters of them) with their ratings; the order of ordinal values is ranked anew each time.

    Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, University of
    Pennsylvania, sections C and D; ordinal differences are those of mid-ranks, which is the same
    sum. Checked against the package ``krippendorff`` and the table of section C.

    Args:
        ratings: (units, raters) numbers, NaN = missing. Raters are interchangeable.
        level: which differences count: unequal (nominal), ranks (ordinal), distances (interval),
            distances by sums (ratio, no negative values).
        by: None for independent units, (units,) their clusters, or (units, 2) items where a unit
            is a pair.
        resamples: bootstrap resamples B; 0 for no interval.
        seed_words: words that the seed is made of.

    Returns:
        The estimate; ``n`` counts the units used.

    Raises:
        InputError: wrong shapes, infinite values, an unknown level, a negative rating on the ratio
            level, more than 1000 distinct values on another level than interval, or too few
            resamples.
    """
    if level not in ("nominal", "ordinal", "interval", "ratio"):
        raise InputError(f"unknown level {level!r}", hint="nominal, ordinal, interval or ratio")
    x = numbers(ratings, 2, "ratings", missing=True, largest=LARGEST)
    if by is not None:
        same_length(len(x), by=by)
    if level == "ratio" and (x < 0).any():
        raise InputError("a negative rating on the ratio level", hint="use interval")
    pairable = (~np.isnan(x)).sum(axis=1) >= 2
    x = x[pairable]
    kept = None if by is None else by[pairable]
    drawn = drawn_by(len(x), kept, resamples, seed_words)
    method = f"Krippendorff's alpha, {level}"
    if len(x) == 0:
        return undefined_by("no unit with two ratings", drawn, method=method)
    if np.nanmin(x) == np.nanmax(x):
        return undefined_by("all ratings are equal", drawn, method=method)
    table = _Interval(x) if level == "interval" else _Values(x, level)
    value = float(table.alpha(np.ones((1, len(x))))[0])
    replicates = np.full(drawn.resamples, np.nan)
    if drawn.drawable:
        replicates = np.concatenate(
            [table.alpha(taken.astype(np.float64)) for taken in drawn.row_batches()]
        )
    return percentile_by(value, replicates, drawn, method=method)


class _Interval:
    """Sums of values and of squares are all that squared distances need."""

    def __init__(self, x: FloatArray) -> None:
        middle = x - (np.nanmin(x) + np.nanmax(x)) / 2
        scaled = middle / np.nanmax(np.abs(middle))
        self.m = (~np.isnan(x)).sum(axis=1).astype(np.float64)
        self.sums, self.squares = np.nansum(scaled, axis=1), np.nansum(scaled**2, axis=1)
        self.within = 2 * (self.m * self.squares - self.sums**2) / (self.m - 1)

    def alpha(self, weights: FloatArray) -> FloatArray:
        n, s, q, within = (
            weighted(weights, part) for part in (self.m, self.sums, self.squares, self.within)
        )
        return _alpha(within, 2 * (n * q - s**2), n, 2.0)


class _Values:
    """How often each unit got each value: (units, values)."""

    def __init__(self, x: FloatArray, level: Level) -> None:
        self.level = level
        self.values = np.unique(x[~np.isnan(x)])
        k = len(self.values)
        if k > MAX_VALUES:
            raise InputError(f"{k} distinct ratings", hint="use interval, or round them")
        unit, rater = np.nonzero(~np.isnan(x))
        code = np.searchsorted(self.values, x[unit, rater])
        flat = np.bincount(unit * k + code, minlength=len(x) * k)
        self.counts = flat.reshape(len(x), k).astype(np.float64)
        self.m = self.counts.sum(axis=1)
        self.cost = 1 - np.eye(k)
        if level == "ratio":
            total = np.add.outer(self.values, self.values)
            apart = np.subtract.outer(self.values, self.values)
            self.cost = np.divide(apart, total, out=np.zeros((k, k)), where=total > 0) ** 2
        self.within = (weighted(self.counts, self.cost) * self.counts).sum(axis=1) / (self.m - 1)

    def alpha(self, weights: FloatArray) -> FloatArray:
        values = weights @ self.counts
        n = values.sum(axis=1)
        if self.level != "ordinal":
            by_chance = (weighted(values, self.cost) * values).sum(axis=1)
            return _alpha(weighted(weights, self.within), by_chance, n, float(self.cost.max()))
        with np.errstate(invalid="ignore", divide="ignore"):
            ranks = (np.cumsum(values, axis=1) - values / 2) / n[:, None] - 0.5
        ranks = np.nan_to_num(ranks)
        s, q = weighted(self.counts, ranks).T, weighted(self.counts, ranks**2).T
        within = (weights * 2 * (self.m * q - s**2) / (self.m - 1)).sum(axis=1)
        sums, squares = (values * ranks).sum(axis=1), (values * ranks**2).sum(axis=1)
        return _alpha(within, 2 * (n * squares - sums**2), n, 1.0)


def _alpha(within: FloatArray, by_chance: FloatArray, n: FloatArray, largest: float) -> FloatArray:
    """1 - (within / n) / (by_chance / (n (n - 1))); NaN where chance has no disagreement."""
    with np.errstate(invalid="ignore", divide="ignore"):
        alpha = 1 - (n - 1) * within / by_chance
    out: FloatArray = np.where(by_chance > FLAT * largest * n * n, alpha, np.nan)
    return out
