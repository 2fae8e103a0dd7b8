"""Evidence that may be looked at as often as one likes: betting against the null hypothesis.

A gambler starts with 1 and bets, before each observation, a part of his fortune on the mean being
above the null value. If the null holds, his fortune is a supermartingale: it ever reaches 1/alpha
with probability at most alpha (Ville's inequality), however often somebody looks and whenever he
stops. The fortune is the evidence.

Source: Waudby-Smith & Ramdas (2024), J. R. Statist. Soc. B 86, 1-27, section 4 and appendix B
("predictable plug-in" bets); Ville (1939).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, numbers

MOST = 0.5
"""Share of the largest bet that cannot bankrupt: half of it keeps something for the next one."""


@dataclass(frozen=True)
class Evidence:
    """What a sequence of observations says against the null.

    Attributes:
        log_wealth: (n,) logarithm of the fortune after each observation.
        level: alpha.
        crossed: 1-based observation after which the fortune first was 1/alpha; None if never.
    """

    log_wealth: FloatArray
    level: float
    crossed: int | None

    @property
    def e_value(self) -> float:
        """Fortune at the end: evidence against the null, 1 is none; infinite beyond 1e300."""
        last = float(self.log_wealth[-1]) if len(self.log_wealth) else 0.0
        return math.exp(last) if last < 690 else math.inf

    @property
    def p(self) -> float:
        """P value that holds at any time: one over the largest fortune so far."""
        if not len(self.log_wealth):
            return 1.0
        return min(1.0, math.exp(-float(self.log_wealth.max())))


def above(
    values: AnyArray, null: float, *, alpha: float = 0.05, low: float = 0.0, high: float = 1.0
) -> Evidence:
    """Evidence that a mean is above ``null``, valid at every look.

    Of the mirrored values it is evidence that the mean is below.

    Args:
        values: (n,) observations in the order in which they came, each within low..high; of
            clustered items, one mean a cluster. Or (runs, n) sequences, each on its own.
        null: greatest mean under the null hypothesis, within low..high.
        alpha: level of the decision.
        low: least value that an observation can have.
        high: greatest value that it can have.

    Returns:
        The evidence; of more than one sequence, ``log_wealth`` is (runs, n) and ``crossed`` None.

    Raises:
        InputError: a value or null out of range, or a level outside 0..1.
    """
    if not 0 < alpha < 1:
        raise InputError(f"level {alpha}", hint="between 0 and 1")
    log_wealth = fortunes(values, low=low, high=high)(null)
    if log_wealth.ndim == 2:
        return Evidence(log_wealth, alpha, None)
    reached = np.flatnonzero(log_wealth >= -math.log(alpha))
    return Evidence(log_wealth, alpha, int(reached[0]) + 1 if len(reached) else None)


def fortunes(
    values: AnyArray, *, low: float = 0.0, high: float = 1.0
) -> Callable[[float], FloatArray]:
    """What :func:`above` earns against any null, with the work that nulls share done once.

    Args:
        values: (n,) observations or (runs, n) sequences, within low..high.
        low: least value that an observation can have.
        high: greatest value that it can have.

    Returns:
        From a null to the logarithm of the fortune after each observation.

    Raises:
        InputError: a value out of range; on use, a null out of range.
    """
    v = numbers(values, 2 if values.ndim == 2 else 1, "values")
    if not (low < high and math.isfinite(low) and math.isfinite(high)):
        raise InputError(f"range {low}..{high}", hint="low lies below high")
    # Differences of decimal fractions may overshoot their range by a rounding error.
    slack = 1e-12 * max(abs(low), abs(high))
    if v.size and not (low - slack <= v.min() and v.max() <= high + slack):
        raise InputError(
            f"a value of {(v.min() if v.min() < low - slack else v.max()):g}",
            hint=f"they lie within {low:g}..{high:g}",
        )
    x = (v - low) / (high - low)
    # Bets know what came before alone. One imaginary observation at 1/2 with variance 1/4 stands
    # before the first.
    n = np.arange(1, x.shape[-1] + 1)
    mean = (0.5 + np.cumsum(x, axis=-1)) / (n + 1)
    spread = (0.25 + np.cumsum((x - mean) ** 2, axis=-1)) / (n + 1)
    mean, spread = _before(mean, 0.5), _before(spread, 0.25)

    def against(null: float) -> FloatArray:
        if not low < null < high:
            raise InputError(f"null {null}", hint=f"it lies between {low} and {high}")
        # On 0..1 the null is that the mean is at most m.
        m = (null - low) / (high - low)
        earned: FloatArray = np.cumsum(np.log1p(_bets(mean, spread, m) * (x - m)), axis=-1)
        return earned

    return against


def _bets(mean: FloatArray, spread: FloatArray, m: float) -> FloatArray:
    """Bet before each observation from the mean and variance so far.

    The growth-optimal bet is about (mean - m) / (variance + (mean - m)^2); where the mean so far is
    not above m, nothing is bet.
    """
    edge = np.maximum(mean - m, 0.0)
    bets: FloatArray = np.minimum(edge / (spread + edge**2), MOST / m)
    return bets


def _before(x: FloatArray, first: float) -> FloatArray:
    """Each entry's predecessor along the last axis; ``first`` before the first."""
    moved = np.empty_like(x)
    moved[..., 1:] = x[..., :-1]
    moved[..., :1] = first
    return moved
