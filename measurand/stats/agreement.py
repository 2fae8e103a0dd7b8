"""Does a respondent mean what it says: opposite-keyed items, and the same items asked twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, codes, numbers, same_length
from measurand.stats.bounded import bounded
from measurand.stats.dyads import share_by
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.resample import Plan, percentile, plan


@dataclass(frozen=True)
class KeyedPairAgreement:
    """How answers to opposite-keyed items of the same scale fit together.

    A pair is one item keyed + and one keyed - of the same scale, answered by the same respondent.

    Attributes:
        agreement: of the pairs with both answers off the midpoint, the share that point the same
            way once keyed: one agreed with, the other disagreed with. Chance is .5 for answers
            that ignore the item; an acquiescent respondent comes near 0.
        both_agreed: of the same pairs, the share in which both items were agreed with.
        both_disagreed: of the same pairs, the share in which both were disagreed with.
        neutral: of all answered pairs, the share with at least one answer at the midpoint.
        n_pairs: pairs of items, over all scales.
    """

    agreement: Estimate
    both_agreed: Estimate
    both_disagreed: Estimate
    neutral: Estimate
    n_pairs: int


def keyed_pair_agreement(
    x: AnyArray,
    keyed: AnyArray,
    scales: AnyArray,
    *,
    minimum: float,
    maximum: float,
    clusters: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> KeyedPairAgreement:
    """Agreement of opposite-keyed items, all pairs of each scale counted without listing them.

    The fault that it shows is described by Sühr et al. (2023), arXiv 2311.05297: models agree
    with an item and with its reverse.

    Args:
        x: (n, k) answers as given, NOT keyed; NaN = missing.
        keyed: (k,) +1 or -1.
        scales: (k,) scale (or facet) of each item; pairs are formed within it.
        minimum: lowest answer.
        maximum: highest answer; the midpoint is halfway.
        clusters: (n,) unit of independent sampling of each row.
        resamples: bootstrap resamples B; 0 for no intervals.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, infinite values, keys other than +1 and -1, minimum not below
            maximum, or too few resamples.
    """
    answers = numbers(x, 2, "x", missing=True)
    n, k = answers.shape
    keys = numbers(keyed, 1, "keyed")
    same_length(k, keyed=keys)
    if not np.isin(keys, (1, -1)).all():
        raise InputError("keyed holds other values than +1 and -1", hint="key every item")
    if not minimum < maximum:
        raise InputError(f"answers from {minimum} to {maximum}", hint="minimum below maximum")
    scale, n_scales = codes(scales, k, "scales")
    drawn = plan(n, clusters, resamples, seed_words)
    # Side of the midpoint: NaN compares false on both sides, so a missing answer counts nowhere.
    middle = (minimum + maximum) / 2
    agrees, disagrees, seen = answers > middle, answers < middle, ~np.isnan(answers)

    def per_scale(chosen: AnyArray, sign: int) -> FloatArray:
        member = (scale[:, None] == np.arange(n_scales)) & (keys == sign)[:, None]
        sums: FloatArray = chosen.astype(np.float64) @ member.astype(np.float64)
        return sums

    a_pos, a_neg = per_scale(agrees, 1), per_scale(agrees, -1)
    d_pos, d_neg = per_scale(disagrees, 1), per_scale(disagrees, -1)
    consistent = (a_pos * d_neg + d_pos * a_neg).sum(axis=1)
    yes, no = (a_pos * a_neg).sum(axis=1), (d_pos * d_neg).sum(axis=1)
    answered = (per_scale(seen, 1) * per_scale(seen, -1)).sum(axis=1)
    sided = consistent + yes + no
    everything = np.ones((1, k), dtype=np.bool_)
    n_pairs = int((per_scale(everything, 1) * per_scale(everything, -1)).sum())
    return KeyedPairAgreement(
        agreement=_ratio(consistent, sided, drawn, "agreement of opposite-keyed pairs"),
        both_agreed=_ratio(yes, sided, drawn, "opposite-keyed pairs both agreed with"),
        both_disagreed=_ratio(no, sided, drawn, "opposite-keyed pairs both disagreed with"),
        neutral=_ratio(answered - sided, answered, drawn, "opposite-keyed pairs at the midpoint"),
        n_pairs=n_pairs,
    )


def exact_agreement(a: AnyArray, b: AnyArray, clusters: AnyArray | None = None) -> Estimate:
    """Share of equal answers when the same items are asked twice (reversed options, a retest).

    Interval of :func:`measurand.stats.dyads.share_by`: inside 0..1, and no point where all agree.

    Args:
        a: (n,) answers, NaN = missing; rows with one missing are left out.
        b: (n,) answers to the same items in the same order.
        clusters: (n,) unit of independent sampling of each row.

    Raises:
        InputError: wrong shapes, unequal lengths or infinite values.
    """
    first, second = numbers(a, 1, "a", missing=True), numbers(b, 1, "b", missing=True)
    same_length(len(first), b=second)
    if clusters is not None:
        same_length(len(first), clusters=clusters)
    both = ~(np.isnan(first) | np.isnan(second))
    equal = (first == second)[both]
    return share_by(equal, None if clusters is None else clusters[both])


def _ratio(top: FloatArray, bottom: FloatArray, drawn: Plan, method: str) -> Estimate:
    """Sum over rows of ``top`` by sum of ``bottom``, bootstrapped; undefined without any."""
    if bottom.sum() == 0:
        shown = None if drawn.units is None else drawn.n_units
        return undefined("no pair to judge by", method=method, n=drawn.n, n_clusters=shown)
    replicates = np.full(drawn.resamples, np.nan)
    if drawn.drawable:
        over, under = drawn.resampled_sums(np.vstack([top, bottom])).T
        with np.errstate(invalid="ignore", divide="ignore"):
            replicates = np.where(under > 0, over / under, np.nan)
    found = percentile(float(top.sum() / bottom.sum()), replicates, drawn, method=method)
    shares = (top / np.where(bottom > 0, bottom, 1.0))[bottom > 0]
    return bounded(found, shares) if np.ptp(shares) == 0 else found
