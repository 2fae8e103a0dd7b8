"""Where a score stands in a group of people of whom only a sample is known.

theta = P(H < m) + P(H = m) / 2 is the share of the group below the true score m. Both sides have
sampling error: of m, by its items (:mod:`measurand.stats.true_score`), and of the group, by its
people. A :class:`Place` is the law of theta given both, a mixture over values of m; probabilities
and intervals are read off its distribution function, so nothing is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, numbers
from measurand.stats.estimate import Estimate
from measurand.stats.resample import counts, rng_for
from measurand.stats.true_score import TrueScore, gauss_legendre

NEGLIGIBLE = 1e-9
"""Weight below which a part of the mixture is left out."""
STEPS = 27
"""Halvings of an interval: the last is below 1e-8."""


@dataclass(frozen=True)
class Place:
    """Law of a percentile, as a share from 0 to 1.

    Attributes:
        theta: the sample's own percentile of the measured score, ties half.
        strict: share of people strictly below it.
        at_most: share of people not above it.
        weights: (k,) weights of the parts; they sum to 1.
        a: (k,) first shapes of Beta laws; centres on the normal scale, where ``people`` is set.
        b: (k,) second shapes of Beta laws; empty where ``people`` is set.
        people: size of the sample of a normal group, None where the group's scores are known.
        n: people.
        method: in words.
    """

    theta: float
    strict: float
    at_most: float
    weights: FloatArray
    a: FloatArray
    b: FloatArray
    people: int | None
    n: int
    method: str

    def below(self, t: AnyArray) -> FloatArray:
        """Probability that theta lies below each t."""
        from scipy.special import betainc, ndtr, ndtri

        at = np.asarray(t, np.float64)[..., None]
        if self.people is None:
            parts = betainc(self.a, self.b, at)
        else:
            parts = ndtr(math.sqrt(self.people) * (ndtri(at) - self.a))
        found: FloatArray = parts @ self.weights
        return found

    def at_least(self, cuts: Sequence[float]) -> tuple[float, ...]:
        """Probability that theta reaches each cut."""
        return tuple(float(p) for p in np.clip(1.0 - self.below(np.array(cuts)), 0.0, 1.0))

    def quantiles(self, probabilities: Sequence[float]) -> FloatArray:
        """Quantiles of theta, by bisection."""
        p = np.array(probabilities)
        low, high = np.zeros(len(p)), np.ones(len(p))
        for _ in range(STEPS):
            middle = (low + high) / 2
            under = self.below(middle) < p
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return (low + high) / 2

    def estimate(self, confidence: float = 0.95) -> Estimate:
        """The percentile with its interval."""
        tail = (1 - confidence) / 2
        lo, hi, lower, upper = map(float, self.quantiles([tail, 1 - tail, 0.05, 0.95]))
        return Estimate(
            self.theta,
            ci_lo=min(lo, self.theta),
            ci_hi=max(hi, self.theta),
            lower=lower,
            upper=upper,
            confidence=confidence,
            method=self.method,
            n=self.n,
        )


def people_needed(cut: float, confidence: float = 0.95) -> int:
    """People that a group needs before a cut can be claimed even of a score above all of them.

    If none of n is at or above the score, theta >= cut is claimed at ``confidence`` one-sided only
    where cut^n <= 1 - confidence: 5, 29 and 299 people for .5, .9 and .99.

    Raises:
        InputError: not 0 < cut < 1 and 0 < confidence < 1.
    """
    if not (0 < cut < 1 and 0 < confidence < 1):
        raise InputError(f"cut {cut}, confidence {confidence}", hint="both lie between 0 and 1")
    return math.ceil(math.log(1 - confidence) / math.log(cut))


def among(score: TrueScore, people: AnyArray) -> Place:
    """Among people whose scores are known.

    Given m, theta has Jeffreys' law Beta(x + 1/2, n - x + 1/2) with x people below, ties half
    (Brown, Cai & DasGupta 2001, Statistical Science 16, 101-133); the weight of each x is the
    probability that the true score lies between the people who make it.

    Args:
        score: law of the true score.
        people: (n,) scores.

    Raises:
        InputError: nobody, or scores that are not finite.
    """
    h = numbers(people, 1, "people")
    n = len(h)
    if not n:
        raise InputError("a group of nobody", hint="leave the norm out")
    values, ties = np.unique(h, return_counts=True)
    upto = np.concatenate([[0], np.cumsum(ties)]).astype(np.float64)
    at = int(np.searchsorted(values, score.value))
    own = float(ties[at]) if at < len(values) and values[at] == score.value else 0.0
    if score.kind == "exact":
        x, weights = np.array([upto[at] + own / 2]), np.ones(1)
    else:
        x, weights = upto, np.diff(score.below(values), prepend=0.0, append=1.0)
    return _mixed(x, weights, n, (float(upto[at]), own), "people's scores")


def among_with_items(
    own: AnyArray, people: AnyArray, *, resamples: int = 2000, seed_words: Sequence[str | int]
) -> Place:
    """Among people who answered the same items: items are drawn together for both sides.

    An item that is easy for everybody raises all scores and moves nobody's place, which
    :func:`among` counts as error. Each resample of the items gives a number of people below.

    Args:
        own: (k,) the model's scores of the items, repeats averaged.
        people: (n, k) the people's scores of the same items.
        resamples: of the items.
        seed_words: of the resampling.

    Raises:
        InputError: shapes that do not fit, nobody, or fewer than two items.
    """
    y, table = numbers(own, 1, "own"), numbers(people, 2, "people")
    n, k = table.shape
    if len(y) != k or n == 0 or k < 2:
        raise InputError(
            f"{len(y)} items of the model, {n} people on {k} items",
            hint="both answer the same items, two or more",
        )
    drawn = counts(k, resamples, rng_for(*seed_words)).astype(np.float64)
    # Sums of whole numbers are exact; of others, equal sums may differ in the last bits.
    gaps = np.round(drawn @ table.T - (drawn @ y)[:, None], 9)
    x = (gaps < 0).sum(1) + (gaps == 0).sum(1) / 2
    here = np.round(table.sum(1) - y.sum(), 9)
    values, often = np.unique(x, return_counts=True)
    at = (float((here < 0).sum()), float((here == 0).sum()))
    return _mixed(values, often / resamples, n, at, f"{resamples} joint resamples of items, people")


def _mixed(x: FloatArray, weights: FloatArray, n: int, at: tuple[float, float], of: str) -> Place:
    kept = weights > NEGLIGIBLE
    weights = weights[kept] / weights[kept].sum()
    return Place(
        *((at[0] + at[1] / 2) / n, at[0] / n, (at[0] + at[1]) / n),
        *(weights, x[kept] + 0.5, n - x[kept] + 0.5),
        *(None, n, f"mid-rank percentile; Jeffreys interval over items and {of}"),
    )


def among_normal(
    score: TrueScore, mean: float, sd: float, n: int, reliability: float | None = None
) -> Place:
    """Among a group that is taken as normal and of which mean, sd and size are published.

    The interval of (m - mu) / sigma given m is that of the noncentral t, as in tolerance limits
    (Johnson & Welch 1940, Biometrika 31, 362-389): exact under normality. Here it is the integral
    over the law of sigma, since libraries' noncentral t is NaN far out.

    Args:
        score: law of the true score.
        mean: of the sample.
        sd: of the sample, with n - 1.
        n: people.
        reliability: of the people's scores; where given, their spread is that of true scores,
            sd * sqrt(reliability).

    Raises:
        InputError: sd not positive, fewer than two people, or a reliability outside 0..1.
    """
    if not (sd > 0 and n >= 2 and (reliability is None or 0 < reliability <= 1)):
        raise InputError(
            f"mean {mean}, sd {sd}, {n} people, reliability {reliability}",
            hint="sd > 0, two people or more, reliability in 0..1",
        )
    from scipy.special import gammaincinv, ndtr

    spread = sd * math.sqrt(1.0 if reliability is None else reliability)
    theta = float(ndtr((score.value - mean) / spread))
    values, weights = score.nodes()
    u, more = gauss_legendre()
    # sd / sigma is the root of a chi-square over its degrees of freedom.
    ratio = np.sqrt(gammaincinv((n - 1) / 2, u) * 2 / (n - 1))
    z = ((values[:, None] - mean) / spread * ratio).ravel()
    method = "normal percentile; noncentral t interval over items and people"
    joint = (weights[:, None] * more).ravel()
    return Place(theta, theta, theta, joint, z, np.empty(0), n, n, method)


WHOLE_GROUP = 10**9
"""Size that stands for a group of which everybody was measured: it has no sampling error."""


def in_table(
    score: TrueScore, listed: AnyArray, shares: AnyArray, n: int | None, rounding: float
) -> tuple[Place, Place]:
    """Between two rows of a published table of percentiles: laws of both ends.

    Only the rows are known: theta lies between the share of the last row that the score reaches and
    that of the next one, each give or take the table's rounding. Their middle, ``theta``,
    is for pictures alone; what is claimed stands on the lower end.

    Args:
        score: law of the true score.
        listed: (r,) scores of the table, ascending.
        shares: (r,) share of the group below each of them, ascending.
        n: people behind the table; None where it counts the whole group.
        rounding: half of the table's last digit, as a share.

    Raises:
        InputError: code ``bad_table``: no rows, or rows that do not ascend or leave 0..1.
    """
    rows, share = numbers(listed, 1, "listed"), numbers(shares, 1, "shares")
    ascending = len(rows) > 0 and len(rows) == len(share)
    ascending = ascending and bool((np.diff(rows) > 0).all() and (np.diff(share) >= 0).all())
    if not ascending or share[0] < 0 or share[-1] > 1:
        raise InputError(
            "a table of percentiles out of order",
            hint="scores ascend, shares never fall and lie in 0..1",
            code="bad_table",
        )
    values, weights = score.nodes()
    people = WHOLE_GROUP if n is None else n
    low, high = _ends(values, rows, share, rounding)
    [own_low], [own_high] = _ends(np.array([score.value]), rows, share, rounding)
    theta = (own_low + own_high) / 2

    def place(end: FloatArray, which: str) -> Place:
        method = f"{which} end of a row of a percentile table, its rounding and sample included"
        return Place(
            *(theta, float(own_low), float(own_high), weights, end * people + 0.5),
            *((1 - end) * people + 0.5, None, people, method),
        )

    return place(low, "lower"), place(high, "upper")


def _ends(
    values: FloatArray, rows: FloatArray, share: FloatArray, rounding: float
) -> tuple[FloatArray, FloatArray]:
    after = np.searchsorted(rows, values, side="right")
    padded = np.concatenate([[0.0], share, [1.0]])
    low = np.where(after > 0, padded[after] - rounding, 0.0)
    same = (after > 0) & (rows[np.maximum(after - 1, 0)] == values)
    high = np.where(same, padded[after], padded[after + 1]) + rounding
    return np.clip(low, 0, 1), np.clip(high, 0, 1)
