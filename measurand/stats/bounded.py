"""Means of values with a known range, shares among them: no interval leaves it or has no width."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from measurand.stats.arrays import AnyArray, numbers
from measurand.stats.estimate import Estimate
from measurand.stats.means import cluster_mean, proportion, within_unit
from measurand.stats.resample import MIN_CLUSTERS


def bounded(
    found: Estimate,
    values: AnyArray,
    units: AnyArray | None = None,
    *,
    low: float = 0.0,
    high: float = 1.0,
) -> Estimate:
    """The mean of values in ``low..high`` with an interval that the range and the sample allow.

    Where the values differ, the interval of a share is made on the logit scale, any other cut to
    the range: the mean lies in it, so the cut interval covers as often as the whole one. Where all
    values are equal an error of 0 would claim to know. Then as many units may differ as Clopper &
    Pearson's bound of a rate of none allows, and those may lie anywhere in the range: for values of
    0 and 1 that is Clopper & Pearson's interval. Rows of a unit may be copies, so units count.
    Where values differ but the means of all clusters do not, rows vary more and stand for them.

    Args:
        found: a mean of the values with any interval, as from
            :func:`measurand.stats.means.cluster_mean` or
            :func:`measurand.stats.crossed.crossed_mean`.
        values: (n,) the values.
        units: (n,) unit of each value; without, the clusters of the mean.
        low: least possible value; ``-inf`` where there is none.
        high: largest possible value.

    Returns:
        The estimate; without an interval, and with the reason, where values without a range are
        all equal.
    """
    x = numbers(values, 1, "values")
    if found.value is None or len(x) == 0:
        return found
    least, most = (end if math.isfinite(end) else None for end in (low, high))
    found = replace(found, least=least, most=most)
    if np.ptp(x) == 0:
        count = found.n_clusters if units is None else len(np.unique(units))
        return _constant(found, float(x[0]), count, low, high)
    if found.se == 0:
        alone = cluster_mean(x, confidence=found.confidence)
        method = f"{alone.method}, since the means of all clusters are the same"
        alone = replace(alone, least=least, most=most)
        found = replace(alone, method=method, n_clusters=found.n_clusters)
    if (low, high) == (0.0, 1.0):
        found = within_unit(found)
    return _cut(found, low, high)


def share(flags: AnyArray, clusters: AnyArray | None = None) -> Estimate:
    """Mean of values in 0..1, rows of a cluster being alike.

    Args:
        flags: (n,) outcomes.
        clusters: (n,) cluster of each; without, every row is its own.
    """
    x = numbers(flags, 1, "flags")
    return bounded(cluster_mean(x, clusters), x)


def call_share(flags: AnyArray, clusters: AnyArray) -> Estimate:
    """Share of calls that something became of, such as no answer.

    Where it became of none or of all, the interval is Clopper & Pearson's over calls, not over
    clusters: a call fails alone.

    Args:
        flags: (n,) whether it did, or 0 and 1.
        clusters: (n,) cluster of each call.
    """
    hits = int(np.sum(flags))
    if hits in (0, len(flags)):
        return proportion(hits, len(flags), "clopper_pearson")
    return share(flags, clusters)


def _constant(
    found: Estimate, value: float, clusters: int | None, low: float, high: float
) -> Estimate:
    if not (math.isfinite(low) and math.isfinite(high)):
        return _without(found, "every value is the same")
    count = clusters or found.n or 0
    none = proportion(0, count, "clopper_pearson", confidence=found.confidence)
    assert none.ci_hi is not None
    assert none.upper is not None
    return Estimate(
        value,
        ci_lo=value - none.ci_hi * (value - low),
        ci_hi=value + none.ci_hi * (high - value),
        lower=value - none.upper * (value - low),
        upper=value + none.upper * (high - value),
        confidence=found.confidence,
        method="mean; all values equal, clopper_pearson interval of those that may differ, over "
        f"{count} {'rows' if clusters is None else 'clusters'}",
        n=found.n,
        n_clusters=clusters,
        least=low,
        most=high,
    )


def _without(found: Estimate, reason: str) -> Estimate:
    return Estimate(
        found.value,
        confidence=found.confidence,
        method=found.method,
        n=found.n,
        n_clusters=found.n_clusters,
        reason=f"no interval: {reason}",
        least=found.least,
        most=found.most,
    )


def within(found: Estimate) -> Estimate:
    """Ends cut to what is possible: the figure lies there, so the interval holds it as often."""
    low = -math.inf if found.least is None else found.least
    high = math.inf if found.most is None else found.most
    ends: dict[str, Any] = {
        name: None if end is None else min(max(end, low), high)
        for name in ("ci_lo", "ci_hi", "lower", "upper")
        for end in (getattr(found, name),)
    }
    return replace(found, **ends)


def _cut(found: Estimate, low: float, high: float) -> Estimate:
    """Cut to the range. Of fewer than ``MIN_CLUSTERS`` units the reason says how many they are."""
    ends = (found.ci_lo, found.ci_hi, found.lower, found.upper)
    if all(end is None or low <= end <= high for end in ends):
        return found
    units = found.n_clusters
    few = units is not None and units < MIN_CLUSTERS
    return replace(
        within(found),
        se=None if few else found.se,
        method=f"{found.method}, cut to {low:g} to {high:g}",
        reason=f"{units} clusters: the interval reached beyond the possible {low:g} to {high:g}"
        if few
        else found.reason,
    )
