"""Counts in bins, with marked places.

``data``: ``edges`` (one more than counts), ``counts``; ``axis``; optional ``limit`` with
``limit_label``, ``marks``: list of ``{label, value}`` (a mean, a median), ``missing``: values that
have no place on the axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from measurand.reporting import svg
from measurand.reporting.figures.forest import NARROW, limit
from measurand.reporting.text import number

HEIGHT = 190.0


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size."""
    edges, counts = data["edges"], data["counts"]
    marks = svg.ticks(0.0, max(*counts, 1) * 1.0, 4)
    left = svg.label_width([svg.tick_text(v, marks) for v in marks]) + 12
    x = svg.Scale(float(edges[0]), float(edges[-1]), left, width - 12)
    named = [mark for mark in data.get("marks") or () if mark.get("value") is not None]
    # The limit's name has a line of its own, below those of the marks.
    top = 34.0 + 14.0 * (len(named) + 1)
    bottom = top + HEIGHT
    y = svg.Scale(0.0, max(*counts, 1) * 1.0, bottom, top)
    parts = [svg.text(0, 14, "count", class_="tick")]
    for value in marks:
        parts.append(svg.line(left, y(value), width - 12, y(value), "grid"))
        words = svg.tick_text(value, marks)
        parts.append(svg.text(left - 8, y(value) + 4, words, at="end", class_="tick"))
    for a, b, count in zip(edges, edges[1:], counts, strict=False):
        gap = min(1.0, (x(b) - x(a)) / 8)
        if count:
            parts.append(
                svg.element(
                    "rect",
                    x=x(a) + gap / 2,
                    y=min(y(count), bottom - 1),
                    class_="mass",
                    width=x(b) - x(a) - gap,
                    height=max(bottom - y(count), 1.0),
                )
            )
    parts.append(svg.x_axis(x, bottom, bottom, str(data.get("axis") or ""), _ticks_for(width)))
    parts.append(svg.line(left, bottom, width - 12, bottom, "zero"))
    parts.append(limit(data, x, top - 8, bottom))
    for i, mark in enumerate(named):
        parts.append(_mark(mark, x, top - 10 - 14 * (i + 2), bottom))
    return (width, bottom + 44), Markup("").join(parts)


def _ticks_for(width: float) -> int:
    return 4 if width < NARROW else 8


def _mark(mark: Mapping[str, Any], x: svg.Scale, top: float, bottom: float) -> Markup:
    at = x(mark["value"])
    name = f"{mark['label']} {number(float(mark['value']))}"
    side = "end" if at > (x.start + x.end) / 2 else "start"
    return svg.line(at, top, at, bottom, "marker") + svg.text(
        at + (-5 if side == "end" else 5), top + 4, name, at=side, class_="mark-name"
    )


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """Bins and counts."""
    total = sum(data["counts"]) or 1
    rows: list[list[Any]] = [
        [f"{number(float(a))} to {number(float(b))}", int(count), 100.0 * count / total]
        for a, b, count in zip(data["edges"], data["edges"][1:], data["counts"], strict=False)
    ]
    notes = [
        f"{mark['label']}: {number(float(mark['value']))}."
        for mark in data.get("marks") or ()
        if mark.get("value") is not None
    ]
    if data.get("missing"):
        notes.append(f"Without a value: {number(int(data['missing']))}.")
    return [str(data.get("axis") or "bin"), "count", "per cent"], rows, notes
