"""The bootstrap of everything: draw how often each unit is taken, and reuse the counts.

A statistic of sums over units needs no resampled data: with the count matrix W (resamples x
units) all resampled sums are one matrix product ``W @ sums``, exact by
:mod:`measurand.stats.exact`. Clusters are units whose rows are summed first. Two statistics that
are given the same seed words and the same units see the same
resamples, so their differences are paired.

Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 6 (resampling as
multinomial weights) and 13.3 (percentile interval); Field & Welsh (2007), J. R. Statist. Soc. B
69, 369-390 (cluster bootstrap: clusters are drawn whole); Hesterberg (2015), The American
Statistician 69, 371-386, section 4 (of n units replicates vary less than samples by (n - 1) / n,
and a normal quantile is too small: the levels of the percentiles are moved out for both).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, IntArray, codes
from measurand.stats.estimate import Estimate
from measurand.stats.exact import on_grid

BATCH = 250
BATCH_NUMBERS = 2**22
"""Most counts of one batch: with many units a batch has fewer resamples."""
MIN_RESAMPLES = 40
MAX_UNDEFINED_SHARE = 0.05
MIN_CLUSTERS = 5
"""Two clusters have three distinct resamples, four have 35: no tail of 2.5% can be read off."""
CACHE_DRAWS = 2**17
"""Draws counted at a time: draws and counts stay in the processor's cache, twice as fast."""

Counts = npt.NDArray[np.float32]


def seed_for(*words: str | int) -> int:
    """A seed below 2**63 that depends on the words alone (SHA-256), so it fits a table column."""
    digest = hashlib.sha256("\x1f".join(str(word) for word in words).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def rng_for(*words: str | int) -> np.random.Generator:
    """The generator that belongs to these words: ``default_rng(seed_for(*words))``."""
    return np.random.default_rng(seed_for(*words))


def counts(n_units: int, resamples: int, rng: np.random.Generator) -> Counts:
    """How often each unit is drawn in each resample.

    Args:
        n_units: number of units, each drawn with equal chance; every resample draws this many.
        resamples: number of resamples B.
        rng: generator to draw from. Two calls for B1 and B2 resamples draw what one call for
            B1 + B2 draws.

    Returns:
        (B, n_units) float32 whole numbers; each row sums to ``n_units``.
    """
    taken = np.empty((resamples, n_units), np.float32)
    step = max(1, CACHE_DRAWS // max(n_units, 1))
    offsets = (np.arange(step) * n_units)[:, None]
    for start in range(0, resamples, step):
        part = taken[start : start + step]
        draws = rng.integers(0, n_units, part.shape)
        draws += offsets[: len(part)]
        part[:] = np.bincount(draws.ravel(), minlength=part.size).reshape(part.shape)
    return taken


def cluster_counts(cluster_ids: AnyArray, resamples: int, seed: int) -> Counts:
    """How often each row is drawn when whole clusters are drawn: (B, n_rows) float32.

    Args:
        cluster_ids: cluster of each row, any comparable labels.
        resamples: number of resamples B.
        seed: seed of the draws.
    """
    units, n_units = codes(cluster_ids, len(cluster_ids))
    drawn: Counts = counts(n_units, resamples, np.random.default_rng(seed))[:, units]
    return drawn


@dataclass(frozen=True)
class Plan:
    """Which units are drawn, how often, from which seed.

    Attributes:
        n: rows.
        n_units: units of resampling (clusters, or the rows themselves).
        units: (n,) unit of each row, or None where each row is its own unit.
        resamples: number of resamples B.
        seed: seed of the draws.
        jackknife: instead of drawing, each unit is left out once.
    """

    n: int
    n_units: int
    units: IntArray | None
    resamples: int
    seed: int
    jackknife: bool = False
    _order: IntArray | None = field(init=False, repr=False, default=None)
    _starts: IntArray | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        if self.units is not None:
            order = np.argsort(self.units, kind="stable")
            starts = np.searchsorted(self.units[order], np.arange(self.n_units))
            object.__setattr__(self, "_order", order)
            object.__setattr__(self, "_starts", starts)

    @property
    def drawable(self) -> bool:
        """Whether there is anything to draw: two units or more and B > 0."""
        return self.n_units >= 2 and self.resamples > 0

    def batches(self, size: int = BATCH) -> Iterator[Counts]:
        """Count matrices (b, n_units) of up to ``size`` resamples; the same at every call."""
        rng = np.random.default_rng(self.seed)
        size = max(1, min(size, BATCH_NUMBERS // max(self.n, 1)))
        for start in range(0, self.resamples, size):
            many = min(size, self.resamples - start)
            if self.jackknife:
                taken = np.ones((many, self.n_units), np.float32)
                taken[np.arange(many), start + np.arange(many)] = 0
                yield taken
            else:
                yield counts(self.n_units, many, rng)

    def row_batches(self, size: int = BATCH) -> Iterator[Counts]:
        """The same counts for rows: (b, n)."""
        for drawn in self.batches(size):
            yield drawn if self.units is None else drawn[:, self.units]

    def unit_sums(self, features: FloatArray) -> FloatArray:
        """Sums of (p, n) features over the rows of each unit: (p, n_units)."""
        if self._order is None or self._starts is None:
            return features
        sums: FloatArray = np.add.reduceat(features[:, self._order], self._starts, axis=1)
        return sums

    def resampled_sums(self, features: FloatArray) -> FloatArray:
        """Sums of (p, n) features in every resample: (B, p)."""
        sums = on_grid(self.unit_sums(features), self.n_units).T
        return np.concatenate([drawn @ sums for drawn in self.batches()])


def plan(
    n: int, clusters: AnyArray | None, resamples: int, seed_words: Sequence[str | int]
) -> Plan:
    """The resampling of ``n`` rows, by clusters if there are any.

    Raises:
        InputError: ``resamples`` is neither 0 nor enough for a 95% percentile interval, or the
            clusters do not fit the rows.
    """
    if resamples != 0 and resamples < MIN_RESAMPLES:
        raise InputError(
            f"{resamples} resamples cannot give a 95% percentile interval",
            hint=f"use 0 (no interval) or at least {MIN_RESAMPLES}; 2000 is usual",
        )
    seed = seed_for(*seed_words)
    if clusters is None:
        return Plan(n, n, None, resamples, seed)
    units, n_units = codes(clusters, n)
    return Plan(n, n_units, units, resamples, seed)


def percentile(
    value: float,
    replicates: FloatArray,
    drawn: Plan,
    *,
    method: str,
    n: int | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Estimate with the expanded percentile interval of its bootstrap replicates.

    Replicates that are not finite are resamples in which the statistic is undefined. They are
    dropped and counted in ``method``; above 5% of them there is no interval, since the rest would
    no longer stand for the sampling distribution.

    Args:
        value: the point estimate on the data themselves.
        replicates: (B,) the statistic in each resample, NaN where undefined.
        drawn: the plan that they came from.
        method: how the value was made.
        n: rows used, if not all of the plan's.
        confidence: level of the two-sided interval.
    """
    over = "rows" if drawn.units is None else "clusters"
    rows = drawn.n if n is None else n
    clusters = None if drawn.units is None else drawn.n_units

    def without(reason: str) -> Estimate:
        return Estimate(
            value,
            confidence=confidence,
            method=method,
            n=rows,
            n_clusters=clusters,
            reason=f"no interval: {reason}",
        )

    if drawn.resamples == 0:
        return without("no resamples asked for")
    if drawn.n_units < 2:
        return without(f"fewer than two {over}")
    if clusters is not None and clusters < MIN_CLUSTERS:
        return without(f"{clusters} clusters, a bootstrap needs at least {MIN_CLUSTERS}")
    defined = replicates[np.isfinite(replicates)]
    lost = drawn.resamples - len(defined)
    if lost > MAX_UNDEFINED_SHARE * drawn.resamples:
        return without(f"undefined in {lost} of {drawn.resamples} resamples")
    tail = (1 - confidence) / 2
    out, one = expanded(tail, drawn.n_units), expanded(0.05, drawn.n_units)
    lo, hi, lower, upper = np.quantile(defined, [out, 1 - out, one, 1 - one])
    note = f", {lost} undefined resamples dropped" if lost else ""
    return Estimate(
        value,
        se=float(defined.std(ddof=1)),
        ci_lo=float(lo),
        ci_hi=float(hi),
        lower=float(lower),
        upper=float(upper),
        confidence=confidence,
        method=f"{method}; percentile bootstrap over {over}{note}",
        n=rows,
        n_clusters=clusters,
        resamples=drawn.resamples,
        seed=drawn.seed,
    )


def expanded(tail: float, units: int) -> float:
    """The share of replicates to cut off for a tail of ``tail`` of the sampling distribution.

    Source: Hesterberg (2015), equation 7: the normal tail of Student's quantile with ``units`` - 1
    degrees, by sqrt(units / (units - 1)).
    """
    from scipy.special import ndtr, stdtrit

    return float(ndtr(math.sqrt(units / (units - 1)) * stdtrit(units - 1, tail)))


def unexpanded(share: float, units: int) -> float:
    """The tail that a share of replicates stands for: the inverse of :func:`expanded`."""
    from scipy.special import ndtri, stdtr

    return float(stdtr(units - 1, math.sqrt((units - 1) / units) * ndtri(share)))
