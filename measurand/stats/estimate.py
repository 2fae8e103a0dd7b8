"""The one result of every statistic: a figure with its uncertainty, or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["training", "method"]
"""What a figure of something trained is about: these weights, or what trains them."""


@dataclass(frozen=True)
class Estimate:
    """A figure, its interval and how both were made.

    An undefined figure is None with a ``reason``, never 0 or NaN. A defined ``value`` may stand
    without an interval; then ``reason`` says why the interval is missing.

    Attributes:
        value: the point estimate.
        se: standard error.
        ci_lo: lower end of the two-sided interval at ``confidence``.
        ci_hi: upper end of it.
        lower: one-sided 95% lower bound, for "at least" claims.
        upper: one-sided 95% upper bound, for "at most" claims.
        confidence: level of the two-sided interval.
        method: how value and interval were made, in words.
        n: rows used.
        n_clusters: independent units behind them; None where rows are taken as independent.
        resamples: bootstrap resamples drawn.
        seed: ``numpy.random.default_rng(seed)`` repeats the resampling.
        reason: why value or interval is None.
        scope: ``training``: the interval is about these weights; ``method``: it allows for other
            trainings; None where nothing was trained.
        trainings: how many trainings the interval allows for, None where it is about one.
        se_trainings: the trainings' part of ``se``, which more items do not make smaller.
        least: least possible value, None where there is none.
        most: largest possible value.
    """

    value: float | None
    se: float | None = None
    ci_lo: float | None = None
    ci_hi: float | None = None
    lower: float | None = None
    upper: float | None = None
    confidence: float = 0.95
    method: str = ""
    n: int | None = None
    n_clusters: int | None = None
    resamples: int | None = None
    seed: int | None = None
    reason: str | None = None
    scope: Scope | None = None
    trainings: int | None = None
    se_trainings: float | None = None
    least: float | None = None
    most: float | None = None


def undefined(
    reason: str, *, method: str = "", n: int | None = None, n_clusters: int | None = None
) -> Estimate:
    """An estimate without a value, for ``reason``."""
    return Estimate(None, method=method, n=n, n_clusters=n_clusters, reason=reason)
