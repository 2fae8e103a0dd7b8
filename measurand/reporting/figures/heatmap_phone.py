"""A matrix on a phone: each row's name stands above its cells, columns that do not fit go below.

The data are those of :mod:`measurand.reporting.figures.heatmap`. A part holds as many columns as
leave room for their numbers, and none of two groups where the groups cut columns too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from markupsafe import Markup

from measurand.reporting import svg
from measurand.reporting.figures.cells import cell, ends_of, scale_key

LEAST = 34.0
"""Pixels that a cell needs for ``-.05``."""
NAME, HIGH = 17.0, 24.0
"""Heights of a row's name and of its cells."""
SLANT = 0.72
_NAME_COLUMNS = 18


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture of this width, and its size."""
    labels: Sequence[str] = data["labels"]
    columns: Sequence[str] = data.get("columns") or labels
    extent = float(data.get("extent") or 1.0)
    groups: Sequence[Mapping[str, Any]] = data.get("groups") or ()
    framed = {(int(r), int(c)) for r, c in data.get("outlined") or ()}
    ends = list(accumulate(int(group["size"]) for group in groups))
    of_columns = groups if len(columns) == len(labels) else ()
    cut = svg.columns_apart(list(columns), _NAME_COLUMNS)
    rows_cut = svg.columns_apart(list(labels), int(width / 7))
    longest = svg.label_width(list(columns), cut)
    slanted = longest * 0.93 > width / max(len(columns), 1)
    over = longest * SLANT if slanted else 0.0
    most = max(1, int((width - over) // LEAST))
    y, parts = 0.0, []
    for first, last in _parts(len(columns), ends if of_columns else [], most):
        side = min((width - over) / (last - first), 72.0)
        if of_columns:
            y += 18
            named = next(g for g, end in zip(groups, ends, strict=True) if first < end)
            parts.append(svg.text(0, y - 4, str(named["label"]), class_="head"))
        y += over + 10 if slanted else 22
        for c in range(first, last):
            parts.append(_name(columns[c], (c - first + 0.5) * side, y - 6, cut, slanted=slanted))
        for r, label in enumerate(labels):
            if groups and r in (0, *ends[:-1]):
                group = groups[0 if r == 0 else ends.index(r) + 1]
                y += 18
                parts.append(svg.text(0, y - 4, str(group["label"]), class_="head"))
            parts.append(svg.text(0, y + NAME - 5, str(label), columns=rows_cut))
            y += NAME
            for c in range(first, last):
                x = (c - first) * side
                parts.append(cell(data["values"][r][c], x, y, (side, HIGH), extent))
                if (r, c) in framed:
                    parts.append(_frame(x, y, side))
            y += HIGH + 2
        y += 10
    parts.append(_key(y + 6, extent, data))
    return (width, y + 62), Markup("").join(parts)


def _parts(columns: int, ends: Sequence[int], most: int) -> list[tuple[int, int]]:
    """From and to of each part: equally many columns of a group, at most ``most``."""
    found = []
    for start, end in pairwise([0, *ends] if ends else [0, columns]):
        count = -(-(end - start) // most)
        size = -(-(end - start) // max(count, 1))
        found += [(at, min(at + size, end)) for at in range(start, end, max(size, 1))]
    return found


def _name(label: str, x: float, y: float, columns: int, *, slanted: bool) -> Markup:
    if not slanted:
        return svg.text(x, y, label, at="middle")
    turned = svg.text(0, 0, label, columns=columns)
    return svg.element("g", turned, transform=f"translate({svg.px(x)} {svg.px(y)}) rotate(-45)")


def _frame(x: float, y: float, side: float) -> Markup:
    return svg.element("rect", x=x + 1, y=y + 1, width=side - 2, height=HIGH - 2, class_="framed")


def _key(y: float, extent: float, data: Mapping[str, Any]) -> Markup:
    """The colours with what they are of above them."""
    axis = svg.text(8, y + 6, str(data.get("axis") or ""), class_="tick")
    return axis + scale_key(8, y + 14, extent, ends_of(data), "")
