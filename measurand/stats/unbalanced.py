"""Agreement of ratings in a table with gaps: one-way and two-way intraclass correlations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from measurand.stats.arrays import LARGEST, AnyArray, FloatArray, numbers
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.exact import product, products, weighted
from measurand.stats.pairs_left_out import Drawn, drawn_by, percentile_by, undefined_by

FLAT = 1e-12
"""A sum of squares below this share of the largest one possible is rounding noise."""


@dataclass(frozen=True)
class Agreement:
    """Intraclass correlations of single ratings, from variance components.

    Attributes:
        one_way: ICC(1): raters are different for every target, or not told apart.
        absolute: ICC(A,1): raters are a sample, their severity counts against agreement.
        consistency: ICC(C,1): their severity does not.
    """

    one_way: Estimate
    absolute: Estimate
    consistency: Estimate


def agreement(
    table: AnyArray,
    *,
    by: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> Agreement:
    """Intraclass correlations of one rating, whatever ratings are missing.

    Components of variance by fitting constants (Henderson's method III): for a table without gaps
    they are those of the mean squares. Not clipped at 0. The bootstrap draws targets (or clusters
    of them) with their ratings.

    Source: Searle, Casella & McCulloch (1992), Variance Components, sections 3.6 (one-way,
    unbalanced) and 5.5 (two-way, constants); names after McGraw & Wong (1996), Psychological
    Methods 1, 30-46. One-way without gaps is ICC(1,1) of Shrout & Fleiss (1979).

    Args:
        table: (targets, raters) ratings, NaN = missing; targets without a rating are left out.
        by: (targets,) clusters of targets; None where they are independent.
        resamples: bootstrap resamples B; 0 for no interval.
        seed_words: words that the seed is made of.

    Returns:
        The three forms; ``n`` counts the targets used. Undefined with fewer than two targets, no
        target with two ratings, or where nothing varies.

    Raises:
        InputError: wrong shape, or infinite values.
    """
    x = numbers(table, 2, "table", missing=True, largest=LARGEST)
    used = (~np.isnan(x)).any(axis=1)
    x = x[used]
    drawn = drawn_by(len(x), None if by is None else by[used], resamples, seed_words)
    names = ("ICC(1)", "ICC(A,1)", "ICC(C,1)")
    methods = tuple(f"{name} of a table with gaps, constants fitted" for name in names)
    why = _why_not(x)
    if why is not None:
        return Agreement(*(undefined_by(why, drawn, method=m) for m in methods))
    sums = _Sums(x)
    values = sums.forms(np.ones((1, len(x))))[0]
    replicates = np.full((drawn.resamples, 3), np.nan)
    if drawn.drawable:
        parts = [sums.forms(taken.astype(np.float64)) for taken in drawn.row_batches()]
        replicates = np.concatenate(parts)
    found = [_estimate(values[i], replicates[:, i], drawn, methods[i]) for i in range(3)]
    return Agreement(*found)


def one_way(table: AnyArray) -> Estimate:
    """ICC(1) of :func:`agreement`, without an interval and for any number of columns.

    Raises:
        InputError: wrong shape, or infinite values.
    """
    x = numbers(table, 2, "table", missing=True, largest=LARGEST)
    x = x[(~np.isnan(x)).any(axis=1)]
    method = "ICC(1), one-way over unequal numbers of repeats"
    if (why := _why_not(x)) is not None:
        return undefined(why.replace("target", "item"), method=method, n=len(x))
    value = float(_Sums(x).one_way(np.ones((1, len(x))))[0])
    if not np.isfinite(value):
        return undefined("no variance at all", method=method, n=len(x))
    reason = "no interval: made from variance components"
    return Estimate(value, method=method, n=len(x), reason=reason)


def _estimate(value: float, replicates: FloatArray, drawn: Drawn, method: str) -> Estimate:
    if not np.isfinite(value):
        return undefined_by("raters and targets cannot be told apart", drawn, method=method)
    return percentile_by(float(value), replicates, drawn, method=method)


def _why_not(x: FloatArray) -> str | None:
    if len(x) < 2:
        return "fewer than two targets"
    if (~np.isnan(x)).sum(axis=1).max() < 2:
        return "no target has two ratings"
    return "no rating varies" if np.nanmin(x) == np.nanmax(x) else None


class _Sums:
    """Sums over ratings of each target; all else is made of weighted sums of them."""

    def __init__(self, x: FloatArray) -> None:
        there = ~np.isnan(x)
        middle = np.nanmean(x)
        y = np.where(there, x - middle, 0.0) / np.nanmax(np.abs(x - middle))
        self.k = x.shape[1]
        self.n = there.sum(axis=1).astype(np.float64)
        self.total, squares = y.sum(axis=1), (y**2).sum(axis=1)
        self.mean = self.total / self.n
        self.within = squares - self.total * self.mean
        self.squares = squares
        self.there, self.y = there.astype(np.float64), y
        # Normal equations of the raters, the targets' constants taken out: one part a target.
        self.q = y - self.there * self.mean[:, None]

    def forms(self, weights: FloatArray) -> FloatArray:
        """(B, 3) forms at each row of weights over targets."""
        two = [self._two_way(w) for w in weights]
        return np.column_stack([self.one_way(weights), np.array(two).reshape(-1, 2)])

    def one_way(self, w: FloatArray) -> FloatArray:
        """(B,) ICC(1) at each row of weights."""
        targets, n = w.sum(axis=1), weighted(w, self.n)
        means, total = weighted(w, self.total * self.mean), weighted(w, self.total)
        between = means - total**2 / n
        with np.errstate(invalid="ignore", divide="ignore"):
            size = (n - weighted(w, self.n**2) / n) / (targets - 1)
            noise = weighted(w, self.within) / (n - targets)
            return self._share((between / (targets - 1) - noise) / size, noise)

    def _two_way(self, w: FloatArray) -> tuple[float, float]:
        """ICC(A,1) and ICC(C,1) at one weight a target; a target drawn twice is two targets."""
        per_rater, n, targets = w @ self.there, float(w @ self.n), float(w.sum())
        c = np.diag(per_rater) - products(self.there, self.there * (w / self.n)[:, None])
        q = np.einsum("n,nk->k", w, self.q)
        rank = int(np.linalg.matrix_rank(c, hermitian=True))
        by_raters = float(q @ np.linalg.pinv(c, hermitian=True) @ q)
        free, known = n - targets - rank, per_rater > 0
        if free <= 0 or rank < 1:
            return np.nan, np.nan
        left = max(product(w, self.within) - by_raters, 0.0)
        noise, raters = left / free, int(known.sum())
        sums = np.einsum("n,nk->k", w, self.y)[known]
        alone = product(w, self.squares) - float((sums**2 / per_rater[known]).sum())
        spread = (alone - left - (targets + rank - raters) * noise) / (n - raters)
        severity = (by_raters - rank * noise) / (n - targets)
        shares = self._share(np.full(2, spread), np.array([severity + noise, noise]))
        return float(shares[0]), float(shares[1])

    @staticmethod
    def _share(spread: FloatArray, other: FloatArray) -> FloatArray:
        total = spread + other
        with np.errstate(invalid="ignore", divide="ignore"):
            found: FloatArray = np.where(total > FLAT, spread / total, np.nan)
        return found
