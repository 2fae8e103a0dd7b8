"""Means, paired differences and rates with the intervals that hold for small and clustered data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import LARGEST, AnyArray, codes, numbers, same_length
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.exact import product
from measurand.stats.resample import percentile, plan

MAX_SPREAD = 1e9
"""A difference smaller than this share of its standard deviation needs 1e18 units or more."""


def cluster_mean(
    values: AnyArray, clusters: AnyArray | None = None, *, confidence: float = 0.95
) -> Estimate:
    """Mean over rows with a cluster-robust error (CR1) and Student's t with G - 1 degrees.

    Source: Liang & Zeger (1986), Biometrika 73, 13-22, with the finite-cluster factor G/(G-1);
    equal to R ``sandwich::vcovCL(type="HC1")`` and statsmodels' ``cov_type="cluster"`` on an
    intercept. Below about ten clusters the interval is too narrow (coverage .93 at G = 10).

    Args:
        values: (n,) scores, finite.
        clusters: (n,) cluster of each row; without, each row is its own cluster.
        confidence: level of the two-sided interval.

    Returns:
        The estimate. Where no cluster differs from the mean, the error is 0, the interval is a
        point and ``reason`` starts with "degenerate"; with one cluster there is no interval.

    Raises:
        InputError: wrong shapes or values that are not finite.
    """
    x = numbers(values, 1, "values")
    n = len(x)
    units, g = (np.arange(n), n) if clusters is None else codes(clusters, n)
    shown = None if clusters is None else g
    over = "rows" if clusters is None else "clusters"
    method = f"mean; t({g - 1}) interval, CR1 error over {over}"
    if n == 0:
        return undefined("no rows", method="mean", n=0, n_clusters=shown)
    mean = float(x[0]) if np.ptp(x) == 0 else float(x.mean())
    if g < 2:
        return Estimate(
            mean,
            confidence=confidence,
            method="mean",
            n=n,
            n_clusters=shown,
            reason=f"no interval: fewer than two {over}",
        )
    residuals = np.bincount(units, x - mean, minlength=g)
    se = math.sqrt(g / (g - 1) * product(residuals, residuals)) / n
    reason = None
    if se <= 1e-12 * float(np.abs(x).max()):
        se, reason = 0.0, "degenerate: no variation between clusters, the interval is a point"
    return student(mean, se, g - 1, confidence, method, n, shown, reason)


def paired_difference(
    a: AnyArray, b: AnyArray, clusters: AnyArray | None = None, *, confidence: float = 0.95
) -> Estimate:
    """Mean of a - b over rows that belong together, as :func:`cluster_mean` of the differences.

    Args:
        a: (n,) scores of one side.
        b: (n,) scores of the other side for the same items in the same order.
        clusters: (n,) cluster of each row.
        confidence: level of the two-sided interval.

    Raises:
        InputError: wrong shapes, unequal lengths or values that are not finite.
    """
    left, right = numbers(a, 1, "a"), numbers(b, 1, "b")
    same_length(len(left), b=right)
    found = cluster_mean(left - right, clusters, confidence=confidence)
    return replace(found, method=f"paired difference; {found.method}")


def proportion(
    k: int,
    n: int,
    method: Literal["wilson", "clopper_pearson"] = "wilson",
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Rate of k in n independent trials.

    Source: Wilson (1927), JASA 22, 209-212, without continuity correction, the default; Clopper &
    Pearson (1934), Biometrika 26, 404-413, where the level must be guaranteed (safety rates).
    Equal to ``scipy.stats.binomtest(k, n).proportion_ci``.

    Args:
        k: successes.
        n: trials.
        method: which interval.
        confidence: level of the two-sided interval.

    Returns:
        The estimate; ``se`` is Wald's, and None at 0 and 1 where Wald's would be 0.

    Raises:
        InputError: not 0 <= k <= n, or an unknown method.
    """
    if not 0 <= k <= n:
        raise InputError(f"{k} successes in {n} trials", hint="give 0 <= k <= n")
    bounds = {"wilson": _wilson, "clopper_pearson": _clopper_pearson}
    if method not in bounds:
        raise InputError(f"unknown interval {method!r}", hint=f"one of {sorted(bounds)}")
    if n == 0:
        return undefined("no trials", method=f"rate; {method} interval", n=0)
    rate = k / n
    tail = (1 - confidence) / 2
    lo, hi = bounds[method](k, n, tail)
    lower, upper = bounds[method](k, n, 0.05)
    return Estimate(
        rate,
        se=math.sqrt(rate * (1 - rate) / n) if 0 < k < n else None,
        ci_lo=lo,
        ci_hi=hi,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method=f"rate; {method} interval",
        n=n,
        least=0.0,
        most=1.0,
    )


def rate_of_effective(found: Estimate, effective: float) -> Estimate:
    """A rate with Wilson's interval at the number of trials that its error is worth.

    Args:
        found: an estimate of a rate; what lies outside 0..1 is moved to the end.
        effective: independent trials that would know as much.

    Returns:
        The estimate with these ends; error and method stay.
    """
    rate = min(max(found.value or 0.0, 0.0), 1.0)
    ends = _wilson(rate * effective, effective, (1 - found.confidence) / 2)
    sides = _wilson(rate * effective, effective, 0.05)
    return replace(
        found,
        value=rate,
        ci_lo=ends[0],
        ci_hi=ends[1],
        lower=sides[0],
        upper=sides[1],
        least=0.0,
        most=1.0,
    )


def within_unit(found: Estimate) -> Estimate:
    """The mean of shares with its interval made on the logit scale, so that it stays in 0..1.

    The error of logit(p) is se / (p (1 - p)); Student's t is taken there and turned back.

    Source: Korn & Graubard (1998), Survey Methodology 24, 193-201; as R ``survey::svyciprop`` with
    method "logit", and as a logistic regression on an intercept with cluster-robust errors.

    Args:
        found: a mean of values in 0..1, as from :func:`cluster_mean`.

    Returns:
        The estimate; as it was where it is 0, 1 or without an error above 0.
    """
    from scipy.special import expit, logit, stdtrit

    p, se = found.value, found.se
    units = found.n if found.n_clusters is None else found.n_clusters
    if p is None or not 0 < p < 1 or not se or units is None or units < 2:
        return found
    at, error = float(logit(p)), se / (p * (1 - p))
    half = float(stdtrit(units - 1, (1 + found.confidence) / 2)) * error
    one_sided = float(stdtrit(units - 1, 0.95)) * error
    return replace(
        found,
        ci_lo=float(expit(at - half)),
        ci_hi=float(expit(at + half)),
        lower=float(expit(at - one_sided)),
        upper=float(expit(at + one_sided)),
        method=f"{found.method}, on the logit scale",
        least=0.0,
        most=1.0,
    )


def bootstrap_means(
    x: AnyArray,
    *,
    clusters: AnyArray | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed_words: Sequence[str | int] = (),
) -> tuple[Estimate, ...]:
    """Mean of each column with a percentile bootstrap; all columns see the same resamples.

    Prefer :func:`cluster_mean` for one mean and :func:`proportion` for rates near 0 or 1, where
    the bootstrap is as poor as Wald's interval.

    Args:
        x: (n, m) scores of m models or metrics on the same n items, finite.
        clusters: (n,) cluster of each row.
        resamples: number of resamples B.
        confidence: level of the two-sided interval.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, values that are not finite, or too few resamples.
    """
    values = numbers(x, 2, "x", largest=LARGEST)
    n, m = values.shape
    drawn = plan(n, clusters, resamples, seed_words)
    if n == 0:
        return tuple(undefined("no rows", method="mean", n=0) for _ in range(m))
    mean = values.mean(axis=0)
    replicates = np.full((resamples, m), np.nan)
    if drawn.drawable:
        sums = drawn.resampled_sums(np.vstack([(values - mean).T, np.ones(n)]))
        # A mean of numbers stays between them, its last bit may not.
        replicates = np.clip(
            mean + sums[:, :-1] / sums[:, -1:], values.min(axis=0), values.max(axis=0)
        )
    return tuple(
        percentile(float(v), column, drawn, method="mean", confidence=confidence)
        for v, column in zip(mean, replicates.T, strict=True)
    )


def smallest_detectable(
    se: float,
    *,
    df: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
) -> float:
    """The smallest true difference that a test with this standard error finds with this power.

    Args:
        se: standard error of the difference.
        df: degrees of freedom of the t test (clusters minus one); None for the normal test.
        power: chance of finding it.
        alpha: level of the test.
        sides: 1 or 2.

    Returns:
        The difference, in the units of ``se``. With ``df`` it solves the noncentral t
        distribution (as R's ``power.t.test``, the far tail of a two-sided test left out).

    Raises:
        InputError: ``se`` negative or not finite, df not positive, or a level outside 0..1.
    """
    from scipy.special import nctdtrinc, ndtri, stdtrit

    if not (math.isfinite(se) and se >= 0 and (df is None or df > 0)):
        raise InputError(f"standard error {se}, df {df}", hint="give se >= 0 and df > 0")
    _check_levels(power, alpha)
    tail = 1 - alpha / sides
    if df is None:
        return float((ndtri(tail) + ndtri(power)) * se)
    return float(nctdtrinc(df, 1 - power, stdtrit(df, tail)) * se)


def required_n(
    sd: float,
    difference: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
) -> int:
    """Independent units needed to find ``difference``: (z_alpha + z_power)^2 sd^2 / difference^2.

    Args:
        sd: standard deviation of one unit's (paired) difference.
        difference: the difference to find, or the margin to stay within.
        power: chance of finding it.
        alpha: level of the test; a non-inferiority gate is one-sided.
        sides: 1 or 2.

    Raises:
        InputError: sd negative, a zero difference or one too small for any sample, or a level
            outside 0..1.
    """
    from scipy.special import ndtri

    if not (math.isfinite(sd) and sd >= 0 and math.isfinite(difference) and difference != 0):
        raise InputError(f"sd {sd}, difference {difference}", hint="give sd >= 0, difference != 0")
    _check_levels(power, alpha)
    z = float(ndtri(1 - alpha / sides) + ndtri(power))
    spread = abs(z * sd / difference)
    if not spread < MAX_SPREAD:
        raise InputError(
            f"a difference of {difference:g} with sd {sd:g} takes more units than there are",
            hint="ask for a larger difference",
        )
    return max(1, math.ceil(spread**2))


def _check_levels(power: float, alpha: float) -> None:
    if not (0 < power < 1 and 0 < alpha < 1):
        raise InputError(f"power {power}, alpha {alpha}", hint="both lie between 0 and 1")


def student(
    value: float,
    se: float,
    df: int,
    confidence: float,
    method: str,
    n: int,
    n_clusters: int | None,
    reason: str | None,
) -> Estimate:
    """A mean with the intervals of Student's t.

    Args:
        value: the mean.
        se: its standard error.
        df: degrees of freedom.
        confidence: level of the two-sided interval.
        method: in words.
        n: rows.
        n_clusters: independent units, None where rows are.
        reason: a remark on the interval.
    """
    from scipy.special import stdtrit

    half = float(stdtrit(df, (1 + confidence) / 2)) * se
    one_sided = float(stdtrit(df, 0.95)) * se
    return Estimate(
        value,
        se=se,
        ci_lo=value - half,
        ci_hi=value + half,
        lower=value - one_sided,
        upper=value + one_sided,
        confidence=confidence,
        method=method,
        n=n,
        n_clusters=n_clusters,
        reason=reason,
    )


def _wilson(k: float, n: float, tail: float) -> tuple[float, float]:
    from scipy.special import ndtri

    z2 = float(ndtri(tail)) ** 2
    centre = (k + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (k * (n - k) / n + z2 / 4)) / (n + z2)
    return (0.0 if k == 0 else centre - half), (1.0 if k == n else centre + half)


def _clopper_pearson(k: int, n: int, tail: float) -> tuple[float, float]:
    from scipy.special import betaincinv

    lo = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    hi = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return lo, hi
