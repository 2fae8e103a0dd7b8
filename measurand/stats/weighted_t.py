"""A quantile between those of two samples, one of few units and one of many.

An error that has a part of either sample has no Student's t of its own. That of the few is much too
wide where most of the error is of the many: with three units it is 4.3 errors against 2. The two
quantiles are weighted instead, as Cochran & Cox (1957, Experimental Designs, section 4.14) do for
two means of unequal variance, with weights p^2 and (1 - p)^2 (R - 1) / 2, p the share that the R
few have in the variance; the squares were chosen by ``benchmarks/training_intervals.py``, which
holds for two to ten units of one sample and ten or more of the other.
"""

from __future__ import annotations

from dataclasses import replace

from measurand.stats.arrays import AnyArray
from measurand.stats.bounded import bounded
from measurand.stats.estimate import Estimate


def quantile(level: float, share: float, few: int, many: int) -> float:
    """Standard errors from an estimate to its end.

    Args:
        level: one-sided level, such as .975.
        share: part of the variance that is of the few, 0 to 1.
        few: units of the smaller sample, 2 or more.
        many: units of the larger sample.
    """
    from scipy.special import stdtrit

    p = min(share, 1.0)
    weight = p**2 / (p**2 + (few - 1) / 2 * (1 - p) ** 2)
    most, least = float(stdtrit(few - 1, level)), float(stdtrit(many - 1, level))
    return least + (most - least) * weight


def in_range(
    plain: Estimate,
    values: AnyArray,
    units: AnyArray | None = None,
    *,
    low: float = 0.0,
    high: float = 1.0,
) -> Estimate:
    """:func:`measurand.stats.bounded.bounded` with the quantiles of the interval that is given.

    ``bounded`` takes Student's t of the clusters on the logit scale; here a share has there as many
    standard errors to either end as ``plain``. For an interval of that t the two are the same.

    Args:
        plain: a mean of the values with any interval that is as far on either side.
        values: (n,) the values.
        units: (n,) as in ``bounded``.
        low: least possible value.
        high: largest possible value.
    """
    from scipy.special import expit, logit

    found = bounded(plain, values, units, low=low, high=high)
    p, se = found.value, found.se
    # Another error than the given one is that of rows, for which Student's t is right.
    given = se is not None and se == plain.se and p is not None and 0 < p < 1
    if (low, high) != (0.0, 1.0) or not given or not se:
        return found
    assert p is not None
    assert plain.ci_hi is not None
    assert plain.upper is not None
    at, slope = float(logit(p)), 1 / (p * (1 - p))
    far, near = (plain.ci_hi - p) * slope, (plain.upper - p) * slope
    ends = [float(expit(at + step)) for step in (-far, far, -near, near)]
    return replace(found, ci_lo=ends[0], ci_hi=ends[1], lower=ends[2], upper=ends[3])
