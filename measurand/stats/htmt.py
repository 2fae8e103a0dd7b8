"""Are two scales one: the ratio of correlations between traits to those within them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import LARGEST, AnyArray, FloatArray, codes, numbers, same_length
from measurand.stats.covariance import correlation, covariance, resampled_covariances
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.folded import folded_bias, widened
from measurand.stats.jackknife import leaving_out, student_t
from measurand.stats.resample import Plan, plan


def heterotrait_monotrait(
    x: AnyArray,
    scales: AnyArray,
    *,
    clusters: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> dict[tuple[str, str], Estimate]:
    """HTMT of each pair of scales: near 1, their items measure one thing.

    The mean absolute correlation of an item of one scale with one of the other, by the geometric
    mean of the two scales' mean absolute correlations among their own items. Values above 1 occur
    and are reported as they are; .85 or .90 are usual limits for different traits.

    Source: Henseler, Ringle & Sarstedt (2015), J. of the Academy of Marketing Science 43, 115-135,
    equation 6, with absolute correlations as in R ``semTools::htmt(absolute=TRUE)``. The interval
    allows for the bias of absolute values (:mod:`measurand.stats.folded`).

    Args:
        x: (n, k) answers; rows with a missing one are left out.
        scales: (k,) name of the scale of each item, two scales or more with two items each.
        clusters: (n,) unit of independent sampling of each row.
        resamples: bootstrap resamples; 0 for no intervals.
        seed_words: words that the seed is made of.

    Returns:
        An estimate for each pair of scales, in sorted order.

    Raises:
        InputError: wrong shapes, infinite values, or scales of one item.
    """
    items = numbers(x, 2, "x", missing=True, largest=LARGEST)
    names = np.asarray(scales).astype(str)
    member, count = codes(names, items.shape[1], "scales")
    sizes = np.bincount(member, minlength=count)
    if count < 2 or sizes.min() < 2:
        raise InputError(f"scales of {sizes.tolist()} items", hint="two or more of two or more")
    labels = sorted(set(names.tolist()))
    if clusters is not None:
        same_length(len(items), clusters=clusters)
    whole = ~np.isnan(items).any(axis=1)
    kept = items[whole]
    units = None if clusters is None else clusters[whole]
    drawn = leaving_out(plan(len(kept), units, resamples, seed_words))
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    method = "heterotrait-monotrait ratio"
    if len(kept) < 2:
        reason = f"{len(kept)} complete rows, at least 2 needed"
        return {
            (labels[i], labels[j]): undefined(reason, method=method, n=len(kept)) for i, j in pairs
        }
    r = correlation(covariance(kept))
    found = _ratios(np.abs(r), member, pairs)
    replicates, errors = _without(kept, r, member, pairs, drawn)
    # Between traits alone: there the correlations are near 0, and noise makes them larger.
    nearer = found - _ratios(np.abs(r) - _excess(r, errors, member), member, pairs)
    return {
        (labels[i], labels[j]): widened(
            student_t(float(value), column, drawn, method=method), float(below), 0.0, low=0.0
        )
        if np.isfinite(value)
        else undefined(
            "an item does not vary, or a scale's items do not go together at all",
            method=method,
            n=len(kept),
        )
        for (i, j), value, column, below in zip(pairs, found, replicates.T, nearer, strict=True)
    }


def _without(
    x: FloatArray, r: FloatArray, member: AnyArray, pairs: Sequence[tuple[int, int]], drawn: Plan
) -> tuple[FloatArray, FloatArray]:
    """(B, pairs) ratios without each unit, and the standard errors of the (k, k) correlations."""
    if not drawn.drawable:
        return np.full((drawn.resamples, len(pairs)), np.nan), np.zeros_like(r)
    ratios, moved, squares, many = [], np.zeros_like(r), np.zeros_like(r), 0
    for cov in resampled_covariances(x, drawn):
        one = correlation(cov)
        ratios.append(_ratios(np.abs(one), member, pairs))
        apart = np.nan_to_num(one - r)
        moved += apart.sum(axis=0)
        squares += (apart**2).sum(axis=0)
        many += len(one)
    spread = np.maximum(squares - moved**2 / many, 0.0)
    units = drawn.n_units
    share = (units - 1) / units if drawn.jackknife else units / (units - 1) / (many - 1)
    return np.concatenate(ratios), np.sqrt(spread * share)


def _excess(r: FloatArray, errors: FloatArray, member: AnyArray) -> FloatArray:
    """How far absolute correlations between traits may lie above the truth; 0 within a trait."""
    between = member[:, None] != member
    return np.where(between, folded_bias(r, errors), 0.0)


def _ratios(size: FloatArray, member: AnyArray, pairs: Sequence[tuple[int, int]]) -> FloatArray:
    """(..., pairs) ratios of (..., k, k) sizes of correlations; NaN where undefined."""
    columns = []
    with np.errstate(invalid="ignore", divide="ignore"):
        for i, j in pairs:
            a, b = np.flatnonzero(member == i), np.flatnonzero(member == j)
            between = size[..., a[:, None], b].mean(axis=(-2, -1))
            columns.append(between / np.sqrt(_within(size, a) * _within(size, b)))
    found: FloatArray = np.stack(columns, axis=-1)
    return found


def _within(size: FloatArray, members: AnyArray) -> FloatArray:
    """Mean over the pairs of a scale's own items."""
    k = len(members)
    block = size[..., members[:, None], members]
    diagonal = np.trace(block, axis1=-2, axis2=-1)
    mean: FloatArray = (block.sum(axis=(-2, -1)) - diagonal) / (k * (k - 1))
    return mean
