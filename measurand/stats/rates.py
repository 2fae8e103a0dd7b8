"""Intervals of rates beside those of :mod:`measurand.stats.means`: Jeffreys, means, differences."""

from __future__ import annotations

import math
from collections.abc import Sequence

from measurand.errors import InputError
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import proportion


def jeffreys(k: int, n: int, *, confidence: float = 0.95) -> Estimate:
    """Rate of k in n with the equal-tailed interval of a Beta(1/2, 1/2) prior.

    At k = 0 the lower end is 0, at k = n the upper end is 1.

    Source: Brown, Cai & DasGupta (2001), Statistical Science 16, 101-133, section 3.1.2; equal to
    statsmodels ``proportion_confint(method="jeffreys")`` away from 0 and n.

    Args:
        k: successes.
        n: trials.
        confidence: level of the two-sided interval.

    Raises:
        InputError: not 0 <= k <= n.
    """
    from scipy.special import betaincinv

    if not 0 <= k <= n:
        raise InputError(f"{k} successes in {n} trials", hint="give 0 <= k <= n")
    if n == 0:
        return undefined("no trials", method="rate; jeffreys interval", n=0)

    def ends(tail: float) -> tuple[float, float]:
        low = 0.0 if k == 0 else float(betaincinv(k + 0.5, n - k + 0.5, tail))
        high = 1.0 if k == n else float(betaincinv(k + 0.5, n - k + 0.5, 1 - tail))
        return low, high

    (lo, hi), (lower, upper) = ends((1 - confidence) / 2), ends(0.05)
    rate = k / n
    return Estimate(
        rate,
        se=math.sqrt(rate * (1 - rate) / n) if 0 < k < n else None,
        ci_lo=lo,
        ci_hi=hi,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method="rate; jeffreys interval",
        n=n,
        least=0.0,
        most=1.0,
    )


def mean_of_rates(k: Sequence[int], n: Sequence[int], *, confidence: float = 0.95) -> Estimate:
    """Mean of the rates of independent samples that are all there are, such as chosen tasks.

    The distance to each end is the root of the summed squares of the samples' own, by their
    Jeffreys intervals: a sample that had no success may still have some, which a bootstrap within
    samples never draws.

    Source: Zou, Huang & Zhang (2009), Computational Statistics & Data Analysis 53, 1080-1085,
    equation 3; of one sample it is :func:`jeffreys`.

    Args:
        k: successes of each sample.
        n: trials of each.
        confidence: level of the two-sided interval.

    Raises:
        InputError: other numbers of samples, or not 0 <= k <= n.
    """
    if len(k) != len(n):
        raise InputError(f"{len(k)} counts of {len(n)} samples", hint="give one k for each n")
    method = f"mean of {len(n)} rates; jeffreys intervals combined"
    each = [
        jeffreys(hits, trials, confidence=confidence) for hits, trials in zip(k, n, strict=True)
    ]
    if not each or min(n) == 0:
        why = "no trials in a sample" if each else "no samples"
        return undefined(why, method=method, n=sum(n))
    mean = math.fsum(found.value or 0.0 for found in each) / len(each)

    def end(name: str) -> float:
        apart = [getattr(found, name) - found.value for found in each]
        return math.copysign(math.hypot(*apart) / len(each), math.fsum(apart)) + mean

    variance = math.fsum((found.se or 0.0) ** 2 for found in each)
    return Estimate(
        mean,
        se=math.sqrt(variance) / len(each) if variance else None,
        ci_lo=end("ci_lo"),
        ci_hi=end("ci_hi"),
        lower=end("lower"),
        upper=end("upper"),
        confidence=confidence,
        method=method,
        n=sum(n),
        least=0.0,
        most=1.0,
    )


def newcombe(k1: int, n1: int, k2: int, n2: int, *, confidence: float = 0.95) -> Estimate:
    """Difference of two independent rates, k1/n1 - k2/n2, from their Wilson intervals.

    Source: Newcombe (1998), Statistics in Medicine 17, 873-890, method 10; equal to statsmodels
    ``confint_proportions_2indep(method="newcomb")``.

    Args:
        k1: successes of the first sample.
        n1: its trials.
        k2: successes of the second sample.
        n2: its trials.
        confidence: level of the two-sided interval.

    Raises:
        InputError: not 0 <= k <= n.
    """
    method = "difference of rates; newcombe interval"
    first = proportion(k1, n1, confidence=confidence)
    second = proportion(k2, n2, confidence=confidence)
    if first.value is None or second.value is None:
        return undefined("no trials in a sample", method=method, n=n1 + n2)
    return _difference(first, second, 0.0, method, n1 + n2)


def newcombe_paired(
    both: int, only_a: int, only_b: int, neither: int, *, confidence: float = 0.95
) -> Estimate:
    """Difference of two rates over the same items, A - B, from their Wilson intervals.

    The correlation of the pairs narrows the interval; it stays within -1..1 and is no point where
    no item separates A and B.

    Source: Newcombe (1998), Statistics in Medicine 17, 2635-2650, method 10, with phi corrected
    for continuity where it is positive.

    Args:
        both: items that both solve.
        only_a: items that only A solves.
        only_b: items that only B solves.
        neither: items that neither solves.
        confidence: level of the two-sided interval.

    Raises:
        InputError: a negative count.
    """
    if min(both, only_a, only_b, neither) < 0:
        raise InputError("a negative count", hint="give counts of items")
    method = "paired difference of rates; newcombe interval"
    n = both + only_a + only_b + neither
    if n == 0:
        return undefined("no items", method=method, n=0)
    first = proportion(both + only_a, n, confidence=confidence)
    second = proportion(both + only_b, n, confidence=confidence)
    return _difference(first, second, _phi(both, only_a, only_b, neither), method, n)


def _phi(a: int, b: int, c: int, d: int) -> float:
    """Correlation of the pairs, drawn towards 0 where it is positive."""
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        return 0.0
    product = float(a * d - b * c)
    if product > 0:
        product = max(product - (a + b + c + d) / 2, 0.0)
    return product / math.sqrt(margins)


def _difference(a: Estimate, b: Estimate, phi: float, method: str, n: int) -> Estimate:
    """A - b with squared distances to the ends of their intervals added, less their correlation."""

    def add(x: float, y: float) -> float:
        return math.sqrt(max(x * x - 2 * phi * x * y + y * y, 0.0))

    assert a.value is not None
    assert b.value is not None
    p, q = a.value, b.value
    found = []
    for low_a, high_a, low_b, high_b in (
        (a.ci_lo, a.ci_hi, b.ci_lo, b.ci_hi),
        (a.lower, a.upper, b.lower, b.upper),
    ):
        assert low_a is not None
        assert high_a is not None
        assert low_b is not None
        assert high_b is not None
        found += [p - q - add(p - low_a, high_b - q), p - q + add(high_a - p, q - low_b)]
    return Estimate(
        p - q,
        ci_lo=found[0],
        ci_hi=found[1],
        lower=found[2],
        upper=found[3],
        confidence=a.confidence,
        method=method,
        n=n,
    )
