"""Medians of groups and the difference of two, with a bootstrap over clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, IntArray, codes, numbers
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.resample import Plan, percentile, plan


def group_medians(
    values: AnyArray,
    groups: AnyArray,
    *,
    clusters: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> dict[Any, Estimate]:
    """Median of each group by its label, in sorted order; all groups see the same resamples.

    Args:
        values: (n,) scores, finite.
        groups: (n,) group of each row.
        clusters: (n,) unit of independent sampling of each row; a cluster may span groups.
        resamples: bootstrap resamples B; 0 for no intervals.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, values that are not finite or too few resamples.
    """
    x = numbers(values, 1, "values")
    group, n_groups = codes(groups, len(x), "groups")
    drawn = plan(len(x), clusters, resamples, seed_words)
    replicates = _resampled(x, group, n_groups, drawn)
    out: dict[Any, Estimate] = {}
    for g, label in enumerate(np.unique(groups).tolist()):
        inside = x[group == g]
        out[label] = percentile(
            float(np.median(inside)), replicates[:, g], drawn, method="median", n=len(inside)
        )
    return out


def median_difference(
    values: AnyArray,
    high: AnyArray,
    *,
    clusters: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> Estimate:
    """Median where ``high`` is true minus median where it is false.

    Args:
        values: (n,) scores, finite.
        high: (n,) booleans.
        clusters: (n,) unit of independent sampling of each row; a cluster may span both sides.
        resamples: bootstrap resamples B; 0 for no interval.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, values that are not finite, ``high`` not boolean, or too few
            resamples.
    """
    method = "difference of medians"
    x = numbers(values, 1, "values")
    if not isinstance(high, np.ndarray) or high.dtype.kind != "b" or high.shape != x.shape:
        raise InputError("high is not a boolean array like values", hint="compare first")
    drawn = plan(len(x), clusters, resamples, seed_words)
    if high.all() or not high.any():
        shown = None if drawn.units is None else drawn.n_units
        return undefined("one side has no rows", method=method, n=len(x), n_clusters=shown)
    value = float(np.median(x[high]) - np.median(x[~high]))
    replicates = _resampled(x, high.astype(np.int64), 2, drawn)
    return percentile(value, replicates[:, 1] - replicates[:, 0], drawn, method=method)


def _resampled(x: FloatArray, group: IntArray, n_groups: int, drawn: Plan) -> FloatArray:
    """(B, groups) medians of the resamples; NaN where a group was not drawn."""
    if not drawn.drawable:
        return np.full((drawn.resamples, n_groups), np.nan)
    members = [np.flatnonzero(group == g) for g in range(n_groups)]
    ordered = [rows[np.argsort(x[rows], kind="stable")] for rows in members]
    return np.concatenate(
        [
            np.column_stack([_weighted_median(x[rows], taken[:, rows]) for rows in ordered])
            for taken in drawn.row_batches()
        ]
    )


def _weighted_median(ranked: FloatArray, weights: AnyArray) -> FloatArray:
    """(b,) medians of rising values, each taken a whole number of times: (b, n) weights."""
    reached = np.cumsum(weights, axis=1, dtype=np.float64)
    total = reached[:, -1:]
    last = len(ranked) - 1
    below, above = (
        ranked[np.minimum((reached < middle).sum(axis=1), last)]
        for middle in (np.floor((total + 1) / 2), np.floor(total / 2) + 1)
    )
    out: FloatArray = np.where(total[:, 0] > 0, (below + above) / 2, np.nan)
    return out
