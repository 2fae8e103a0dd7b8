"""What a second training would change: intervals of a method from trainings crossed with items.

Every training meets the same items, so a figure varies with the training, with the items, and with
how the two meet. An interval over items alone is about these weights; an interval of the method
needs both. With few trainings the error of the error decides, so no normal quantile will do.

Source: the variance of a mean of a two-way random table is (MST + MSI - MSTI) / (R G) (Searle,
Casella & McCulloch 1992, Variance Components, section 4.3; Cameron, Gelbach & Miller 2011 has the
same three terms for clusters). Satterthwaite's degrees of freedom fail here: with two trainings an
interval of 95% holds the truth in 87%, since the mean square that decides is often small by chance
(``benchmarks/training_intervals.py``). Instead the quantiles of both samples are weighted, as
Cochran & Cox (1957, Experimental Designs, section 4.14) do for two means of unequal variance, with
weights p^2 and (1 - p)^2 (R - 1) / 2 of the quantiles, p the trainings' share of the variance.
Plain weights p are too wide in the middle; the squares were chosen by that benchmark.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, numbers
from measurand.stats.bounded import within
from measurand.stats.crossed import components
from measurand.stats.estimate import Estimate, undefined

ONE_TRAINING = "one training; not a finding about the method"


def mean_over_trainings(table: AnyArray, *, confidence: float = 0.95) -> Estimate:
    """Mean of a score over trainings and items, with an interval over both.

    For a difference of two methods give the table of differences: whatever pairs them is used.

    Args:
        table: (R, G) mean score of each item, or cluster of items, in each training; no gaps.
        confidence: level of the two-sided interval.

    Returns:
        The estimate; with one training it has no interval, and says that it is no finding about
        the method.

    Raises:
        InputError: wrong shape, or values that are not finite.
    """
    x = numbers(table, 2, "table")
    r, g = x.shape
    if min(r, g) == 0:
        return undefined("no rows", method="mean", n=0)
    value = float(x.mean())
    if r == 1 or g == 1:
        return _alone(value, r, g, confidence)
    parts = components(x)
    trainings, items = parts.rows / r + parts.rest / (r * g), parts.columns / g + parts.rest / r / g
    found = _interval(value, trainings, items, parts.rest / (r * g), r, g, confidence)
    return replace(found, method=f"mean; {found.method}", n=x.size)


def figure_over_trainings(
    estimates: AnyArray,
    replicates: AnyArray,
    n_clusters: int,
    *,
    log: bool = False,
    confidence: float = 0.95,
) -> Estimate:
    """Mean of any figure over trainings, with an interval over trainings and items.

    The items' part comes from bootstrap replicates whose resamples are the same in all trainings;
    for a figure that is a mean this is :func:`mean_over_trainings` but for G / (G - 1) and chance.

    Args:
        estimates: (R,) the figure in each training.
        replicates: (R, B) the figure in each training and resample of the clusters.
        n_clusters: clusters G that were resampled.
        log: whether the mean and its interval are made on the log scale, as ratios need it.
        confidence: level of the two-sided interval.

    Raises:
        InputError: wrong shapes, values that are not finite, or a log of what is not above 0.
    """
    theta, drawn = numbers(estimates, 1, "estimates"), numbers(replicates, 2, "replicates")
    r = len(theta)
    if drawn.shape[0] != r or r == 0 or drawn.shape[1] < 2:
        raise InputError(f"{drawn.shape} replicates of {r} trainings", hint="give (R, B) of them")
    if log:
        if min(theta.min(), drawn.min()) <= 0:
            raise InputError("a figure is not above 0", hint="leave log out")
        theta, drawn = np.log(theta), np.log(drawn)
    value = float(theta.mean())
    if r == 1 or n_clusters < 2:
        found = _alone(value, r, n_clusters, confidence)
    else:
        middle = drawn.mean(axis=0)
        both = float((drawn - middle).var(axis=1, ddof=1).sum()) / (r * (r - 1))
        trainings = float(theta.var(ddof=1)) / r
        items = float(middle.var(ddof=1))
        found = _interval(value, trainings, items, both, r, n_clusters, confidence)
    method = f"{'geometric ' * log}mean over trainings; {found.method}"
    found = replace(found, method=method, resamples=drawn.shape[1])
    return _exp(found) if log else found


def combined(found: Estimate, means: AnyArray, both: float = 0.0) -> Estimate:
    """An interval over items of several trainings together, with the trainings' part added.

    Args:
        found: mean over all rows of R trainings with an error over clusters of items, each cluster
            with its rows of every training.
        means: (R,) the mean in each training.
        both: the interaction's part of the variance, its mean square over R G; 0 where it is not
            known, which makes the interval wider.

    Raises:
        InputError: means that are not finite.
    """
    x, g = numbers(means, 1, "means"), found.n_clusters or found.n or 0
    if found.value is None:
        return found
    same: dict[str, Any] = {"n": found.n, "least": found.least, "most": found.most}
    if len(x) < 2 or g < 2:
        return replace(_alone(found.value, len(x), g, found.confidence), **same)
    if found.se is None:
        why = "no interval: no standard error over items to add the trainings' to"
        alone = _alone(found.value, len(x), g, found.confidence)
        return replace(alone, reason=why, **same)
    trainings = float(x.var(ddof=1)) / len(x)
    parts = (trainings, found.se * found.se, min(both, trainings, found.se * found.se))
    return within(replace(_interval(found.value, *parts, len(x), g, found.confidence), **same))


def widened(found: Estimate, sd: float, trainings: int, *, log: bool = False) -> Estimate:
    """A figure of one training with what other trainings would add to its interval.

    The distances of both ends are added in quadrature to Student's t with R - 1 degrees times the
    deviation between trainings: Zou & Donner (2008), Statistics in Medicine 27, 1693-1702. It holds
    the truth at least as often as it says, since the deviation holds some of the items' part too.

    Args:
        found: of one training, with an interval over items.
        sd: standard deviation of the figure, or of its logarithm, between trainings on the same
            items.
        trainings: how many trainings R it was estimated from.
        log: whether distances are taken on the log scale, as ratios need it.

    Raises:
        InputError: on the log scale, an end that is not above 0.
    """
    if log:
        return _exp(widened(_log(found), sd, trainings))
    if found.value is None or found.ci_lo is None or found.ci_hi is None:
        return found
    same: dict[str, Any] = {"n": found.n, "least": found.least, "most": found.most}
    if trainings < 2:
        return replace(_alone(found.value, 1, found.n_clusters or 0, found.confidence), **same)
    levels = ((1 + found.confidence) / 2, 0.95)
    two, one = (_student(level, trainings - 1) * sd for level in levels)

    value = found.value

    def beyond(at: float | None, side: int, far: float) -> float | None:
        return None if at is None else value + side * math.hypot(at - value, far)

    wide = replace(
        found,
        scope="method",
        trainings=trainings,
        se_trainings=sd,
        se=None if found.se is None else math.hypot(found.se, sd),
        ci_lo=beyond(found.ci_lo, -1, two),
        ci_hi=beyond(found.ci_hi, 1, two),
        lower=beyond(found.lower, -1, one),
        upper=beyond(found.upper, 1, one),
        method=f"{found.method}; widened by {trainings} trainings",
    )
    return within(wide)


def moved(
    known: float,
    level: float,
    *,
    trainings: int,
    se_trainings: float,
    se: float | None,
    n_clusters: int | None,
) -> float:
    """Distance of an end from the figure at another one-sided level, by what made it at 95%.

    Exact for :func:`mean_over_trainings` and :func:`combined`, and for :func:`widened` where the
    interval over items is a t interval.

    Args:
        known: distance of the one-sided 95% end.
        level: one-sided level, such as .99.
        trainings: trainings R.
        se_trainings: their part of the standard error.
        se: the standard error.
        n_clusters: clusters behind it, None where normal quantiles were taken.
    """
    r, g = trainings, n_clusters or 0
    if se and math.isclose(known, _quantile(0.95, _share(se_trainings, se), r, g) * se):
        return _quantile(level, _share(se_trainings, se), r, g) * se
    of_trainings = [_student(q, r - 1) * se_trainings for q in (0.95, level)]
    of_items = apart(known, of_trainings[0])
    of_items *= _student(level, g - 1) / _student(0.95, g - 1)
    return math.hypot(of_items, of_trainings[1])


def degrees(se_trainings: float, se: float, trainings: int, n_clusters: int | None) -> float:
    """Degrees of freedom of one t distribution whose 97.5% quantile is that of the interval.

    Args:
        se_trainings: the trainings' part of the standard error.
        se: the standard error, above 0.
        trainings: trainings R, 2 or more.
        n_clusters: clusters G, None where normal quantiles were taken.
    """
    from scipy.special import stdtridf

    wanted = _quantile(0.975, _share(se_trainings, se), trainings, n_clusters or 0)
    return float(stdtridf(0.975, wanted))


def apart(whole: float, part: float) -> float:
    """The other of two independent parts of an error: sqrt(whole^2 - part^2), at least 0.

    By their ratio, since squares of numbers near the largest double are none.
    """
    return whole * math.sqrt(1 - _share(part, whole)) if whole > 0 else 0.0


def _share(part: float, whole: float) -> float:
    """A part of a standard error as a share of its variance, at most 1."""
    return min(part / whole, 1.0) ** 2


def _student(level: float, df: float) -> float:
    from scipy.special import ndtri, stdtrit

    return float(stdtrit(df, level) if df > 0 else ndtri(level))


def _quantile(level: float, p: float, r: int, g: int) -> float:
    """Quantile between those of both samples; ``p`` is the trainings' share of the variance."""
    p = min(p, 1.0)
    weight = p**2 / (p**2 + (r - 1) / 2 * (1 - p) ** 2)
    most, least = _student(level, r - 1), _student(level, g - 1)
    return least + (most - least) * weight


def _alone(value: float, r: int, g: int, confidence: float) -> Estimate:
    why = ONE_TRAINING if r == 1 else "fewer than two clusters"
    return Estimate(
        value,
        confidence=confidence,
        method="one training" if r == 1 else "mean over trainings",
        n_clusters=g,
        reason=f"no interval: {why}",
        scope="training" if r == 1 else "method",
    )


def _interval(
    value: float,
    trainings: float,
    items: float,
    both: float,
    r: int,
    g: int,
    confidence: float,
) -> Estimate:
    """Mean squares over R G: of trainings, of items, of both."""
    variance = max(trainings + items - both, both)
    se, reason = math.sqrt(variance), None
    p = min(max(trainings / variance, 0.0), 1.0) if variance > 0 else 0.0
    if se <= 1e-12 * abs(value):
        se, reason = 0.0, "degenerate: no variation between trainings or clusters"
    half, one_sided = (_quantile(at, p, r, g) * se for at in ((1 + confidence) / 2, 0.95))
    return Estimate(
        value,
        se=se,
        ci_lo=value - half,
        ci_hi=value + half,
        lower=value - one_sided,
        upper=value + one_sided,
        confidence=confidence,
        method=f"interval over {r} trainings x {g} clusters, weighted t",
        scope="method",
        trainings=r,
        se_trainings=math.sqrt(p) * se,
        n_clusters=g,
        reason=reason,
    )


def _log(found: Estimate) -> Estimate:
    known = (found.value, found.ci_lo, found.ci_hi, found.lower, found.upper)
    if any(x is not None and x <= 0 for x in known):
        raise InputError("a figure or an end is not above 0", hint="leave log out")
    value, *ends = (None if x is None else math.log(x) for x in known)
    named: dict[str, Any] = dict(zip(("ci_lo", "ci_hi", "lower", "upper"), ends, strict=True))
    error = None if found.se is None or not found.value else found.se / found.value
    return replace(found, value=value, se=error, least=None, most=None, **named)


def _exp(found: Estimate) -> Estimate:
    def up(x: float | None) -> float | None:
        return None if x is None else math.exp(x)

    return replace(
        found,
        least=0.0,
        value=up(found.value),
        se=found.se and math.exp(found.value or 0.0) * found.se,
        se_trainings=found.se_trainings and math.exp(found.value or 0.0) * found.se_trainings,
        ci_lo=up(found.ci_lo),
        ci_hi=up(found.ci_hi),
        lower=up(found.lower),
        upper=up(found.upper),
    )
