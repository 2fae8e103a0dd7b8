"""Do predicted preferences hold: proper scores, calibration error and recalibration.

A label may be soft, the share of raters or the probability of a model. Rows may be independent,
in clusters, or pairs of items: see :func:`measurand.stats.dyads.mean_by`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, BoolArray, FloatArray, IntArray, numbers, same_length
from measurand.stats.dyads import mean_by
from measurand.stats.estimate import Estimate
from measurand.stats.folded import folded_bias, widened
from measurand.stats.pairs_left_out import (
    Drawn,
    PairsLeftOut,
    drawn_by,
    percentile_by,
    undefined_by,
)

Binning = Literal["mass", "width"]
STEPS = 50
TOLERANCE = 1e-9


def brier(
    predicted: AnyArray, label: AnyArray, by: AnyArray | None = None, *, confidence: float = 0.95
) -> Estimate:
    """Mean of (predicted - label)², the Brier score against a soft label.

    Source: Brier (1950), Monthly Weather Review 78, 1-3, equation 2 halved for two classes; equal
    to scikit-learn's ``brier_score_loss`` where labels are 0 or 1. Against a share of M votes its
    floor is the votes' variance, p (1 - p) / M, not 0.

    Args:
        predicted: (n,) probabilities.
        label: (n,) labels, 0..1.
        by: None, (n,) clusters, or (n, 2) items of each pair.
        confidence: level of the two-sided interval.

    Raises:
        InputError: wrong shapes, or a number outside 0..1.
    """
    q, p = _unit(predicted, "predicted"), _unit(label, "label")
    same_length(len(q), label=p)
    return _with_name(mean_by((q - p) ** 2, by, confidence=confidence), "Brier score")


def log_loss(
    logits: AnyArray,
    label: AnyArray,
    by: AnyArray | None = None,
    *,
    excess: bool = False,
    confidence: float = 0.95,
) -> Estimate:
    """Mean of -p log s(h) - (1 - p) log s(-h) in nats, s the logistic function.

    From the logits h, so that no probability is rounded to 0 or 1.

    Args:
        logits: (n,) log-odds predicted.
        label: (n,) labels p, 0..1.
        by: None, (n,) clusters, or (n, 2) items of each pair.
        excess: less the entropy of the label, which no prediction can undercut: the divergence
            KL(p || s(h)), 0 where every label is met.
        confidence: level of the two-sided interval.

    Raises:
        InputError: wrong shapes, values that are not finite, or a label outside 0..1.
    """
    from scipy.special import entr, log_expit

    h, p = numbers(logits, 1, "logits"), _unit(label, "label")
    same_length(len(h), label=p)
    loss = -p * log_expit(h) - (1 - p) * log_expit(-h)
    name = "log loss, nats"
    if excess:
        loss, name = loss - entr(p) - entr(1 - p), "log loss above the label's entropy, nats"
    return _with_name(mean_by(loss, by, confidence=confidence), name)


def calibration_error(
    predicted: AnyArray,
    label: AnyArray,
    *,
    bins: int = 10,
    binning: Binning = "mass",
    debiased: bool = False,
    by: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> Estimate:
    """Expected calibration error: mean distance of the bins' mean prediction and mean label.

    The plain figure is above 0 for a perfect forecast, the more so the fewer rows a bin has; its
    interval allows for that. Compare it at equal rows and bins only, or take ``debiased``,
    the mean *squared* distance less what the scatter of labels within bins gives by chance. That
    one is 0 on average for a perfect forecast and may fall below 0.

    Source: Naeini, Cooper & Hauskrecht (2015), AAAI 29, for the error; Kumar, Liang & Ma (2019),
    NeurIPS 32, definition 5.2, with each bin's variance of the residuals for soft labels;
    Bröcker (2012), Climate Dynamics 39, 655-667, for the bias.

    Args:
        predicted: (n,) probabilities.
        label: (n,) labels, 0..1.
        bins: most bins.
        binning: equal numbers of rows (mass; equal predictions stay together) or equal widths.
        debiased: the squared, debiased form.
        by: None, (n,) clusters, or (n, 2) items of each pair.
        resamples: bootstrap resamples B, with the bins of the data; 0 for no interval.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, a number outside 0..1, no bins, or too few resamples.
    """
    q, p = _unit(predicted, "predicted"), _unit(label, "label")
    same_length(len(q), label=p)
    place, edges = _bins(q, bins, binning)
    kind = "squared calibration error, debiased" if debiased else "expected calibration error"
    method = f"{kind}, {len(edges) - 1} bins of equal {binning}"
    drawn = drawn_by(len(q), by, resamples, seed_words)
    if len(q) == 0:
        return undefined_by("no rows", drawn, method=method)
    member = (np.arange(len(edges) - 1)[:, None] == place).astype(np.float64)
    apart = q - p
    features = np.vstack([member, member * apart, member * apart**2])
    value = float(_error(features.sum(axis=1)[None], debiased)[0])
    if not math.isfinite(value):
        return undefined_by("no bin has two rows", drawn, method=method)
    replicates = np.full(drawn.resamples, np.nan)
    bias = 0.0
    if drawn.drawable:
        sums = drawn.resampled_sums(features)
        replicates = _error(sums, debiased)
        bias = 0.0 if debiased else _bias(features.sum(axis=1), sums, drawn)
    found = percentile_by(value, replicates, drawn, method=method)
    return widened(found, bias, 0.0, low=-1.0 if debiased else 0.0, high=1.0)


@dataclass(frozen=True)
class Bin:
    """One point of a reliability curve.

    Attributes:
        low: lower edge of the predictions, inclusive.
        high: upper edge, exclusive but for the last bin.
        predicted: mean prediction inside.
        label: mean label inside.
        n: rows inside.
    """

    low: float
    high: float
    predicted: float
    label: Estimate
    n: int


def reliability_curve(
    predicted: AnyArray,
    label: AnyArray,
    *,
    bins: int = 10,
    binning: Binning = "mass",
    by: AnyArray | None = None,
) -> tuple[Bin, ...]:
    """Mean label against mean prediction in each bin that has rows, with the label's interval.

    Source: Murphy & Winkler (1977), Applied Statistics 26, 41-47; equal to scikit-learn's
    ``calibration_curve`` for hard labels and bins of equal width.

    Args:
        predicted: (n,) probabilities.
        label: (n,) labels, 0..1.
        bins: most bins.
        binning: equal numbers of rows or equal widths.
        by: None, (n,) clusters, or (n, 2) items of each pair.

    Raises:
        InputError: wrong shapes, a number outside 0..1, or no bins.
    """
    q, p = _unit(predicted, "predicted"), _unit(label, "label")
    same_length(len(q), label=p)
    if by is not None:
        same_length(len(q), by=by)
    place, edges = _bins(q, bins, binning)
    out = []
    for k in np.unique(place).tolist():
        inside = place == k
        found = mean_by(p[inside], None if by is None else by[inside])
        mean, n = float(q[inside].mean()), int(inside.sum())
        out.append(Bin(float(edges[k]), float(edges[k + 1]), mean, found, n))
    return tuple(out)


@dataclass(frozen=True)
class Recalibration:
    """The line label = s(intercept + slope h) that fits best.

    Attributes:
        slope: 1 for a calibrated forecast, below 1 for one that is too sure.
        intercept: log-odds by which it is off where it says even; 0 if calibrated.
    """

    slope: Estimate
    intercept: Estimate


def recalibration(
    logits: AnyArray,
    label: AnyArray,
    *,
    by: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> Recalibration:
    """Calibration slope and intercept, both fitted at once.

    Source: Cox (1958), Biometrika 45, 562-565; soft labels by quasi-likelihood, Papke &
    Wooldridge (1996), Journal of Applied Econometrics 11, 619-632. Checked against the binomial
    GLM of statsmodels.

    Args:
        logits: (n,) log-odds predicted.
        label: (n,) labels, 0..1.
        by: None, (n,) clusters, or (n, 2) items of each pair.
        resamples: bootstrap resamples B; 0 for no intervals.
        seed_words: words that the seed is made of.

    Returns:
        Both estimates; undefined where the predictions do not vary or the labels are separated,
        so that the likelihood has no maximum.

    Raises:
        InputError: wrong shapes, values that are not finite, a label outside 0..1, or too few
            resamples.
    """
    h, p = numbers(logits, 1, "logits"), _unit(label, "label")
    same_length(len(h), label=p)
    drawn = drawn_by(len(h), by, resamples, seed_words)
    names = ("calibration slope", "calibration intercept")
    why, scale = None, 1.0
    if len(h) < 2:
        why = "fewer than two rows"
    elif np.ptp(h) <= 1e-12 * float(np.abs(h).max()):
        why = "the predictions do not vary"
    else:
        scale = float(np.abs(h).max())
    value = np.full((1, 2), np.nan)
    if why is None:
        value = _fit(h / scale, p, np.ones((1, len(h))))
        why = None if np.isfinite(value).all() else "the labels are separated: no finite fit"
    if why is not None:
        slope, intercept = (undefined_by(why, drawn, method=name) for name in names)
        return Recalibration(slope, intercept)
    replicates = _refits(h / scale, p, drawn)
    intercept, slope = (
        percentile_by(float(value[0, k]) / unit, replicates[:, k] / unit, drawn, method=name)
        for k, unit, name in ((0, 1.0, names[1]), (1, scale, names[0]))
    )
    return Recalibration(slope, intercept)


def _with_name(found: Estimate, name: str) -> Estimate:
    return replace(found, method=f"{name}; {found.method}")


def _unit(x: AnyArray, name: str) -> FloatArray:
    values = numbers(x, 1, name)
    if ((values < 0) | (values > 1)).any():
        raise InputError(f"{name} holds numbers outside 0..1", hint="give probabilities")
    return values


def _bins(q: FloatArray, bins: int, binning: Binning) -> tuple[IntArray, FloatArray]:
    """Bin of each row, and the edges; a bin holds its lower edge, the last one its upper too."""
    if bins < 1:
        raise InputError(f"{bins} bins", hint="give 1 or more")
    if binning not in ("mass", "width"):
        raise InputError(f"unknown binning {binning!r}", hint="mass or width")
    if binning == "width" or len(q) == 0:
        edges = np.linspace(0.0, 1.0, bins + 1)
    else:
        # A prediction at a cut opens the next bin, the last of which may be one value only.
        lower = np.unique(np.sort(q)[np.arange(bins) * len(q) // bins])
        edges = np.append(lower, q.max())
    place = np.searchsorted(edges[1:-1], q, side="right")
    return place.astype(np.int64), edges


def _error(sums: FloatArray, debiased: bool) -> FloatArray:
    """(B,) errors from (B, 3k) sums of each bin: rows, distances, their squares."""
    rows, apart, squares = np.split(sums, 3, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        if not debiased:
            out: FloatArray = np.abs(apart).sum(axis=1) / rows.sum(axis=1)
            return out
        mean = apart / rows
        chance = (squares / rows - mean**2) / (rows - 1)
        # Bins with one row cannot tell chance from error; they are left out of the mean.
        usable = rows > 1
        each = np.where(usable, rows * (mean**2 - chance), 0.0)
        weight = np.where(usable, rows, 0.0).sum(axis=1)
        out = each.sum(axis=1) / weight
    return out


def _bias(point: FloatArray, sums: FloatArray, of: Drawn) -> float:
    """How far the plain error may lie above the truth, from (3k,) and (B, 3k) sums of each bin."""
    (rows, apart, _), (drawn, moved, _) = (np.split(s, 3, axis=-1) for s in (point, sums))
    # Figures without one pair vary less than resamples do.
    wider = (of.n - 1) / math.sqrt(of.n) if isinstance(of, PairsLeftOut) else 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        errors = np.nanstd(np.where(drawn > 0, moved / drawn, np.nan), axis=0, ddof=1) * wider
        # A bin of few rows varies less in its resamples than from sample to sample.
        errors = np.where(rows > 1, errors * np.sqrt(rows / (rows - 1)), np.abs(apart / rows))
    share = rows / rows.sum()
    return float((share * folded_bias(apart / rows, np.nan_to_num(errors))).sum())


def _refits(h: FloatArray, p: FloatArray, drawn: Drawn) -> FloatArray:
    if not drawn.drawable:
        return np.full((drawn.resamples, 2), np.nan)
    return np.concatenate([_fit(h, p, w.astype(np.float64)) for w in drawn.row_batches()])


def _fit(h: FloatArray, p: FloatArray, weights: FloatArray) -> FloatArray:
    """(b, 2) intercepts and slopes by Newton's method; NaN where there is no finite maximum."""
    from scipy.special import expit

    out = np.full((len(weights), 2), np.nan)
    held = ~_separated(h, p, weights)
    weights = weights[held]
    theta, size = np.zeros((len(weights), 2)), np.full(len(weights), np.inf)
    first, second = _sums(weights, p), _sums(weights, p * h)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for _ in range(STEPS):
            fitted = expit(theta[:, :1] + theta[:, 1:] * h)
            gone = weights * fitted
            spread = gone * (1 - fitted)
            g0, g1 = first - gone.sum(axis=1), second - _sums(gone, h)
            a, b, c = spread.sum(axis=1), _sums(spread, h), _sums(spread, h * h)
            step = np.column_stack([c * g0 - b * g1, a * g1 - b * g0]) / (a * c - b * b)[:, None]
            # Whole steps near the maximum, short ones far off, where Newton overshoots.
            size = np.abs(step).max(axis=1)
            theta = theta + step * np.minimum(1.0, 4.0 / size)[:, None]
            if np.nanmax(size, initial=0.0) <= TOLERANCE:
                break
    out[held] = np.where((size <= TOLERANCE)[:, None], theta, np.nan)
    return out


def _sums(weights: FloatArray, values: FloatArray) -> FloatArray:
    """(b,) weighted sums. Not by BLAS, whose threads wait for each other on a busy machine."""
    sums: FloatArray = np.einsum("bn,n->b", weights, values)
    return sums


def _separated(h: FloatArray, p: FloatArray, weights: FloatArray) -> BoolArray:
    """Whether some cut of h has all that speaks for on one side, all that speaks against beyond.

    A row with a label between 0 and 1 speaks for and against.
    """
    drawn = weights > 0
    ends = []
    for side in (p > 0, p < 1):
        here = drawn & side
        ends.append(np.where(here, h, np.inf).min(axis=1))
        ends.append(np.where(here, h, -np.inf).max(axis=1))
    low_for, high_for, low_against, high_against = ends
    out: BoolArray = np.logical_or(high_against <= low_for, high_for <= low_against)
    return out
