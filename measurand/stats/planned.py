"""How many units a study needs, when what is known of their variance comes from a small pilot.

A pilot's variance is an estimate. A plan that takes it for the truth reaches its power too seldom:
the power at the planned size is a mean over what the variance may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import FloatArray

MOST_UNITS = 10**9
NODES = 64
"""Points at which the variance's distribution is taken; more move no whole unit."""
CLOSE = 40
"""Degrees of freedom from which the noncentral t is near enough to its normal form."""


def power_of(
    units: float, effect: float, sd: float, *, alpha: float = 0.05, degrees: float | None = None
) -> float:
    """Chance that a one-sided t test over units finds an effect.

    Source: the noncentral t distribution, as R's ``power.t.test`` of one sample and one side; over
    a variance that is estimated with ``degrees`` the mean of it, after Julious & Owen (2006),
    Pharmaceutical Statistics 5, 29-37.

    Args:
        units: independent units, 2 or more.
        effect: true distance from what is to be excluded, above 0 in the direction of the test.
        sd: standard deviation of a unit, known or from a pilot.
        alpha: level of the test.
        degrees: degrees of freedom of the pilot's ``sd``; None where it is known.

    Raises:
        InputError: a number outside its range.
    """
    _check(effect, sd, alpha, degrees)
    if units < 2:
        return 0.0
    return _mean_power(units, effect / sd * math.sqrt(units), alpha, degrees)


def units_needed(
    effect: float,
    sd: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    degrees: float | None = None,
) -> int | None:
    """Least number of units whose :func:`power_of` is ``power``, on average over pilots.

    Args:
        effect: as in :func:`power_of`.
        sd: as in :func:`power_of`.
        power: wished chance.
        alpha: level of the test.
        degrees: degrees of freedom of the pilot's ``sd``; None where it is known.

    Returns:
        The number, 2 or more; None beyond ``MOST_UNITS``.

    Raises:
        InputError: a number outside its range.
    """
    _check(effect, sd, alpha, degrees)
    if not 0 < power < 1:
        raise InputError(f"power {power}", hint="give a number between 0 and 1")
    return _least(lambda n: power_of(n, effect, sd, alpha=alpha, degrees=degrees) >= power)


def units_for_width(
    width: float,
    sd: float,
    *,
    chance: float = 0.8,
    confidence: float = 0.95,
    degrees: float | None = None,
) -> int | None:
    """Least number of units whose t interval is no wider than ``width`` with a chance.

    The variance that the study will find, over the pilot's, follows F where units are normal.

    Source: Kupper & Hafner (1989), The American Statistician 43, 101-105; with the pilot's degrees
    in place of a known variance.

    Args:
        width: from end to end.
        sd: standard deviation of a unit.
        chance: that the interval is no wider.
        confidence: level of the interval.
        degrees: degrees of freedom of the pilot's ``sd``; None where it is known.

    Returns:
        The number, 2 or more; None beyond ``MOST_UNITS``.

    Raises:
        InputError: a number outside its range.
    """
    from scipy.special import chdtri, fdtri, stdtrit

    _check(width, sd, 1 - confidence, degrees)
    if not 0 < chance < 1:
        raise InputError(f"chance {chance}", hint="give a number between 0 and 1")

    def met(n: int) -> bool:
        if degrees is None:
            ratio = float(chdtri(n - 1, 1 - chance)) / (n - 1)
        else:
            ratio = float(fdtri(n - 1, degrees, chance))
        return 2 * float(stdtrit(n - 1, (1 + confidence) / 2)) * sd * math.sqrt(ratio / n) <= width

    return _least(met)


def rate_power(units: float, truth: float, limit: float, *, alpha: float = 0.05) -> float:
    """Chance that Wilson's one-sided bound of a rate excludes a limit on the wrong side of it.

    Source: Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, section 2.5:
    the error under the null from the limit, that of what comes out from the truth.

    Args:
        units: independent 0/1 answers.
        truth: true rate.
        limit: rate to exclude, between 0 and 1.
        alpha: level of the test.

    Raises:
        InputError: a number outside its range.
    """
    from scipy.special import ndtr, ndtri

    _check_rate(truth, limit, alpha)
    ahead = abs(truth - limit) * math.sqrt(units)
    ahead -= float(ndtri(1 - alpha)) * math.sqrt(limit * (1 - limit))
    spread = math.sqrt(truth * (1 - truth))
    return float(ndtr(ahead / spread)) if spread > 0 else float(ahead >= 0)


def rate_units_needed(
    truth: float, limit: float, *, power: float = 0.8, alpha: float = 0.05
) -> int | None:
    """Least number of independent answers whose :func:`rate_power` is ``power``.

    Args:
        truth: true rate.
        limit: rate to exclude, between 0 and 1.
        power: wished chance.
        alpha: level of the test.

    Returns:
        The number; None where the truth is the limit, or beyond ``MOST_UNITS``.

    Raises:
        InputError: a number outside its range.
    """
    from scipy.special import ndtri

    _check_rate(truth, limit, alpha)
    if not 0 < power < 1:
        raise InputError(f"power {power}", hint="give a number between 0 and 1")
    gap = abs(truth - limit)
    spread = float(ndtri(1 - alpha)) * math.sqrt(limit * (1 - limit))
    spread += float(ndtri(power)) * math.sqrt(truth * (1 - truth))
    if spread > gap * math.sqrt(MOST_UNITS):
        return None
    return max(1, math.ceil((spread / gap) ** 2))


def sd_interval(sd: float, degrees: float, confidence: float = 0.95) -> tuple[float, float]:
    """Where the true standard deviation lies, by the chi-squared distribution.

    Args:
        sd: estimate.
        degrees: its degrees of freedom, above 0.
        confidence: level.

    Raises:
        InputError: a number outside its range.
    """
    from scipy.special import chdtri

    _check(1.0, sd, 1 - confidence, degrees)
    tail = (1 - confidence) / 2
    low, high = (math.sqrt(degrees / float(chdtri(degrees, p))) for p in (tail, 1 - tail))
    return sd * low, sd * high


def _check(effect: float, sd: float, alpha: float, degrees: float | None) -> None:
    if not (0 < effect < math.inf and 0 < sd < math.inf and 0 < alpha < 1):
        raise InputError(
            f"effect {effect}, sd {sd}, level {alpha}", hint="all above 0, the level below 1"
        )
    if degrees is not None and not degrees > 0:
        raise InputError(f"{degrees} degrees of freedom", hint="give a number above 0, or None")


def _check_rate(truth: float, limit: float, alpha: float) -> None:
    if not (0 <= truth <= 1 and 0 < limit < 1 and 0 < alpha < 1):
        raise InputError(
            f"rate {truth}, limit {limit}, level {alpha}", hint="all lie between 0 and 1"
        )


def _least(met: Callable[[int], bool]) -> int | None:
    """Least n from 2 that meets a condition which larger n meet too."""
    if met(2):
        return 2
    low, high = 2, 4
    while not met(high):
        low, high = high, high * 2
        if high > MOST_UNITS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if met(middle) else (middle, high)
    return high


@lru_cache(maxsize=64)
def _stretches(degrees: float) -> FloatArray:
    """Pilot's sd over the true one, at the middles of equally likely parts."""
    from scipy.special import gammaincinv

    at = (np.arange(NODES) + 0.5) / NODES
    found: FloatArray = np.sqrt(2 * gammaincinv(degrees / 2, at) / degrees)
    return found


def _mean_power(units: float, shift: float, alpha: float, degrees: float | None) -> float:
    from scipy.special import nctdtr, ndtr, stdtrit

    df = units - 1
    critical = float(stdtrit(df, 1 - alpha))
    shifts = np.array([shift]) if degrees is None else shift * _stretches(degrees)
    if df >= CLOSE:
        # Johnson & Welch's normal form, off by .0001 at most here, is a hundred times as fast.
        spread = math.sqrt(1 + critical * critical / (2 * df))
        return float(ndtr((shifts - critical * (1 - 1 / (4 * df))) / spread).mean())
    # Beyond, the noncentral t is 1 to double precision and scipy slow.
    shifts = np.minimum(shifts, critical + 20)
    return float(np.clip(1 - nctdtr(df, shifts, critical), 0.0, 1.0).mean())
