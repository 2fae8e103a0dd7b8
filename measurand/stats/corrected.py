"""Means that a judge gives of many and people of few: the judge's bias taken out, not believed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import (
    AnyArray,
    BoolArray,
    FloatArray,
    IntArray,
    codes,
    numbers,
    same_length,
)
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.exact import product
from measurand.stats.means import (
    cluster_mean,
    proportion,
    rate_of_effective,
    student,
    within_unit,
)

MIN_LABELLED = 4
"""Labelled units below which no weight of the judge can be found with an error to it."""
MIN_FREE = 1e-3
"""Least part of a residual that its own row does not decide."""


@dataclass(frozen=True)
class Corrected:
    """A mean as people would give it, from a judge's scores of all and people's of some.

    Attributes:
        mean: the corrected mean.
        labels: the mean of people's labels alone, with its interval.
        judge: the judge's mean over everything, uncorrected.
        bias: judge minus people on what both scored.
        weight: how much of the judge's scores is used, 0 to 1.
        effective: labels that would give the same error without the judge.
        labelled: rows with both.
        rows: rows that the judge scored.
        correlation: of judge and people on the labelled rows; None where either is constant.
    """

    mean: Estimate
    labels: Estimate
    judge: float | None
    bias: Estimate
    weight: float | None
    effective: float | None
    labelled: int
    rows: int
    correlation: float | None


def corrected_mean(
    judged: AnyArray,
    labels: AnyArray,
    clusters: AnyArray | None = None,
    strata: AnyArray | None = None,
    *,
    confidence: float = 0.95,
) -> Corrected:
    """The mean that people would give: the labels' mean, moved by what the judge sees elsewhere.

    In each stratum the estimate is mean(y) - w (mean(f over labelled) - mean(f over the rest)),
    weighted by the stratum's share of all rows. w is the one that makes the error least, kept to
    0..1: 0 is the labels alone, 1 adds the whole difference. The error is that of cluster sums of
    influences, labelled and not, so clusters that hold both count once; Student's t has the
    labelled clusters less two (mean and w), per stratum one more is lost. A rate of independent
    rows has Wilson's interval at the number of labels that the error is worth, which is never
    below those that there are.

    Source: Angelopoulos et al. (2023), Science 382, 669-674; the weight: Angelopoulos, Duchi &
    Zrnic (2023), arXiv:2311.01453, section 6. It is the regression estimator of double sampling
    (Cochran 1977, Sampling Techniques, section 12.7). For independent rows mean and weight equal
    ``ppi-python`` 0.2.3, the error too but for its lack of small-sample factors.

    Args:
        judged: (n,) the judge's score of each row, finite.
        labels: (n,) people's score, NaN where there is none. What is labelled must have been
            drawn at random, within strata where they are given.
        clusters: (n,) cluster of each row.
        strata: (n,) stratum of each row.
        confidence: level of the two-sided interval.

    Returns:
        The estimate beside those of either source alone; without an interval, and with the
        reason, where fewer than four units are labelled or a stratum has fewer than two labels.

    Raises:
        InputError: wrong shapes or lengths, or a judge's score that is not finite.
    """
    f, y = numbers(judged, 1, "judged"), numbers(labels, 1, "labels", missing=True)
    n = len(f)
    same_length(n, labels=y)
    known = ~np.isnan(y)
    units, _ = (np.arange(n), n) if clusters is None else codes(clusters, n)
    parts, n_parts = (np.zeros(n, np.int64), 1) if strata is None else codes(strata, n, "strata")
    own = None if clusters is None else units[known]
    alone = _alone(y[known], own, confidence) if strata is None else None
    bias = cluster_mean(f[known] - y[known], own, confidence=confidence)
    judge = float(f.mean()) if n else None
    labelled = int(known.sum())
    several = clusters is not None

    def result(mean: Estimate, labels: Estimate, weight: float | None, effective: float | None
               ) -> Corrected:  # fmt: skip
        together = _correlation(f[known], y[known])
        return Corrected(mean, labels, judge, bias, weight, effective, labelled, n, together)

    counts = np.bincount(parts[known], minlength=n_parts)
    if (why := _too_few(counts, units[known])) is not None:
        nothing = undefined(why, method="corrected mean", n=n)
        return result(nothing, alone or nothing, None, None)
    moved = _Influence(f, y, known, units, parts, counts)
    df = len(np.unique(units[known])) - n_parts
    if alone is None:
        shown = len(np.unique(units[known])) if several else None
        alone = _interval(moved.people, moved.error(0.0, df), df, confidence, labelled, shown,
                          "mean of labels by stratum", _unit(y[known], f))  # fmt: skip
    if not moved.varies:
        # A sample of equal labels has an error of 0: the interval of a rate is what it can say.
        return result(alone, alone, 0.0, float(labelled))
    plain = clusters is None and strata is None
    weight = _pooled_weight(f, y, known) if plain else moved.weight()
    se = moved.error(weight, df - 1)
    shown = len(np.unique(units[known])) if several else None
    method = f"labels' mean moved by {weight:.2f} of the judge's; t({df - 1}) interval"
    if several:
        method += ", errors of cluster sums"
    mean = _interval(
        moved.people - weight * moved.gap, se, df - 1, confidence, n, shown, method,
        _unit(y[known], f),
    )  # fmt: skip
    if plain and _binary(y[known]):
        effective = _effective(f, y, known, weight)
        method = f"labels' mean moved by {weight:.2f} of the judge's; Wilson interval at "
        rate = replace(mean, method=f"{method}{effective:.0f} effective labels")
        return result(rate_of_effective(rate, effective), alone, weight, effective)
    gain = moved.error(0.0, df) / se if se else 1.0
    return result(mean, alone, weight, labelled * gain**2)


def labels_needed(found: Corrected, width: float) -> int | None:
    """Labels in all, of the same rows, for an interval of this width from end to end.

    From what it is now the error falls as var(y)/n (1 - r^2 (N - n)/N), n of N rows labelled: the
    tuned variance of arXiv:2311.01453 with N - n rows without a label.

    Args:
        found: as from :func:`corrected_mean`.
        width: wished width of the interval, in the scores' unit.

    Returns:
        The number, at least what is labelled; None where labelling all rows does not do, or where
        nothing is known of the error.

    Raises:
        InputError: the width is not above 0.
    """
    from scipy.special import stdtrit

    if not (math.isfinite(width) and width > 0):
        raise InputError(f"width {width}", hint="give a number above 0", code="bad_argument")
    mean, n, total = found.mean, found.labelled, found.rows
    if mean.se is None or mean.se == 0 or n < MIN_LABELLED:
        return None
    shared = (found.correlation or 0.0) ** 2 if found.weight else 0.0

    def relative(at: float) -> float:
        return (1 - shared * (total - at) / total) / at

    def reached(at: int) -> bool:
        se = mean.se * math.sqrt(relative(at) / relative(n)) if mean.se else 0.0
        # Units per label stay what they are.
        share = (mean.n_clusters or n) / n
        df = max(at * share - 2, 1)
        return 2 * float(stdtrit(df, (1 + mean.confidence) / 2)) * se <= width

    if reached(n):
        return n
    if not reached(total):
        return None
    low, high = n, total
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


class _Influence:
    """Sums over clusters of what each row moves the mean by: of labels, and of the judge's gap."""

    def __init__(
        self,
        f: FloatArray,
        y: FloatArray,
        known: BoolArray,
        units: IntArray,
        parts: IntArray,
        counts: IntArray,
    ) -> None:
        sizes = np.bincount(parts)
        rest = sizes - counts
        share = sizes / len(f)
        own, other = parts[known], parts[~known]
        people = np.bincount(own, y[known], len(sizes)) / counts
        seen = np.bincount(own, f[known], len(sizes)) / counts
        # Where a stratum is labelled whole nothing is left that the judge could tell.
        unseen = np.where(
            rest > 0, np.bincount(other, f[~known], len(sizes)) / np.maximum(rest, 1), seen
        )
        a, b = np.zeros(len(f)), np.zeros(len(f))
        per_label = share / counts
        a[known] = (y[known] - people[own]) * per_label[own]
        partly = (rest > 0)[own]
        b[known] = np.where(partly, (f[known] - seen[own]) * per_label[own], 0.0)
        b[~known] = -(f[~known] - unseen[other]) * (share / np.maximum(rest, 1))[other]
        g = int(units.max()) + 1
        self.a = np.bincount(units, a, g)
        self.b = np.bincount(units, b, g)
        self.people = float((share * people).sum())
        self.gap = float((share * (seen - unseen)).sum())
        self.labelled = len(np.unique(units[known]))
        self.varies = bool(np.abs(a).max() > 1e-12 * max(float(np.abs(y[known]).max()), 1e-300))

    def weight(self) -> float:
        """The share of the gap that makes the error least, within 0 and 1."""
        spread = product(self.b, self.b)
        return min(max(product(self.a, self.b) / spread, 0.0), 1.0) if spread > 0 else 0.0

    def error(self, weight: float, df: int) -> float:
        """Standard error at a weight, with the factor of a sample of that many degrees."""
        s = self.a - weight * self.b
        return math.sqrt(product(s, s) * self.labelled / df)


def _pooled_weight(f: FloatArray, y: FloatArray, known: BoolArray) -> float:
    """The weight for independent rows, the judge's variance taken from all of them."""
    n, rest = int(known.sum()), int((~known).sum())
    spread = float(f.var(ddof=1)) if len(f) > 1 else 0.0
    if not rest or spread <= 0:
        return 0.0
    shared = product(f[known] - f[known].mean(), y[known] - y[known].mean()) / n
    return min(max(shared / ((1 + n / rest) * spread), 0.0), 1.0)


def _effective(f: FloatArray, y: FloatArray, known: BoolArray, weight: float) -> float:
    """Labels that would give the same error without the judge, at least those that there are.

    Each residual is divided by one minus its leverage: where few labels differ from the others the
    weight is found by these few, and fits them. The weight may always be 0, hence the least.

    Source: HC3 of MacKinnon & White (1985), J. Econometrics 29, 305-325.
    """
    n, rest = int(known.sum()), f[~known]
    centred = f[known] - f[known].mean()
    spread = product(centred, centred)
    if not weight or spread <= 0 or not len(rest):
        return float(n)
    free = np.maximum(1 - centred**2 / spread, MIN_FREE)
    left = (y[known] - y[known].mean() - weight * centred) / free
    error = product(left, left) / (n * (n - 1)) + weight**2 * float(rest.var()) / len(rest)
    own = float(y[known].var(ddof=1)) / n
    return n * max(1.0, own / error) if error > 0 else float(len(f))


def _too_few(counts: IntArray, labelled: IntArray) -> str | None:
    if not counts.sum():
        return "no row has a label"
    if len(np.unique(labelled)) < MIN_LABELLED + len(counts) - 1:
        return f"fewer than {MIN_LABELLED} labelled units"
    if (counts < 2).any():
        return "a stratum has fewer than two labels"
    return None


def _alone(y: FloatArray, clusters: IntArray | None, confidence: float) -> Estimate:
    """Labels alone, with the interval that suits them."""
    if len(y) and clusters is None and _binary(y):
        return proportion(int(y.sum()), len(y), confidence=confidence)
    found = cluster_mean(y, clusters, confidence=confidence)
    if found.se == 0 and found.value in (0.0, 1.0):
        units = found.n if found.n_clusters is None else found.n_clusters
        assert units is not None
        rate = proportion(units if found.value else 0, units, confidence=confidence)
        return replace(rate, n=found.n, n_clusters=found.n_clusters)
    return within_unit(found) if len(y) and _unit(y, y) else found


def _interval(
    value: float,
    se: float,
    df: int,
    confidence: float,
    n: int,
    n_clusters: int | None,
    method: str,
    unit: bool,
) -> Estimate:
    found = student(value, se, df, confidence, method, n, n_clusters, None)
    if not unit:
        return found
    if not 0 < value < 1:
        ends = {
            k: min(max(getattr(found, k), 0.0), 1.0)
            for k in ("value", "ci_lo", "ci_hi", "lower", "upper")
        }
        return replace(found, least=0.0, most=1.0, **ends)
    # The logit interval takes its degrees from the units.
    scaled = within_unit(replace(found, n_clusters=df + 1))
    return replace(scaled, n_clusters=n_clusters)


def _binary(y: FloatArray) -> bool:
    return bool(np.isin(y, (0.0, 1.0)).all())


def _unit(y: FloatArray, f: FloatArray) -> bool:
    return all(float(x.min()) >= 0 and float(x.max()) <= 1 for x in (y, f))


def _correlation(x: FloatArray, y: FloatArray) -> float | None:
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])
