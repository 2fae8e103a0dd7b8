"""Difference of two independent means, each with its own clusters."""

from __future__ import annotations

import math

from measurand.stats.arrays import AnyArray
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import cluster_mean


def welch(
    a: AnyArray,
    b: AnyArray,
    clusters_a: AnyArray | None = None,
    clusters_b: AnyArray | None = None,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Mean of a minus mean of b with cluster-robust errors and Welch's degrees of freedom.

    Source: Welch (1947), Biometrika 34, 28-35, with the CR1 variance of each mean in place of
    s^2 / n; without clusters equal to ``scipy.stats.ttest_ind(equal_var=False)``.

    Args:
        a: (n,) scores of one side.
        b: (m,) scores of the other side, of other items.
        clusters_a: (n,) cluster of each of the former.
        clusters_b: (m,) cluster of each of the latter.
        confidence: level of the two-sided interval.

    Returns:
        The estimate; ``n`` is the smaller sample, ``n_clusters`` the fewer clusters. Without an
        interval where a side has fewer than two clusters.

    Raises:
        InputError: wrong shapes or values that are not finite.
    """
    return of_means(cluster_mean(a, clusters_a), cluster_mean(b, clusters_b), confidence=confidence)


def of_means(first: Estimate, second: Estimate, *, confidence: float = 0.95) -> Estimate:
    """:func:`welch` from the two means, for several levels of the same data.

    Args:
        first: as from :func:`measurand.stats.means.cluster_mean`.
        second: the same of the other side.
        confidence: level of the two-sided interval.
    """
    from scipy.special import stdtrit

    method = "difference of independent means"
    units = [side.n if side.n_clusters is None else side.n_clusters for side in (first, second)]
    n, fewest = min(first.n or 0, second.n or 0), min(u or 0 for u in units)
    if first.value is None or second.value is None:
        return undefined("no rows on one side", method=method, n=0)
    value = first.value - second.value
    if first.se is None or second.se is None:
        reason = "no interval: fewer than two clusters on one side"
        return Estimate(value, method=method, n=n, n_clusters=fewest, reason=reason)
    se = math.hypot(first.se, second.se)
    df = float(fewest - 1)
    if 0 < se < math.inf:
        # Shares of the variance: its square would overflow where the error does not.
        shares = [(side / se) ** 2 for side in (first.se, second.se)]
        df = 1 / sum(s * s / ((u or 2) - 1) for s, u in zip(shares, units, strict=True))
    half, one_sided = (float(stdtrit(df, q)) * se for q in ((1 + confidence) / 2, 0.95))
    return Estimate(
        value,
        se=se,
        ci_lo=value - half,
        ci_hi=value + half,
        lower=value - one_sided,
        upper=value + one_sided,
        confidence=confidence,
        method=f"{method}; Welch's t({df:.4g}) interval, CR1 errors over clusters",
        n=n,
        n_clusters=fewest,
        reason=None if se else "degenerate: no variation between clusters, the interval is a point",
    )
