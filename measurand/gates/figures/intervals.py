"""Intervals beside t and those of one rate: Newcombe's, Welch's and the bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from measurand.gates.figures.bounds import (
    Bounds,
    Direction,
    EvidenceError,
    FloatArray,
    Items,
    from_items,
    must_be_rate,
)
from measurand.gates.questions import Interval
from measurand.stats.estimate import Estimate

#: Enough for a bound at 1% after a correction over ten gates.
RESAMPLES = 10_000
#: With fewer resamples beyond a bound it is the noise of a few draws.
TAIL_RESAMPLES = 10
#: With fewer units off the commonest score a resampled rate is as poor as Wald's interval.
RARE = 10
#: 1 - 2 alpha is 1 in double precision beyond this many standard deviations.
MOST_SIGMAS = 8.0
#: Evidence from an interval: two-sided level to estimate.
At = Callable[[float], Estimate]


@np.errstate(all="ignore")
def measure(
    sample: Items,
    *,
    alpha: float,
    confidence: float,
    interval: Interval,
    null: float,
    better: Direction,
    other: Items | None = None,
    seed_words: Sequence[str | int] = (),
) -> Bounds:
    """Items to bounds, by the interval that is asked for.

    Args:
        sample: scores, or paired differences.
        alpha: one-sided level of the bounds.
        confidence: level of the two-sided interval.
        interval: method.
        null: what ``p`` is computed against.
        better: direction of the alternative.
        other: the baseline's scores, where the two are independent samples.
        seed_words: words that the bootstrap's seed is made of.

    Raises:
        EvidenceError: ``not_binary``, ``clustered_proportion``, ``bootstrap_at_edge`` or
            ``overflow``.
    """
    if sample.labels is not None:
        return _of(_labelled(sample), alpha, confidence, null, better, ("labelled",))
    if other is not None:
        at, flags = _independent(sample, other, interval)
        return _of(at, alpha, confidence, null, better, flags)
    if interval == "newcombe":
        found = _of(_newcombe_paired(sample), alpha, confidence, null, better, ())
        return replace(found, clusters=found.n)
    if interval == "bootstrap":
        return _bootstrap(sample, alpha, confidence, null, better, seed_words)
    return from_items(
        sample, alpha=alpha, confidence=confidence, interval=interval, null=null, better=better
    )


def _labelled(sample: Items) -> At:
    """The mean as people would give it; its sample is what they labelled."""
    from measurand.stats.corrected import corrected_mean

    assert sample.labels is not None
    values, labels = sample.values, sample.labels
    clusters = None if sample.independent else sample.clusters
    known = ~np.isnan(labels)
    units = len(np.unique(sample.clusters[known]))

    def at(level: float) -> Estimate:
        found = corrected_mean(values, labels, clusters, confidence=level).mean
        return replace(found, n=int(known.sum()), n_clusters=units)

    return at


def _newcombe_paired(sample: Items) -> At:
    from measurand.stats.rates import newcombe_paired

    assert sample.level is not None
    before, now = sample.level, sample.level + sample.values
    must_be_rate(_binary(before) and _binary(now), sample.independent, "newcombe")
    both, only_now = int((before * now).sum()), int(((1 - before) * now).sum())
    only_before = int((before * (1 - now)).sum())
    neither = len(now) - both - only_now - only_before
    return lambda level: newcombe_paired(both, only_now, only_before, neither, confidence=level)


def _independent(a: Items, b: Items, interval: Interval) -> tuple[At, tuple[str, ...]]:
    """Two samples of different items: rates of independent items by Newcombe, else Welch's t."""
    from measurand.stats.independent import of_means
    from measurand.stats.means import cluster_mean
    from measurand.stats.rates import newcombe

    rates = _binary(a.values) and _binary(b.values)
    alone = a.independent and b.independent
    if interval == "newcombe":
        must_be_rate(rates, alone, interval)
    if interval == "newcombe" or (interval == "auto" and rates and alone):
        k, n, k2, n2 = int(a.values.sum()), len(a.values), int(b.values.sum()), len(b.values)

        def rate(level: float) -> Estimate:
            found = newcombe(k, n, k2, n2, confidence=level)
            return replace(found, n=min(n, n2), n_clusters=min(n, n2))

        return rate, ("unpaired",)
    one, two = cluster_mean(a.values, a.clusters), cluster_mean(b.values, b.clusters)
    return lambda level: of_means(one, two, confidence=level), ("unpaired",)


def _binary(values: FloatArray) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())


def _of(
    at: At,
    alpha: float,
    confidence: float,
    null: float,
    better: Direction,
    flags: tuple[str, ...],
) -> Bounds:
    """Bounds of an interval that may be had at any level; its half-width stands for the error."""
    from scipy.special import ndtri

    inner, outer = at(1 - 2 * alpha), at(confidence)
    if inner.value is not None and not math.isfinite(inner.value):
        raise EvidenceError(
            "the mean overflows double precision", code="overflow", hint="check the scores' scale"
        )
    n, se = inner.n or 0, inner.se
    if se is None and inner.ci_lo is not None and inner.ci_hi is not None:
        se = (inner.ci_hi - inner.ci_lo) / (-2 * float(ndtri(alpha)))
    return Bounds(
        estimate=inner.value,
        lower=inner.ci_lo,
        upper=inner.ci_hi,
        ci_lo=outer.ci_lo,
        ci_hi=outer.ci_hi,
        confidence=confidence,
        se=se,
        sd=None if se is None else se * math.sqrt(n),
        p=_inverted(at, null, better),
        n=n,
        clusters=inner.n_clusters,
        method=outer.method,
        reason=inner.reason,
        flags=("degenerate", *flags) if se == 0 else flags,
    )


def _inverted(at: At, null: float, better: Direction) -> float | None:
    """One-sided p as the level at which the bound is the null; found by bisection."""
    from scipy.special import ndtr

    point = at(0.0)
    if point.value is None or point.ci_lo is None or point.ci_hi is None:
        return None
    gap = point.value - null if better == "higher" else null - point.value
    if gap == 0:
        return 0.5 if point.se != 0 else 1.0
    upward = (better == "higher") == (gap > 0)
    low, high = 0.0, MOST_SIGMAS
    for _ in range(50):
        z = (low + high) / 2
        found = at(1 - 2 * float(ndtr(-z)))
        end = found.ci_lo if upward else found.ci_hi
        assert end is not None
        if (end > null) == upward and end != null:
            low = z
        else:
            high = z
    tail = float(ndtr(-(low + high) / 2))
    return tail if gap > 0 else 1 - tail


def _bootstrap(
    sample: Items,
    alpha: float,
    confidence: float,
    null: float,
    better: Direction,
    seed_words: Sequence[str | int],
) -> Bounds:
    """Percentile bootstrap of the mean: whole clusters are drawn where items share them."""
    from measurand.stats.resample import expanded, percentile, plan, unexpanded

    _away_from_the_edge(sample)
    clusters = None if sample.independent else sample.clusters
    drawn = plan(len(sample.values), clusters, RESAMPLES, seed_words)
    mean = float(sample.values.mean())
    sums = drawn.resampled_sums(np.vstack([sample.values - mean, np.ones(len(sample.values))]))
    replicates = mean + sums[:, 0] / sums[:, 1]
    if not np.isfinite(replicates).all():
        raise EvidenceError(
            "the mean overflows double precision", code="overflow", hint="check the scores' scale"
        )
    method = "paired difference; mean" if sample.paired else "mean"
    outer = percentile(mean, replicates, drawn, method=method, confidence=confidence)
    inner = percentile(mean, replicates, drawn, method=method, confidence=1 - 2 * alpha)
    reason, known = outer.reason, outer.reason is None
    if known and expanded(alpha, drawn.n_units) * RESAMPLES < TAIL_RESAMPLES:
        known, reason = False, f"{RESAMPLES} resamples cannot give a bound at level {alpha:.2g}"
    beyond = replicates <= null if better == "higher" else replicates >= null
    return Bounds(
        estimate=mean,
        lower=inner.ci_lo if known else None,
        upper=inner.ci_hi if known else None,
        ci_lo=outer.ci_lo,
        ci_hi=outer.ci_hi,
        confidence=confidence,
        se=outer.se,
        sd=None if outer.se is None else outer.se * math.sqrt(len(sample.values)),
        p=unexpanded((1 + int(beyond.sum())) / (1 + RESAMPLES), drawn.n_units) if known else None,
        n=len(sample.values),
        clusters=drawn.n_units,
        method=outer.method,
        resamples=outer.resamples,
        seed=outer.seed,
        reason=reason,
    )


def _away_from_the_edge(sample: Items) -> None:
    """Refuse rates near 0 or 1, and differences of rates that hardly ever differ.

    Raises:
        EvidenceError: ``bootstrap_at_edge``.
    """
    levels, times = np.unique(sample.values, return_counts=True)
    if len(levels) > 1 and not np.isin(levels, (-1.0, 0.0, 1.0)).all():
        return
    off = sample.values != levels[np.argmax(times)]
    units = len(np.unique(sample.clusters[off]))
    if units < RARE:
        raise EvidenceError(
            f"only {units} independent units differ from the commonest score; a bootstrap needs "
            f"{RARE}, or it is as wrong as the Wald interval of a rate near 0 or 1",
            code="bootstrap_at_edge",
            hint="use interval: newcombe" if sample.paired else "use interval: clopper_pearson",
        )
