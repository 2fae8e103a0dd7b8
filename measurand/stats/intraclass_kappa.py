"""Two outcomes of 0 or 1 of each unit: how far the second comes out as the first."""

from __future__ import annotations

from typing import NamedTuple

METHOD = "score test of units with none, one and two, inverted"
NEXT = 1e-9
"""Share of a range that lies beside its ends."""


class Ends(NamedTuple):
    """An interval of the intraclass correlation of 0 and 1."""

    low: float
    high: float


def kappa_ends(neither: int, one: int, both: int, level: float) -> Ends:
    """Ends of the two-sided interval of intraclass kappa, which is ICC(1,1) of 0 and 1.

    All correlations that a chi-square test of the three counts with one degree of freedom does not
    refuse, the rate at its likeliest for each correlation: that is the score test. Of 92 units, of
    which a twentieth to one half are 1, it holds the truth in 95 to 96 of 100 (the rate at its
    estimate: 93 to 96); of 30 in 95 to 97, in 99 where a twentieth are 1.

    Source: Nam (2000), Biometrics 56, 583-585. Checked against ``scipy.stats.chisquare`` at both
    ends, the rate by ``scipy.optimize.minimize_scalar``, and statsmodels' kappa.

    Args:
        neither: units with two 0.
        one: units with one 0 and one 1.
        both: units with two 1. There is a 0 and a 1 among all.
        level: of the interval, such as 0.95.

    Returns:
        The ends, within -1 and 1. Where both outcomes never differ the upper end is 1, where they
        always do the lower one is -1.
    """
    from scipy.optimize import brentq
    from scipy.special import chdtri

    counts = (neither, one, both)
    n = sum(counts)
    rate = (both + one / 2) / n
    kappa = 1 - one / (2 * n * rate * (1 - rate))
    bound = float(chdtri(1, 1 - level))

    def beyond(at: float) -> float:
        """Above 0 where the test refuses; at the estimate the counts are as expected."""
        if at == kappa:
            return -bound
        wanted = _shares(_rate(counts, at), at)
        parts = ((have - n * share) ** 2 / (n * share) if share > 0 else 0.0
                 for have, share in zip(counts, wanted, strict=True))  # fmt: skip
        return sum(parts) - bound

    # A count of one or more, of which so few are expected, is refused whatever the rate: units that
    # agree are at most (1 + kappa) / (1 - kappa) of all, others at most (1 - kappa) / 2.
    few = 1 / ((bound + 3) * n)
    low = float(brentq(beyond, (few - 1) / (few + 1), kappa)) if neither or both else -1.0
    high = float(brentq(beyond, kappa, 1 - 2 * few)) if one else 1.0
    return Ends(low, high)


def _shares(rate: float, kappa: float) -> tuple[float, float, float]:
    """Of units with none, one and two 1."""
    other = 1 - rate
    return (
        other * (other + kappa * rate),
        2 * rate * other * (1 - kappa),
        rate * (rate + kappa * other),
    )


def _rate(counts: tuple[int, int, int], kappa: float) -> float:
    """The likeliest rate, given the correlation: logarithms of linear functions have one maximum.

    It lies at an end of what the correlation allows where no unit of the counts stands against it.
    """
    from scipy.optimize import brentq

    neither, one, both = counts
    least = max(0.0, -kappa / (1 - kappa))
    beside = NEXT * (1 - 2 * least)

    def rises(at: float) -> float:
        """Derivative of the log-likelihood."""
        return (
            (one + both) / at
            - (neither + one) / (1 - at)
            + both * (1 - kappa) / (at + kappa * (1 - at))
            - neither * (1 - kappa) / (1 - at + kappa * at)
        )

    low, high = least + beside, 1 - least - beside
    if rises(low) <= 0:
        return least
    if rises(high) >= 0:
        return 1 - least
    return float(brentq(rises, low, high))
