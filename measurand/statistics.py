"""From estimates to the statistics table that reports, gates and comparisons read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import pyarrow as pa

from measurand.errors import SchemaError
from measurand.results import STATISTICS, StatisticRow, slice_text
from measurand.stats.estimate import Estimate

EXACT = "exact count"
"""Method of a figure without sampling error; gates take the figure itself for both bounds."""


def exact(value: float | None, *, n: int | None = None, reason: str | None = None) -> Estimate:
    """A count or a setting: no sampling error, so no interval, for that reason."""
    counted = None if value is None else "no interval: counted, not sampled"
    return Estimate(value, method=EXACT, n=n, reason=reason or counted)


def described(value: float, why: str, *, n: int | None = None) -> Estimate:
    """A figure of a fixed set, such as a maximum or a number of kinds: no sample, no interval.

    Args:
        value: the figure.
        why: what it is a figure of: "of these weights on these clips".
        n: rows.
    """
    return Estimate(value, method="of a fixed set", n=n, reason=f"no interval: {why}; no sample")


def of_trainings(
    rows: Iterable[StatisticRow], trained: Callable[[StatisticRow], bool]
) -> list[StatisticRow]:
    """The rows, of which those that are about trained weights, and say no scope, now say so."""
    return [
        {**row, "scope": "training"} if row["scope"] is None and trained(row) else row
        for row in rows
    ]


def statistic_row(
    system: str,
    model: str,
    metric: str,
    parts: Mapping[str, str],
    estimate: Estimate,
    reliability: float | None = None,
) -> StatisticRow:
    """One row of ``STATISTICS``.

    An interval without width is left out with its reason: a sample in which nothing varied does not
    know more than others. The smallest detectable difference follows from the standard error, with
    G - 1 degrees of freedom where there are clusters, and fewer where the interval is over few
    trainings; it is null where there is no standard error.

    Args:
        system: the system.
        model: model string.
        metric: name of the statistic.
        parts: the slice, ``{"experiment": "validity", "scale": ...}``.
        estimate: the figure.
        reliability: of the score behind the figure.
    """
    if estimate.ci_lo is not None and estimate.ci_lo == estimate.ci_hi:
        estimate = Estimate(
            estimate.value,
            confidence=estimate.confidence,
            method=estimate.method,
            n=estimate.n,
            n_clusters=estimate.n_clusters,
            reason="no interval: nothing varied in this sample",
            scope=estimate.scope,
            trainings=estimate.trainings,
            least=estimate.least,
            most=estimate.most,
        )
    return {
        "system": system,
        "model": model,
        "metric": metric,
        "slice": slice_text(parts),
        "estimate": estimate.value,
        "se": estimate.se,
        "ci_lo": estimate.ci_lo,
        "ci_hi": estimate.ci_hi,
        "confidence": estimate.confidence,
        "lower": estimate.lower,
        "upper": estimate.upper,
        "method": estimate.method,
        "n": estimate.n,
        "n_clusters": estimate.n_clusters,
        "resamples": estimate.resamples,
        "seed": estimate.seed,
        "mde": _detectable(estimate),
        "reliability": reliability,
        "reason": estimate.reason,
        "scope": estimate.scope,
        "trainings": estimate.trainings,
        "se_trainings": estimate.se_trainings,
        "least": estimate.least,
        "most": estimate.most,
    }


def _detectable(estimate: Estimate) -> float | None:
    from measurand.stats.means import smallest_detectable
    from measurand.stats.trainings import degrees

    se, clusters, many = estimate.se, estimate.n_clusters, estimate.trainings or 1
    if se is None:
        return None
    df: float | None = clusters - 1 if clusters is not None and clusters > 1 else None
    if many > 1 and se > 0 and estimate.se_trainings is not None:
        df = degrees(estimate.se_trainings, se, many, clusters)
    return smallest_detectable(se, df=df)


def statistics_table(rows: Sequence[StatisticRow]) -> pa.Table:
    """The rows as a table.

    Raises:
        SchemaError: two rows have the same model, metric and slice, a figure is NaN, or an interval
            has no width.
    """
    for row in rows:
        if row["ci_lo"] is not None and row["ci_lo"] == row["ci_hi"]:
            raise SchemaError(
                f"{row['metric']} of {row['model']} {row['slice']}: an interval without width",
                hint="leave it out with its reason",
            )
    every = cast("Sequence[Mapping[str, Any]]", rows)
    columns = {name: [row[name] for row in every] for name in StatisticRow.__annotations__}
    return STATISTICS.validate(STATISTICS.from_columns(columns))
