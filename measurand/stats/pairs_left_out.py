"""Intervals of figures over pairs of items: each pair left out once, errors that share items.

The bootstrap of :func:`measurand.stats.dyads.drawn_by` draws items and counts what is particular to
a pair up to three times: of 64 pairs of 120 items its interval of a kappa holds the truth in 99.5
of 100 samples and is 1.6 times as wide as it needs to be. Here a figure is taken for the mean of
its jackknife's pseudo-values, one a pair, and that mean has the error of
:func:`measurand.stats.dyads.dyadic_mean`: equal to it where the figure is a mean, and to the
jackknife of independent rows where no two pairs share an item. It holds the truth in 95 to 97
(``benchmarks/coverage.py``), and in 90 to 93 where each of 60 items is in three pairs.

Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 11.2 for pseudo-values;
Aronow, Samii & Assenova (2015), Political Analysis 23, 564-577, equation 2 for the error; Miller
(1974), Biometrika 61, 1-15 for the need of a scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from measurand.stats import dyads
from measurand.stats.arrays import AnyArray, FloatArray, IntArray, codes
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.exact import product, weighted
from measurand.stats.jackknife import FLAT, PLAIN, Scale
from measurand.stats.resample import BATCH, BATCH_NUMBERS, MIN_CLUSTERS, Counts


@dataclass(frozen=True)
class PairsLeftOut:
    """Which pair is left out; takes the place of a plan of resamples.

    Attributes:
        pairs: (n, 2) items of each pair as whole numbers.
        n_items: how many items there are.
    """

    pairs: IntArray
    n_items: int

    @property
    def n(self) -> int:
        """Pairs."""
        return len(self.pairs)

    @property
    def resamples(self) -> int:
        """Figures without a pair: one a pair."""
        return self.n

    @property
    def drawable(self) -> bool:
        """Whether something is left without a pair."""
        return self.n > 1

    def row_batches(self) -> Iterator[Counts]:
        """How often each pair counts: (b, n), 0 once a row."""
        size = max(1, min(BATCH, BATCH_NUMBERS // max(self.n, 1)))
        for start in range(0, self.n, size):
            many = min(size, self.n - start)
            taken = np.ones((many, self.n), np.float32)
            taken[np.arange(many), start + np.arange(many)] = 0
            yield taken

    def resampled_sums(self, features: FloatArray) -> FloatArray:
        """Sums of (p, n) features without each pair: (n, p)."""
        return np.concatenate([weighted(taken, features) for taken in self.row_batches()])


def pairs_left_out(items: AnyArray) -> PairsLeftOut:
    """Leave out each of n pairs.

    Args:
        items: (n, 2) the two items of each pair, any labels.

    Raises:
        InputError: another shape, a label missing, or a pair of an item with itself.
    """
    pairs, n_items = dyads.item_codes(items, len(items))
    return PairsLeftOut(pairs, n_items)


def student_of_pairs(
    value: float,
    replicates: FloatArray,
    left: PairsLeftOut,
    *,
    method: str,
    scale: Scale = PLAIN,
    confidence: float = 0.95,
) -> Estimate:
    """Estimate with Student's t of G - 1 degrees on ``scale``, G the fewer of items and pairs.

    Args:
        value: the point estimate on the data themselves.
        replicates: (n,) the figure without each pair; NaN where undefined.
        left: the pairs.
        method: how the value was made.
        scale: where the interval is made.
        confidence: level of the two-sided interval.

    Returns:
        The estimate; without an interval, and with the reason, of fewer than five items or distinct
        pairs, where the figure is undefined or at the end of its range without one of them, and
        where it is the same without any.
    """
    from scipy.special import stdtrit

    first, second = left.pairs.min(axis=1), left.pairs.max(axis=1)
    couple, n_dyads = codes(first * left.n_items + second, left.n)
    units = min(left.n_items, n_dyads)
    bare = Estimate(value, confidence=confidence, method=method, n=left.n, n_clusters=left.n_items)
    if units < MIN_CLUSTERS:
        few = f"{left.n_items} items in {n_dyads} pairs, at least {MIN_CLUSTERS} of each needed"
        return replace(bare, reason=f"no interval: {few}")
    with np.errstate(invalid="ignore"):
        z, at = scale.to(replicates), float(scale.to(np.array([value]))[0])
    if not math.isfinite(at):
        return replace(bare, reason="no interval: the figure lies at the end of its range")
    lost = int((~np.isfinite(z)).sum())
    if lost:
        why = f"no interval: undefined or at its end with {lost} of {left.n} pairs left out"
        return replace(bare, reason=why)
    apart = (z.mean() - z) * (left.n - 1) / left.n
    by_item = np.bincount(left.pairs.ravel(), np.repeat(apart, 2), minlength=left.n_items)
    by_dyad = np.bincount(couple, apart, minlength=n_dyads)
    own = product(by_dyad, by_dyad)
    error = math.sqrt(units / (units - 1) * max(product(by_item, by_item) - own, own))
    if error <= FLAT * max(abs(at), 1.0):
        return replace(bare, reason="no interval: the same without any of the pairs")
    levels = np.array([(1 - confidence) / 2, (1 + confidence) / 2, 0.05, 0.95])
    lo, hi, lower, upper = scale.back(at + stdtrit(units - 1, levels) * error).tolist()
    return replace(
        bare,
        se=error * scale.slope(value),
        ci_lo=lo,
        ci_hi=hi,
        lower=lower,
        upper=upper,
        method=f"{method}; t({units - 1}) interval{scale.name}, jackknife over pairs, "
        f"dyadic-robust error over {left.n_items} items",
    )


Drawn = dyads.Drawn | PairsLeftOut


def drawn_by(n: int, by: AnyArray | None, resamples: int, seed_words: Sequence[str | int]) -> Drawn:
    """:func:`measurand.stats.dyads.drawn_by`, but of pairs each is left out once."""
    if by is None or by.ndim != 2 or resamples == 0 or len(by) != n:
        return dyads.drawn_by(n, by, resamples, seed_words)
    return pairs_left_out(by)


def percentile_by(
    value: float,
    replicates: FloatArray,
    drawn: Drawn,
    *,
    method: str,
    scale: Scale = PLAIN,
    confidence: float = 0.95,
) -> Estimate:
    """:func:`measurand.stats.dyads.percentile_by`; of pairs left out :func:`student_of_pairs`."""
    if isinstance(drawn, PairsLeftOut):
        return student_of_pairs(
            value, replicates, drawn, method=method, scale=scale, confidence=confidence
        )
    return dyads.percentile_by(value, replicates, drawn, method=method, confidence=confidence)


def undefined_by(reason: str, drawn: Drawn, *, method: str) -> Estimate:
    """:func:`measurand.stats.dyads.undefined_by`, of pairs left out too."""
    if isinstance(drawn, PairsLeftOut):
        return undefined(reason, method=method, n=drawn.n, n_clusters=drawn.n_items)
    return dyads.undefined_by(reason, drawn, method=method)
