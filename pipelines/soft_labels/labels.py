"""Soft labels: from ratings, votes or rewards to the probability that one response is preferred."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from measurand.errors import InputError
from measurand.stats.resample import rng_for

BINS = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Lower ends of the bins of oriented labels; the last one holds 1 too."""

VARIANTS: Mapping[str, tuple[int, ...] | None] = {
    "natural": None,
    "modest": (0, 1, 1, 1, 0),
    "skewed": (1, 1, 1, 2, 5),
    "stairs": (5, 4, 3, 2, 1),
}
"""Weights of the bins; null takes pairs as they come. Names after Furuta et al. 2024, whose exact
histograms are not published; these are our own."""


_FINE = 10**9


@dataclass(frozen=True)
class Label:
    """A label as a fraction of whole numbers, so that it can be recomputed to the last bit.

    Attributes:
        num: numerator, 0 to ``den``.
        den: denominator, above 0.
    """

    num: int
    den: int

    def __post_init__(self) -> None:
        if not 0 <= self.num <= self.den or self.den == 0:
            raise InputError(f"label {self.num}/{self.den}", hint="give 0 <= num <= den, den > 0")

    @property
    def p(self) -> float:
        """The probability."""
        return self.num / self.den

    def flipped(self) -> Label:
        """The label with the responses exchanged."""
        return replace(self, num=self.den - self.num)


def from_ratings(first: Sequence[float], second: Sequence[float]) -> Label:
    """How often a rater of the first gives more than a rater of the second; ties count half.

    Over all pairs of raters, which is the effect size A of Vargha & Delaney (2000), and the
    Mann-Whitney U of the ratings divided by both counts (checked against scipy).

    Args:
        first: ratings of the first response.
        second: ratings of the second response.

    Raises:
        InputError: no ratings of one of them.
    """
    if not first or not second:
        raise InputError("a response without ratings has no label", hint="reject the pair")
    ordered = sorted(second)
    below = sum(bisect_left(ordered, a) for a in first)
    not_above = sum(bisect_right(ordered, a) for a in first)
    return Label(below + not_above, 2 * len(first) * len(second))


def from_votes(first: int, second: int) -> Label:
    """Share of votes for the first.

    Raises:
        InputError: a negative number of votes, or none at all.
    """
    if min(first, second) < 0 or first + second == 0:
        raise InputError(f"votes {first} to {second}", hint="give counts, at least one vote")
    return Label(first, first + second)


def from_rewards(first: float, second: float, temperature: float) -> float:
    """Bradley-Terry: sigma((r1 - r2) / T).

    Raises:
        InputError: temperature not above 0.
    """
    if not temperature > 0:
        raise InputError(f"temperature {temperature}", hint="give a number above 0")
    gap = (first - second) / temperature
    if gap >= 0:
        return 1 / (1 + math.exp(-gap))
    return math.exp(gap) / (1 + math.exp(gap))


def from_probability(p: float) -> Label:
    """A probability that is no count, as the nearest fraction of a thousand million.

    Raises:
        InputError: p is not between 0 and 1.
    """
    if not 0 <= p <= 1:
        raise InputError(f"label {p}", hint="give a probability between 0 and 1")
    return Label(round(p * _FINE), _FINE)


def halves(first: Sequence[float], second: Sequence[float]) -> tuple[Label, Label] | None:
    """The label by either half of the raters (every second one); None with fewer than two each.

    How well the halves agree is how far the human label itself can be trusted.
    """
    if min(len(first), len(second)) < 2:
        return None
    a, b = (from_ratings(first[start::2], second[start::2]) for start in (0, 1))
    return a, b


def simulated_votes(p: float, votes: int, *words: str | int) -> Label:
    """What so many voters say, each preferring the first with probability p.

    Args:
        p: true probability.
        votes: number of voters; 1 makes a hard label.
        words: words that the seed is made of.
    """
    k = int(rng_for(*words).binomial(votes, p))
    return Label(k, votes)


def bin_of(p: float) -> int:
    """Index of the bin of an oriented label.

    Raises:
        InputError: p below 0.5 or above 1.
    """
    if not 0.5 <= p <= 1:
        raise InputError(f"label {p} is not oriented", hint="exchange the responses first")
    return bisect_right(BINS, p) - 1


def wanted(variant: str, n: int) -> tuple[int, ...] | None:
    """How many pairs of each bin make n pairs of a variant; null where any will do.

    Largest remainders: the counts add up to n.

    Raises:
        InputError: unknown variant.
    """
    if variant not in VARIANTS:
        raise InputError(f"unknown variant {variant!r}", hint=f"one of {', '.join(VARIANTS)}")
    weights = VARIANTS[variant]
    if weights is None:
        return None
    shares = [n * weight / sum(weights) for weight in weights]
    counts = [int(share) for share in shares]
    rest = sorted(range(len(shares)), key=lambda i: (counts[i] - shares[i], i))
    for i in rest[: n - sum(counts)]:
        counts[i] += 1
    return tuple(counts)
