"""Curves of many searches on one axis: best so far, and how many have arrived."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from evaluators.guided_evolution.context import FloatArray, Material

Row = dict[str, Any]
POINTS = 16
"""Places of the axis at which curves are read."""


def grid(budget: float) -> FloatArray:
    """Places from a twelfth of the budget to all of it."""
    out: FloatArray = np.linspace(budget / 12, budget, POINTS).round()
    return out


def best_so_far(found: pl.DataFrame, places: FloatArray, by: str = "evaluations") -> FloatArray:
    """(searches, places) best fitness of each search at each place; NaN before its first.

    Args:
        found: rows with ``search``, ``best`` and what the axis is, rising within a search.
        places: where to read.
        by: what the axis is.
    """
    rows = []
    for _, one in found.sort("search", by).group_by("search", maintain_order=True):
        best = one["best"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        at = np.searchsorted(one[by].to_numpy(), places, side="right") - 1
        rows.append(np.where(at >= 0, best[np.maximum(at, 0)], np.nan))
    return np.array(rows).reshape(len(rows), len(places))


def quartiles(found: FloatArray) -> list[tuple[float | None, float | None, float | None]]:
    """(median, first, third) over searches at each place; None where one has no value yet."""
    made: list[tuple[float | None, float | None, float | None]] = []
    for column in found.T:
        if not len(column) or np.isnan(column).any():
            made.append((None, None, None))
            continue
        low, middle, high = np.quantile(column, [0.25, 0.5, 0.75])
        made.append((float(middle), float(low), float(high)))
    return made


def best_curves(material: Material, task: str, budget: int) -> list[Row]:
    """Rows of a figure: median and quartiles of the best so far, a line a method."""
    places = grid(budget)
    rows: list[Row] = []
    for asked, method in material.methods():
        if asked.id != task:
            continue
        found = best_so_far(material.steps.filter(task=task, method=method.id), places)
        for x, (middle, low, high) in zip(places, quartiles(found), strict=True):
            rows.append(_point(task, method.id, float(x), middle, low, high))
    return rows


def seconds_curves(material: Material, task: str) -> list[Row]:
    """The same against seconds, up to where the quickest method ends."""
    mine = material.seconds.filter(task=task)
    if mine.is_empty():
        return []
    ends = mine.group_by("method", "search").agg(pl.col("seconds").max())
    end = float(ends.group_by("method").agg(pl.col("seconds").median())["seconds"].max())  # type: ignore[arg-type]
    places = np.linspace(end / POINTS, end, POINTS)
    rows: list[Row] = []
    for asked, method in material.methods():
        if asked.id == task and method.accuracy is None:
            found = best_so_far(mine.filter(method=method.id), places, "seconds")
            for x, (middle, low, high) in zip(places, quartiles(found), strict=True):
                rows.append(_point(task, method.id, float(x), middle, low, high))
    return rows


def arrivals(material: Material, task: str, target: str, budget: int) -> list[Row]:
    """Rows of a figure: share of searches that have not reached a target yet (Kaplan & Meier).

    All searches are followed to the same budget, so the estimate is the plain share.
    """
    rows: list[Row] = []
    for asked, method in material.methods():
        if asked.id != task:
            continue
        first = material.reached(task, method.id, target)["evaluations"]
        times = first.cast(pl.Float64).fill_null(float("inf")).to_numpy()
        for x in (0.0, *grid(budget)):
            share = float((times > x).mean())
            rows.append(_point(task, method.id, float(x), share, None, None))
    return rows


def _point(
    panel: str, series: str, x: float, middle: float | None, low: float | None, high: float | None
) -> Row:
    reason = None if middle is not None else "not all searches have a value yet"
    return {"panel": panel, "series": series, "x": x, "estimate": middle, "lower": low,
            "upper": high, "reason": reason}  # fmt: skip
