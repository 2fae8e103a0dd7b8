"""Evidence to a figure with one-sided confidence bounds at any level."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from measurand.errors import MeasurandError
from measurand.stats.estimate import Estimate

FloatArray = NDArray[np.float64]
#: Which way is better.
Direction = Literal["higher", "lower"]

#: Means of decimal fractions miss their decimal value by some 1e-16; equality is judged wider.
EQUAL = 1e-12


class EvidenceError(MeasurandError):
    """Evidence that a gate cannot be put to; always carries its own code."""

    code = "bad_evidence"


@dataclass(frozen=True)
class Bounds:
    """A figure and what is known about its uncertainty.

    Attributes:
        lower: one-sided lower bound at level 1 - alpha; None if undefined.
        upper: one-sided upper bound at level 1 - alpha; None if undefined.
        se: standard error; None if unknown.
        sd: standard deviation of one unit including the design effect: what of ``se`` is not
            ``fixed``, times ``sqrt(n)``.
        df: degrees of freedom of the t distribution behind the bounds, if any.
        fixed: part of ``se`` that more units do not make smaller: that of the trainings.
        trainings: how many trainings the bounds allow for, None where they are about one.
        p: one-sided p-value against the limit in the better direction.
        reason: why the estimate or its bounds are undefined.
    """

    estimate: float | None
    lower: float | None
    upper: float | None
    ci_lo: float | None = None
    ci_hi: float | None = None
    confidence: float | None = None
    se: float | None = None
    sd: float | None = None
    df: float | None = None
    fixed: float = 0.0
    trainings: int | None = None
    p: float | None = None
    n: int | None = None
    clusters: int | None = None
    method: str = ""
    resamples: int | None = None
    seed: int | None = None
    reason: str | None = None
    flags: tuple[str, ...] = ()

    def minus(self, reference: float) -> Bounds:
        """The same figure as a difference from a fixed reference."""

        def shifted(x: float | None) -> float | None:
            return None if x is None else x - reference

        return replace(
            self,
            estimate=shifted(self.estimate),
            lower=shifted(self.lower),
            upper=shifted(self.upper),
            ci_lo=shifted(self.ci_lo),
            ci_hi=shifted(self.ci_hi),
        )


@dataclass(frozen=True)
class Items:
    """Scores of items: one number an item, in one order with their clusters.

    Attributes:
        values: (n,) scores, or paired differences candidate minus baseline.
        clusters: (n,) cluster of each item.
        paired: whether the values are differences.
        level: (n,) the baseline's scores where the values are differences from them.
        names: name of each cluster, where ``clusters`` are numbers.
        labels: (n,) people's scores of some of them, NaN elsewhere; None where there are none.
    """

    values: FloatArray
    clusters: NDArray[Any]
    paired: bool = False
    level: FloatArray | None = None
    names: tuple[str, ...] = ()
    labels: FloatArray | None = None

    @property
    def independent(self) -> bool:
        """Whether each item is a cluster of its own."""
        return len(np.unique(self.clusters)) == len(self.values)


@np.errstate(all="ignore")
def from_items(
    items: Items,
    *,
    alpha: float,
    confidence: float,
    interval: Literal["auto", "t", "wilson", "clopper_pearson", "jeffreys"],
    null: float,
    better: Literal["higher", "lower"],
) -> Bounds:
    """Mean of items with bounds.

    The t interval is cluster-robust (CR1, t with G - 1). Wilson's, Clopper-Pearson's and Jeffreys'
    are for 0/1 scores of independent items. Scores of 0/1 without any variation would give t a
    bound without width, so there Clopper-Pearson over clusters is used: each cluster one trial,
    the most cautious design effect.

    Args:
        items: at least one item.
        alpha: one-sided level.
        confidence: level of the two-sided interval.
        interval: method; ``auto`` is Wilson for independent 0/1 items, else t.
        null: the limit that ``p`` is computed against.
        better: direction of the alternative.

    Raises:
        EvidenceError: ``not_binary`` or ``clustered_proportion`` if a rate interval is asked for
            scores other than 0/1 or items that share clusters; ``overflow``.
    """
    from measurand.stats.means import cluster_mean

    n, n_clusters = len(items.values), len(np.unique(items.clusters))
    binary = not items.paired and bool(np.isin(items.values, (0.0, 1.0)).all())
    independent = n_clusters == n
    if interval in ("wilson", "clopper_pearson", "jeffreys"):
        must_be_rate(binary, independent, interval)
    if interval == "auto":
        interval = "wilson" if binary and independent else "t"
    constant = bool(np.ptp(items.values) == 0)
    flags = ("degenerate",) if constant else ()
    if interval != "t":
        return _rate(items, n, alpha, confidence, interval, null, better, flags)
    if binary and constant:
        return replace(
            _rate(items, n_clusters, alpha, confidence, "clopper_pearson", null, better, flags),
            n=n,
            clusters=n_clusters,
            method="rate; clopper_pearson interval, each cluster one trial",
        )
    outer = cluster_mean(items.values, items.clusters, confidence=confidence)
    inner = cluster_mean(items.values, items.clusters, confidence=1 - 2 * alpha)
    if not all(map(math.isfinite, (x for x in (inner.value, inner.se) if x is not None))):
        raise EvidenceError(
            "the mean overflows double precision", code="overflow", hint="check the scores' scale"
        )
    found = _of_estimate(inner, outer)
    return replace(
        found,
        method=f"paired difference; {found.method}" if items.paired else found.method,
        p=_student_p(found, null, better),
        df=n_clusters - 1,
        clusters=n_clusters,
        flags=("degenerate",) if found.se == 0 else (),
    )


def must_be_rate(binary: bool, independent: bool, interval: str) -> None:
    """Refuse an interval of rates for other scores.

    Raises:
        EvidenceError: ``not_binary`` or ``clustered_proportion``.
    """
    if not binary:
        raise EvidenceError(
            f"interval {interval} needs items scored 0 or 1 (repeats of an item are averaged)",
            code="not_binary",
            hint="use interval: t",
        )
    if not independent:
        raise EvidenceError(
            f"interval {interval} needs independent items, but items share clusters",
            code="clustered_proportion",
            hint="use interval: t, or cluster: item_id if the items are independent",
        )


def _rate(
    items: Items,
    trials: int,
    alpha: float,
    confidence: float,
    interval: Literal["wilson", "clopper_pearson", "jeffreys"],
    null: float,
    better: str,
    flags: tuple[str, ...],
) -> Bounds:
    k = round(float(items.values.mean()) * trials)
    outer = _proportion(k, trials, interval, confidence)
    found = _of_estimate(_proportion(k, trials, interval, 1 - 2 * alpha), outer)
    p = k / trials
    # Without variation the sample says nothing about spread: take that of the limit.
    variance = p * (1 - p) or max(0.0, null * (1 - null))
    return replace(
        found,
        sd=math.sqrt(variance),
        se=math.sqrt(variance / trials),
        p=_rate_p(k, trials, interval, null, better),
        clusters=trials,
        flags=flags,
    )


def _proportion(
    k: int, n: int, interval: Literal["wilson", "clopper_pearson", "jeffreys"], confidence: float
) -> Estimate:
    from measurand.stats.means import proportion
    from measurand.stats.rates import jeffreys

    if interval == "jeffreys":
        return jeffreys(k, n, confidence=confidence)
    return proportion(k, n, interval, confidence=confidence)


def _of_estimate(inner: Estimate, outer: Estimate) -> Bounds:
    """``inner``'s two-sided 1 - 2 alpha interval is the pair of one-sided bounds."""
    n = inner.n or 0
    return Bounds(
        estimate=inner.value,
        lower=inner.ci_lo,
        upper=inner.ci_hi,
        ci_lo=outer.ci_lo,
        ci_hi=outer.ci_hi,
        confidence=outer.confidence,
        se=inner.se,
        sd=None if inner.se is None else inner.se * math.sqrt(n),
        n=n,
        clusters=inner.n_clusters,
        method=outer.method,
        reason=inner.reason,
    )


def _student_p(found: Bounds, null: float, better: str) -> float | None:
    from scipy.special import stdtr

    if found.estimate is None or found.se is None or found.clusters is None:
        return None
    gap = found.estimate - null if better == "higher" else null - found.estimate
    if found.se == 0:
        return 0.0 if gap > 0 else 1.0
    return float(stdtr(found.clusters - 1, -gap / found.se))


def _rate_p(k: int, n: int, interval: str, null: float, better: str) -> float:
    """P <= alpha iff it passes: score test for Wilson, exact binomial tail for Clopper-Pearson.

    For Jeffreys the posterior's tail, except where the interval ends at 0 or 1.
    """
    from scipy.special import bdtr, bdtrc, betainc, betaincc, ndtr

    if not 0 < null < 1:
        met = k / n >= null if better == "higher" else k / n <= null
        return 0.0 if met else 1.0
    if interval == "wilson":
        z = (k / n - null) / math.sqrt(null * (1 - null) / n)
        return float(ndtr(-z if better == "higher" else z))
    if k == (0 if better == "higher" else n):
        return 1.0
    if interval == "jeffreys":
        tail = betainc if better == "higher" else betaincc
        return float(tail(k + 0.5, n - k + 0.5, null))
    return float(bdtrc(k - 1, n, null) if better == "higher" else bdtr(k, n, null))
