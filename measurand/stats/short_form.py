"""Some items instead of all: which, and what the whole score is, with an interval that is honest.

Items are taken one by one, each the one that leaves the least variance in the whole score over the
respondents there were. A respondent's whole score is then what he answered plus, for each item
that he was not asked, its chance given these answers. The model's own error is too small wherever
answers depend on more than one ability, so it is only a scale: respondents are left out in turns,
items are learned and chosen without them, and their errors in units of the model's own give the
width. How far slopes may differ is chosen by the same errors. For a respondent like those the
interval is Student's, whatever is wrong with the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, IntArray, codes, numbers
from measurand.stats.estimate import Estimate
from measurand.stats.few_respondents import Bank, learn, posterior, shares
from measurand.stats.resample import rng_for

SPREADS = (0.05, 0.3, 0.7)
"""Spreads of slopes that are tried: items as alike as the respondents let them be."""
FOLDS = 10
FEWEST = 10
"""Respondents below which nothing can be said of a further one."""


def order(bank: Bank, most: int, weights: AnyArray) -> IntArray:
    """Items in the order in which they are taken.

    Given the items so far the whole score has the variance of the answers that are not known, plus
    that of the ability (the inverse of the information, and of the prior) times the slope of the
    whole score; the next item leaves the least, on average over abilities.

    Args:
        bank: all items.
        most: how many are taken.
        weights: (nodes,) how much each ability counts.

    Raises:
        InputError: not 1 <= most <= items.
    """
    k = len(bank.slope)
    if not 1 <= most <= k:
        raise InputError(f"{most} of {k} items", hint="take one or more, and no more than all")
    p, information = bank.chances, bank.information
    own = p * (1 - p)
    steep = bank.slope[:, None] * own
    left_variance, left_steep, known = own.sum(0), steep.sum(0), np.ones(p.shape[1])
    counted = numbers(weights, 1, "weights")
    left = np.ones(k, np.bool_)
    taken = []
    for _ in range(most):
        variance = (left_variance - own) + (left_steep - steep) ** 2 / (known + information)
        after = np.where(left, variance @ counted, np.inf)
        best = int(np.argmin(after))
        taken.append(best)
        left[best] = False
        left_variance, left_steep = left_variance - own[best], left_steep - steep[best]
        known = known + information[best]
    return np.array(taken)


def following(bank: Bank, asked: Sequence[int], answers: AnyArray) -> int | None:
    """The item to ask next, given the answers so far; None where all were asked.

    The rule is that of :func:`order`, with the abilities that these answers leave possible.

    Args:
        bank: all items.
        asked: items asked so far.
        answers: (len(asked),) share of right answers to them.
    """
    left = sorted(set(range(len(bank.slope))) - set(asked))
    if not left:
        return None
    row = np.full(len(bank.slope), np.nan)
    row[list(asked)] = answers
    weights = posterior(bank, row[None])[0]
    p = bank.chances
    own = p * (1 - p)
    steep = bank.slope[:, None] * own
    known = 1 + bank.information[list(asked)].sum(0)
    variance = (own[left].sum(0) - own) + (steep[left].sum(0) - steep) ** 2 / (
        known + bank.information
    )
    return left[int(np.argmin((variance @ weights)[left]))]


def whole(bank: Bank, taken: AnyArray, answers: AnyArray) -> tuple[FloatArray, FloatArray]:
    """Whole scores and their error by the model.

    Args:
        bank: all items.
        taken: (t,) which were asked.
        answers: (n, t) answers to them.

    Returns:
        (n,) mean over all items, (n,) standard error.
    """
    x = shares(answers)
    at = np.asarray(taken, np.int64)
    k = len(bank.slope)
    part = Bank(bank.slope[at], bank.intercept[at], bank.respondents)
    weights = posterior(part, x)
    asked = np.zeros((len(x), k), np.bool_)
    asked[:, at] = ~np.isnan(x)
    p = bank.chances
    variances = p * (1 - p)
    sums = np.where(np.isnan(x), 0.0, x).sum(1)
    mean_of = (~asked) @ p
    expected = (weights * mean_of).sum(1)
    inner = (weights * ((~asked) @ variances)).sum(1)
    outer = (weights * (mean_of - expected[:, None]) ** 2).sum(1)
    return (sums + expected) / k, np.sqrt(inner + outer) / k


@dataclass(frozen=True)
class ShortForm:
    """Some items that stand for all.

    Attributes:
        bank: all items, learned from all respondents.
        taken: which are asked, in order.
        stretch: root mean square of the errors of respondents left out, in units of the model's.
        errors: (n,) error of each respondent's score where he was left out.
        widths: (n,) width of each one's 95% interval where all of them give the stretch.
        respondents: how many there were.
    """

    bank: Bank
    taken: IntArray
    stretch: float
    errors: FloatArray
    widths: FloatArray
    respondents: int

    def estimate(self, answers: AnyArray, confidence: float = 0.95) -> list[Estimate]:
        """Whole scores of respondents who answered the taken items.

        Args:
            answers: (n, taken) share of right answers, NaN where none was given.
            confidence: of the interval.
        """
        from scipy.special import stdtrit

        x = shares(answers)
        values, errors = whole(self.bank, self.taken, x)
        k = len(self.bank.slope)
        asked = ~np.isnan(x)
        low = np.where(asked, x, 0.0).sum(1) / k
        high = low + (k - asked.sum(1)) / k
        t, one = (float(stdtrit(self.respondents, q)) for q in ((1 + confidence) / 2, 0.95))
        found = []
        for value, error, least, most, n in zip(
            values, errors * self.stretch, low, high, asked.sum(1), strict=True
        ):
            ends = [np.clip(value + s * error, least, most) for s in (-t, t, -one, one)]
            found.append(
                Estimate(
                    float(value),
                    se=float(error),
                    ci_lo=float(ends[0]),
                    ci_hi=float(ends[1]),
                    lower=float(ends[2]),
                    upper=float(ends[3]),
                    confidence=confidence,
                    method=f"whole score by {len(self.taken)} of {k} items, two-parameter logistic "
                    f"model; t({self.respondents}) interval by respondents left out",
                    n=int(n),
                )
            )
        return found


def shorten(
    answers: AnyArray,
    keep: int,
    *,
    groups: AnyArray | None = None,
    seed_words: Sequence[str | int] = (),
) -> ShortForm:
    """Choose items and learn how well they stand for all.

    Args:
        answers: (n, k) share of right answers of each respondent, complete.
        keep: items to take.
        groups: (n,) respondents of one group (a family of models) are left out together; without,
            each by himself.
        seed_words: of the turns in which respondents are left out.

    Raises:
        InputError: fewer than ten respondents, gaps, or what :func:`learn` and :func:`order` raise.
    """
    x = shares(answers)
    n = len(x)
    if n < FEWEST:
        raise InputError(
            f"{n} respondents", hint=f"{FEWEST} or more tell what a further one would do",
            code="few_respondents",
        )  # fmt: skip
    if np.isnan(x).any():
        raise InputError("answers are missing", hint="leave these items or respondents out")
    units, many = (np.arange(n), n) if groups is None else codes(groups, n)
    if many < 3:
        raise InputError(f"{many} groups", hint="three or more, or none")
    folds = min(FOLDS, many)
    turn = rng_for("short_form", *seed_words).permutation(many) % folds
    tried = [(sd, *_left_out(x, turn[units], keep, sd)) for sd in SPREADS]
    spread, errors, scale = min(tried, key=lambda one: float(np.mean(one[1] ** 2)))
    bank = learn(x, spread)
    taken = order(bank, keep, posterior(bank, x).mean(0))
    used = scale > 0
    stretch = float(np.sqrt(np.mean((errors[used] / scale[used]) ** 2))) if used.any() else 0.0
    form = ShortForm(bank, taken, stretch, errors, np.empty(0), n)
    widths = [e.ci_hi - e.ci_lo for e in form.estimate(x[:, taken])]  # type: ignore[operator]
    return ShortForm(bank, taken, stretch, errors, np.array(widths), n)


def _left_out(
    x: FloatArray, turn: IntArray, keep: int, slope_sd: float
) -> tuple[FloatArray, FloatArray]:
    """Error of each respondent's whole score by items learned and taken without him, and scale."""
    errors, scale = np.empty(len(x)), np.empty(len(x))
    for fold in range(int(turn.max()) + 1):
        out = turn == fold
        bank = learn(x[~out], slope_sd)
        taken = order(bank, keep, posterior(bank, x[~out]).mean(0))
        values, own = whole(bank, taken, x[out][:, taken])
        errors[out], scale[out] = values - x[out].mean(1), own
    return errors, scale


def random_items(score: AnyArray, width: AnyArray, k: int, confidence: float = 0.95) -> FloatArray:
    """How many of k items, drawn at random, would give as narrow an interval of the whole score.

    The normal interval of a share with the correction for a finite number of items (Cochran 1977,
    Sampling Techniques, 3.3 and 4.3): n = n0 / (1 + (n0 - 1) / k), n0 = z^2 p (1 - p) / (w / 2)^2.

    Args:
        score: (n,) whole scores.
        width: (n,) widths of their intervals.
        k: all items.
        confidence: of the intervals.
    """
    from scipy.special import ndtri

    p, half = np.asarray(score, np.float64), np.asarray(width, np.float64) / 2
    z = float(ndtri((1 + confidence) / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        first = z**2 * p * (1 - p) / half**2
        found: FloatArray = np.where(half > 0, first / (1 + (first - 1) / k), float(k))
    return np.clip(found, 0, k)
