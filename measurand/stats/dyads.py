"""Figures over pairs of items: two pairs that share an item are not independent.

A row is a pair of items. Its mean error allows for both memberships of each pair, and the
bootstrap draws items, not pairs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, IntArray, codes, numbers
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.exact import product, weighted
from measurand.stats.means import cluster_mean, proportion, student, within_unit
from measurand.stats.resample import BATCH, BATCH_NUMBERS, Counts, Plan, percentile, plan


def dyadic_mean(values: AnyArray, items: AnyArray, *, confidence: float = 0.95) -> Estimate:
    """Mean over pairs with an error that allows for every item two pairs may share.

    The variance sums the products of all two rows that share an item, a row with itself among
    them. With G the smaller of the numbers of items and of distinct pairs it is multiplied by
    G/(G-1), and Student's t has G - 1 degrees. Where each item is in one pair this is the plain
    mean of independent rows.

    Source: Aronow, Samii & Assenova (2015), Political Analysis 23, 564-577, equation 2 for an
    intercept; in one pass as sums over items less the sums over pairs. Where sampling noise takes
    it below the variance over distinct pairs, that one is taken.

    Args:
        values: (n,) one number per pair, finite.
        items: (n, 2) the two items of each pair; their order does not matter.
        confidence: level of the two-sided interval.

    Returns:
        The estimate; ``n_clusters`` is G.

    Raises:
        InputError: wrong shapes, values that are not finite, or a pair of an item with itself.
    """
    x = numbers(values, 1, "values")
    n = len(x)
    pairs, n_items = item_codes(items, n)
    if n == 0:
        return undefined("no rows", method="mean over pairs", n=0)
    dyads, n_dyads = _dyads(pairs, n_items)
    g = min(n_items, n_dyads)
    mean = float(x[0]) if np.ptp(x) == 0 else float(x.mean())
    if g < 2:
        return Estimate(
            mean,
            confidence=confidence,
            method="mean over pairs",
            n=n,
            n_clusters=g,
            reason="no interval: fewer than two distinct pairs",
        )
    apart = x - mean
    by_item = np.bincount(pairs.ravel(), np.repeat(apart, 2), minlength=n_items)
    by_dyad = np.bincount(dyads, apart, minlength=n_dyads)
    own = product(by_dyad, by_dyad)
    variance = g / (g - 1) * max(product(by_item, by_item) - own, own) / n**2
    se, reason = math.sqrt(variance), None
    if se <= 1e-12 * float(np.abs(x).max()):
        se, reason = 0.0, "degenerate: no variation between pairs, the interval is a point"
    method = f"mean over pairs; t({g - 1}) interval, dyadic-robust error over {n_items} items"
    return student(mean, se, g - 1, confidence, method, n, g, reason)


def mean_by(values: AnyArray, by: AnyArray | None = None, *, confidence: float = 0.95) -> Estimate:
    """The mean that fits the sampling: rows, clusters of rows, or pairs of items.

    Args:
        values: (n,) finite numbers.
        by: None for independent rows, (n,) clusters (:func:`cluster_mean`), or (n, 2) the two
            items of each row (:func:`dyadic_mean`).
        confidence: level of the two-sided interval.
    """
    if by is not None and by.ndim == 2:
        return dyadic_mean(values, by, confidence=confidence)
    return cluster_mean(values, by, confidence=confidence)


def share_by(hits: AnyArray, by: AnyArray | None = None) -> Estimate:
    """Share of 1 among 0 and 1 with an interval that stays inside and is never a point.

    :func:`mean_by` on the logit scale (:func:`measurand.stats.means.within_unit`). Where all rows
    are equal it is Clopper & Pearson's with each unit one trial: rows of a unit may be copies.

    Args:
        hits: (n,) zeros and ones.
        by: as in :func:`mean_by`.

    Raises:
        InputError: wrong shapes or other values than 0 and 1.
    """
    x = numbers(hits, 1, "hits")
    if not np.isin(x, (0.0, 1.0)).all():
        raise InputError("hits holds other values than 0 and 1", hint="compare first")
    found = mean_by(x, by)
    if not len(x) or np.ptp(x) > 0:
        return within_unit(found)
    units = len(x) if found.n_clusters is None else found.n_clusters
    whole = proportion(units * int(x[0]), units, "clopper_pearson")
    over = "rows" if by is None else "clusters" if by.ndim == 1 else "items of pairs"
    return replace(
        whole, n=len(x), n_clusters=found.n_clusters, method=f"{whole.method} over {over}"
    )


@dataclass(frozen=True)
class PairPlan:
    """Which items are drawn; a pair counts as often as its two items together.

    Attributes:
        items: the plan of the items.
        first: (n,) code of the first item of each pair.
        second: (n,) code of the second.
    """

    items: Plan
    first: IntArray
    second: IntArray

    @property
    def n(self) -> int:
        """Pairs."""
        return len(self.first)

    @property
    def resamples(self) -> int:
        """Number of resamples B."""
        return self.items.resamples

    @property
    def drawable(self) -> bool:
        """Whether there is anything to draw."""
        return self.items.drawable and self.n > 0

    def row_batches(self) -> Iterator[Counts]:
        """How often each pair counts in each resample: (b, n)."""
        # Far more pairs than items there may be; the same draws come in smaller batches.
        for drawn in self.items.batches(min(BATCH, BATCH_NUMBERS // max(self.n, 1))):
            yield drawn[:, self.first] * drawn[:, self.second]

    def resampled_sums(self, features: FloatArray) -> FloatArray:
        """Sums of (p, n) features in every resample: (B, p)."""
        return np.concatenate([weighted(taken, features) for taken in self.row_batches()])


Drawn = Plan | PairPlan


def drawn_by(n: int, by: AnyArray | None, resamples: int, seed_words: Sequence[str | int]) -> Drawn:
    """The resampling of ``n`` rows: of rows, of clusters (n,), or of the items of pairs (n, 2).

    For pairs the items are drawn and a pair weighs the product of its two items' counts. The
    interval is never too narrow for it, but wide: what is particular to a pair is counted up to
    three times, so that the error is up to 1.7 times that of independent pairs where items are
    hardly shared. For means prefer :func:`dyadic_mean`.

    Source: Owen (2007), Annals of Applied Statistics 1, 386-411 (the pigeonhole bootstrap, and
    the factor of three in section 4); Snijders & Borgatti (1999), Connections 22, 161-170, for
    two items of one sample.

    Raises:
        InputError: wrong shapes, a pair of an item with itself, or too few resamples.
    """
    if by is None or by.ndim != 2:
        return plan(n, by, resamples, seed_words)
    pairs, n_items = item_codes(by, n)
    return PairPlan(
        plan(n_items, np.arange(n_items), resamples, seed_words), pairs[:, 0], pairs[:, 1]
    )


def percentile_by(
    value: float, replicates: FloatArray, drawn: Drawn, *, method: str, confidence: float = 0.95
) -> Estimate:
    """:func:`measurand.stats.resample.percentile` for rows, clusters or pairs of items."""
    if isinstance(drawn, Plan):
        return percentile(value, replicates, drawn, method=method, confidence=confidence)
    found = percentile(
        value, replicates, drawn.items, method=method, n=drawn.n, confidence=confidence
    )
    return replace(found, method=found.method.replace("over clusters", "over the items of pairs"))


def undefined_by(reason: str, drawn: Drawn, *, method: str) -> Estimate:
    """An undefined figure with the rows and units of its plan."""
    of = drawn.items if isinstance(drawn, PairPlan) else drawn
    shown = None if of.units is None else of.n_units
    return undefined(reason, method=method, n=drawn.n, n_clusters=shown)


def item_codes(items: AnyArray, n: int) -> tuple[IntArray, int]:
    """The items of ``n`` pairs as whole numbers (n, 2), and how many items there are.

    Raises:
        InputError: not (n, 2), a label missing, or a pair of an item with itself.
    """
    if not isinstance(items, np.ndarray) or items.shape != (n, 2):
        raise InputError("items is not an (n, 2) numpy array", hint="give the two items per row")
    flat, n_items = codes(items.ravel(), 2 * n, "items")
    pairs = flat.reshape(n, 2)
    if (pairs[:, 0] == pairs[:, 1]).any():
        raise InputError("a pair of an item with itself", hint="leave such pairs out")
    return pairs, n_items


def _dyads(pairs: IntArray, n_items: int) -> tuple[IntArray, int]:
    """Code of the unordered pair of each row."""
    return codes(pairs.min(axis=1) * n_items + pairs.max(axis=1), len(pairs))
