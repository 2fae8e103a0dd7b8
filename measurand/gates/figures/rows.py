"""Bounds that a statistics row carries, at any level."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from measurand.gates.figures.bounds import Bounds, EvidenceError

#: One-sided level of the bounds that a statistics row carries.
ROW_ALPHA = 0.05
_LARGEST = 700.0


def statistic_p(row: Mapping[str, Any], null: float, better: str) -> float | None:
    """One-sided p read off a row's 95% bounds: the level at which the moved bound is the null.

    Exact for t intervals, an approximation for others; see :func:`from_statistic`.
    """
    from scipy.special import ndtr, stdtr

    found = from_statistic(row, alpha=ROW_ALPHA)
    if found.estimate is None:
        return None
    gap = found.estimate - null if better == "higher" else null - found.estimate
    if "exact" in found.flags:
        return 0.0 if gap > 0 else 1.0
    # A loss is measured with the width of the other side.
    upward = (better == "higher") == (gap > 0)
    end = found.lower if upward else found.upper
    if end is None:
        return None
    width = abs(found.estimate - end)
    if width == 0:
        return 0.0 if gap > 0 else 1.0
    if found.trainings is not None:
        beyond = _level_of(row, end, abs(gap), found)
        return 1 - beyond if gap > 0 else beyond
    z = -gap / width * _quantile(ROW_ALPHA, found.clusters)
    df = (found.clusters or 0) - 1
    return float(stdtr(df, z) if df > 0 else ndtr(z))


def _level_of(row: Mapping[str, Any], end: float, gap: float, found: Bounds) -> float:
    """One-sided level at which an end that lies here at 95% is this far from the estimate."""
    from scipy.optimize import brentq

    assert found.estimate is not None
    value, most = found.estimate, 1 - 1e-12

    def short(level: float) -> float:
        return gap - abs(_moved(row, end, level, found) - value)

    if gap == 0:
        return 0.5
    return most if short(most) > 0 else float(brentq(short, 0.5, most, xtol=1e-15))


def _moved(row: Mapping[str, Any], end: float, level: float, found: Bounds) -> float:
    """Where an end of an interval over trainings lies at another one-sided level.

    A ratio's trainings were added on the log scale (:mod:`measurand.trainings`).
    """
    from measurand.stats.trainings import moved

    assert found.estimate is not None
    assert found.trainings is not None
    value, unit = found.estimate, 1.0
    log = row.get("least") == 0 and row.get("most") is None and min(value, end) > 0
    if log:
        value, end, unit = math.log(value), math.log(end), value
    far = moved(
        abs(end - value),
        level,
        trainings=found.trainings,
        se_trainings=found.fixed / unit,
        se=None if found.se is None else found.se / unit,
        n_clusters=found.clusters,
    )
    at = value + math.copysign(far, end - value)
    return (math.exp(at) if at < _LARGEST else math.inf) if log else at


def from_statistic(row: Mapping[str, Any], *, alpha: float) -> Bounds:
    """Bounds that a statistics row carries, moved from 95% to 1 - alpha.

    Moving scales each side's distance from the estimate by the ratio of t quantiles (normal
    without clusters): exact for t intervals, an approximation for others. Of an interval over
    trainings their part moves by their own degrees of freedom, and bounds stay within what is
    possible. A figure whose method is :data:`measurand.statistics.EXACT` has no sampling error: all
    bounds are the estimate.

    Raises:
        EvidenceError: ``nan_value`` for NaN or infinity, ``bad_statistic`` for crossed bounds.
    """
    from measurand.statistics import EXACT

    figures = {k: row.get(k) for k in ("estimate", "se", "ci_lo", "ci_hi", "lower", "upper")}
    if bad := [k for k, v in figures.items() if v is not None and not math.isfinite(v)]:
        raise EvidenceError(
            f"{' and '.join(bad)} not finite",
            code="nan_value",
            hint="an undefined figure is null with a reason",
        )
    estimate, lower, upper = figures["estimate"], figures["lower"], figures["upper"]
    if lower is not None and upper is not None and lower > upper:
        raise EvidenceError(
            f"lower bound {lower} lies above upper bound {upper}",
            code="bad_statistic",
            hint="mend the stage that wrote the statistics",
        )
    found = _of_row(row, estimate, lower, upper)
    if found.method == EXACT and estimate is not None:
        return replace(found, lower=estimate, upper=estimate, flags=("exact",))
    if alpha == ROW_ALPHA or estimate is None:
        return found
    low = -math.inf if row.get("least") is None else row["least"]
    high = math.inf if row.get("most") is None else row["most"]

    def at(end: float | None) -> float | None:
        if end is None:
            return None
        if found.trainings is None:
            moved_to = estimate + _widening(alpha, found.clusters) * (end - estimate)
        else:
            moved_to = _moved(row, end, 1 - alpha, found)
        return float(min(max(moved_to, min(low, estimate)), max(high, estimate)))

    return replace(found, lower=at(lower), upper=at(upper), flags=("rescaled",))


def _of_row(
    row: Mapping[str, Any], estimate: float | None, lower: float | None, upper: float | None
) -> Bounds:
    """A row as it stands, at 95%."""
    from measurand.stats.trainings import apart, degrees

    n, clusters, trainings = row.get("n"), row.get("n_clusters"), row.get("trainings")
    fixed = row.get("se_trainings") or 0.0
    se, df = row.get("se"), clusters - 1 if clusters is not None and clusters > 1 else None
    if se is None and lower is not None and upper is not None:
        se = _error(abs(upper - lower) / 2, clusters, trainings, fixed)
    if trainings is not None and se:
        df = degrees(fixed, se, trainings, clusters)
    alone = None if se is None else apart(se, fixed)
    return Bounds(
        estimate=estimate,
        lower=lower,
        upper=upper,
        ci_lo=row.get("ci_lo"),
        ci_hi=row.get("ci_hi"),
        confidence=row.get("confidence"),
        se=se,
        sd=alone * math.sqrt(n) if alone is not None and n else None,
        df=df,
        fixed=fixed,
        trainings=trainings,
        n=n,
        clusters=clusters,
        method=row.get("method") or "",
        resamples=row.get("resamples"),
        seed=row.get("seed"),
        reason=row.get("reason"),
    )


def _error(width: float, clusters: int | None, trainings: int | None, fixed: float) -> float:
    """Standard error that half the width of a 90% interval says."""
    from measurand.stats.trainings import apart

    if trainings is None:
        return width / _quantile(ROW_ALPHA, clusters)
    of_items = apart(width, _quantile(ROW_ALPHA, trainings) * fixed)
    return math.hypot(of_items / _quantile(ROW_ALPHA, clusters), fixed)


def _quantile(alpha: float, clusters: int | None) -> float:
    from scipy.special import ndtri, stdtrit

    if clusters is not None and clusters > 1:
        return float(stdtrit(clusters - 1, 1 - alpha))
    return float(ndtri(1 - alpha))


def _widening(alpha: float, clusters: int | None) -> float:
    return _quantile(alpha, clusters) / _quantile(ROW_ALPHA, clusters)
