"""Correlations as a matrix of coloured, numbered cells: a multitrait-multimethod matrix.

``data``: ``labels``: names of the rows; ``values``: rows of numbers or null; optional ``columns``:
names of the columns (the same as the rows if left out), ``groups``: list of ``{label, size}`` that
cut rows and columns into blocks (methods), ``outlined``: list of ``[row, column]`` to frame (the
validity diagonal), ``reasons``: rows of strings or null, ``extent``: value of the fullest colour
(1 if left out), ``range``: ``share`` where no number can be below 0, ``axis``: what the numbers
are.

The colour scale is centred at 0: blue above, orange below, which the common forms of colour
blindness keep apart; that of shares has one colour. Numbers never leave the reader with colour
alone, and names are cut only as far as they stay apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from markupsafe import Markup

from measurand.reporting import svg
from measurand.reporting.figures import heatmap_phone
from measurand.reporting.figures.cells import cell, ends_of, scale_key

_MOST_COLUMNS = 24
NARROW = 400.0
"""Below, the picture is that of a phone."""


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size."""
    if width < NARROW:
        return heatmap_phone.draw(data, width)
    labels: Sequence[str] = data["labels"]
    columns: Sequence[str] = data.get("columns") or labels
    extent = float(data.get("extent") or 1.0)
    groups = data.get("groups") or ()
    cut = svg.columns_apart(list(labels), _MOST_COLUMNS)
    cut_above = svg.columns_apart(list(columns), _MOST_COLUMNS)
    left = svg.label_width(list(labels), cut) + 12 + (22 if groups else 0)
    longest = svg.label_width(list(columns), cut_above)
    # Few columns grow wide enough for level names; many stay square and slant them.
    side = min(max((720 - left) / len(columns), 34.0), max(52.0, longest))
    high = min(side * 0.72, 36.0)
    head = 24.0 if longest * 0.93 <= side else longest * 0.72 + 10
    top = head + (22 if groups else 0)
    parts = [
        cell(value, left + c * side, top + r * high, (side, high), extent)
        for r, row in enumerate(data["values"])
        for c, value in enumerate(row)
    ]
    for r, label in enumerate(labels):
        y = top + r * high + high / 2 + 4
        parts.append(svg.text(left - 8, y, label, at="end", columns=cut))
    for c, label in enumerate(columns):
        x = left + c * side + side / 2
        parts.append(_column_name(label, x, top - 8, cut_above, slanted=head > 24))
    box = (left, top, len(columns) * side, len(labels) * high)
    parts += _blocks(groups, box, (side, high), square=len(columns) == len(labels))
    parts += [
        svg.element(
            "rect", x=left + c * side + 1, y=top + r * high + 1, width=side - 2, height=high - 2,
            class_="framed",
        )
        for r, c in data.get("outlined") or ()
    ]  # fmt: skip
    bottom = top + box[3]
    axis = str(data.get("axis") or "")
    parts.append(scale_key(left, bottom + 18, extent, ends_of(data), axis))
    right = left + box[2] + (head * 0.5 if head > 24 else 0)
    return (max(right + 2, left + 330), bottom + 56), Markup("").join(parts)


def _column_name(label: str, x: float, y: float, columns: int, *, slanted: bool) -> Markup:
    if not slanted:
        return svg.text(x, y, label, at="middle")
    turned = svg.text(0, 0, label, columns=columns)
    return svg.element("g", turned, transform=f"translate({svg.px(x)} {svg.px(y)}) rotate(-45)")


def _blocks(
    groups: Sequence[Mapping[str, Any]],
    box: tuple[float, float, float, float],
    cell: tuple[float, float],
    *,
    square: bool,
) -> list[Markup]:
    """Lines between methods, and their names along both sides."""
    left, top, width, height = box
    parts = []
    ends = list(accumulate(int(group["size"]) for group in groups))
    for group, end in zip(groups, ends, strict=True):
        start = end - int(group["size"])
        if end != ends[-1]:
            y = top + end * cell[1]
            parts.append(svg.line(left, y, left + width, y, "block"))
            if square:
                x = left + end * cell[0]
                parts.append(svg.line(x, top, x, top + height, "block"))
        room = int((end - start) * cell[1] / 7)
        turned = svg.text(0, 0, group["label"], at="middle", class_="head", columns=room)
        y = top + (start + end) / 2 * cell[1]
        parts.append(svg.element("g", turned, transform=f"translate(12 {svg.px(y)}) rotate(-90)"))
        if square:
            x = left + (start + end) / 2 * cell[0]
            room = int((end - start) * cell[0] / 7)
            parts.append(svg.text(x, 12, group["label"], at="middle", class_="head", columns=room))
    return parts


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """The matrix with its names."""
    reasons = data.get("reasons")
    rows: list[list[Any]] = []
    for r, (label, values) in enumerate(zip(data["labels"], data["values"], strict=True)):
        cells = [
            {"value": value, "reason": (reasons[r][c] if reasons else None) or "undefined"}
            for c, value in enumerate(values)
        ]
        rows.append([label, *cells])
    return [str(data.get("axis") or ""), *(data.get("columns") or data["labels"])], rows, []
