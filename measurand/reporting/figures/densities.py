"""Two groups of scores per row, as densities over each other: what low and high prompting does.

``data``: ``groups``: the two group names, low first; ``rows``: list of ``{label, values}`` where
``values`` maps a group name to its scores; ``minimum`` and ``maximum`` of the score; ``axis``;
optional ``difference``: name of the figure at the right (difference of medians if left out).

Each density is scaled to its own height. The first group is dashed, the second solid.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median, quantiles
from typing import Any

from markupsafe import Markup

from measurand.reporting import svg
from measurand.reporting.figures.density import density
from measurand.reporting.figures.forest import NARROW
from measurand.reporting.text import number

LINE, PEAK = 58.0, 44.0


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size."""
    rows, groups = data["rows"], [str(group) for group in data["groups"]]
    narrow = width < NARROW
    columns = 17 if narrow else 26
    left = svg.label_width([row["label"] for row in rows], columns) + 14
    right = width - (12 if narrow else 92)
    scale = svg.Scale(float(data["minimum"]), float(data["maximum"]), left, right)
    swatches = [
        (group, svg.element("rect", x=0, y=-9, width=16, height=10, class_=f"hill crest-box g{i}"))
        for i, group in enumerate(groups[:2])
    ]
    keys, top = svg.keys(swatches, width)
    parts = [keys]
    if not narrow:
        parts.append(svg.text(width, 12, "difference", at="end", class_="tick"))
    for r, row in enumerate(rows):
        base = top + 8 + (r + 1) * LINE
        parts.append(svg.text(left - 12, base - 8, row["label"], at="end", columns=columns))
        parts.append(svg.line(left, base, right, base, "foot"))
        parts += [
            _hill(row["values"].get(group) or [], scale, base, i)
            for i, group in enumerate(groups[:2])
        ]
        if not narrow:
            parts.append(svg.text(width, base - 8, _words(row, groups), at="end", class_="num"))
    bottom = top + 8 + len(rows) * LINE
    axis = svg.x_axis(scale, top, bottom, str(data.get("axis") or ""), 5)
    return (width, bottom + 44), axis + Markup("").join(parts)


def _hill(values: list[float], scale: svg.Scale, base: float, group: int) -> Markup:
    if not values:
        return Markup("")
    grid, hill = density(values, scale.low, scale.high, 61)
    tall = PEAK / float(hill.max())
    points = [(scale(float(x)), base - float(h) * tall) for x, h in zip(grid, hill, strict=True)]
    closed = [(points[0][0], base), *points, (points[-1][0], base)]
    dot = svg.mark(scale(median(values)), base, ("square", "circle")[group], f"g{group}-mark", 3.6)
    fill = svg.path(closed, f"hill g{group}", closed=True)
    return fill + svg.path(points, f"crest g{group}") + dot


def difference(row: Mapping[str, Any], groups: list[str]) -> float | None:
    """Median of the second group minus median of the first; None where one is empty."""
    first, second = (row["values"].get(group) for group in groups[:2])
    return float(median(second) - median(first)) if first and second else None


def _words(row: Mapping[str, Any], groups: list[str]) -> str:
    value = difference(row, groups)
    if value is None:
        return "— no scores"
    return ("+" if value > 0 else "") + number(value, 2)


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """Size and quartiles of both groups."""
    groups = [str(group) for group in data["groups"]]
    rows: list[list[Any]] = []
    for row in data["rows"]:
        cells: list[Any] = []
        for group in groups[:2]:
            values = row["values"].get(group) or []
            cells += [len(values), *_quartiles(values)]
        gap = {"value": difference(row, groups), "reason": "a group is empty"}
        rows.append([row["label"], *cells, gap])
    heads = [f"{group}: {part}" for group in groups[:2] for part in ("n", "Q1", "median", "Q3")]
    return ["row", *heads, "difference of medians"], rows, []


def _quartiles(values: list[float]) -> list[Any]:
    if not values:
        return [{"value": None, "reason": "no scores"}] * 3
    if len(values) == 1:
        return [float(values[0])] * 3
    return [float(q) for q in quantiles(values, n=4, method="inclusive")]
