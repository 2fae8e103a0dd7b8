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
        """Fortune at the end: evidence against the null, 1 is none."""
        return math.exp(float(self.log_wealth[-1])) if len(self.log_wealth) else 1.0

    @property
    def p(self) -> float:
        """P value that holds at any time: one over the largest fortune so far."""
        if not len(self.log_wealth):
            return 1.0
        return min(1.0, math.exp(-float(self.log_wealth.max())))


def non_inferior(
    differences: AnyArray, margin: float, *, alpha: float = 0.05, bound: float = 1.0
) -> Evidence:
    """Evidence that a mean paired difference is above -margin, valid at every look.

    Args:
        differences: (n,) candidate minus baseline in the order in which they came, each within
            -bound..bound; of clustered items, one mean a cluster.
        margin: largest loss that counts as none, above 0 and below ``bound``.
        alpha: level of the decision.
        bound: largest size that a difference can have.

    Raises:
        InputError: a difference beyond the bound, or a margin or level out of range.
    """
    d = numbers(differences, 1, "differences")
    if not 0 < margin < bound:
        raise InputError(f"margin {margin}", hint=f"a margin between 0 and {bound}")
    if not 0 < alpha < 1:
        raise InputError(f"level {alpha}", hint="between 0 and 1")
    if len(d) and np.abs(d).max() > bound:
        raise InputError(
            f"a difference of {np.abs(d).max():g}", hint=f"they lie within -{bound}..{bound}"
        )
    # On 0..1 the null is that the mean is at most m.
    x, m = (d / bound + 1) / 2, (1 - margin / bound) / 2
    bets = _bets(x, m, alpha)
    log_wealth = np.cumsum(np.log1p(bets * (x - m)))
    reached = np.flatnonzero(log_wealth >= -math.log(alpha))
    return Evidence(log_wealth, alpha, int(reached[0]) + 1 if len(reached) else None)


def _bets(x: FloatArray, m: float, alpha: float) -> FloatArray:
    """Bet before each observation, from those before it alone: mean and variance so far.

    The growth-optimal bet is about (mean - m) / (variance + (mean - m)^2); where the mean so far is
    not above m, nothing is bet.
    """
    n = np.arange(1, len(x) + 1)
    # One imaginary observation at 1/2 with variance 1/4 stands before the first.
    mean = (0.5 + np.cumsum(x)) / (n + 1)
    spread = (0.25 + np.cumsum((x - mean) ** 2)) / (n + 1)
    before_mean = np.concatenate([[0.5], mean[:-1]]) if len(x) else mean
    before_spread = np.concatenate([[0.25], spread[:-1]]) if len(x) else spread
    edge = np.maximum(before_mean - m, 0.0)
    bets: FloatArray = np.minimum(edge / (before_spread + edge**2), MOST / m)
    return bets
