"""A grid of ridges: how scores on every trait move when one trait is prompted.

``data``: ``cells``: list of ``{prompted, measured, level, values}``, up to nine levels a cell;
``minimum`` and ``maximum`` of the score; ``axis``.

Each ridge is a density scaled to its own height; the lowest level stands at the bottom.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from markupsafe import Markup

from measurand.report import svg
from measurand.report.figures.density import density

STEP, PEAK = 12.0, 21.0


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size; the same at every width."""
    prompted, measured, levels = axes(data)
    drawn = {(c["prompted"], c["measured"], c["level"]): c["values"] for c in data["cells"]}
    left, gap = svg.label_width(prompted, 18) + 40, 10.0
    side = max(min((720 - left) / len(measured), 180.0), 96.0) - gap
    high = STEP * (len(levels) - 1) + PEAK + 14
    low_end, high_end = float(data["minimum"]), float(data["maximum"])
    parts = [
        svg.text(left, 12, "measured", class_="head"),
        svg.text(0, 12, "prompted", class_="head"),
    ]
    top = 40.0
    for c, name in enumerate(measured):
        middle = left + c * (side + gap) + side / 2
        parts.append(svg.text(middle, 30, name, at="middle", columns=int(side / 7.2)))
    for r, row in enumerate(prompted):
        y = top + r * (high + gap)
        parts.append(svg.text(left - 36, y + high / 2 + 4, row, at="end", columns=18))
        parts += _level_names(levels, left - 8, y + high)
        for c, column in enumerate(measured):
            scale = svg.Scale(
                low_end, high_end, left + c * (side + gap), left + c * (side + gap) + side
            )
            own = "own" if row == column else "other"
            box = svg.element("rect", x=scale.start, y=y, width=side, height=high, class_="panel")
            parts.append(box + _ticks(scale, y, y + high))
            for i in reversed(range(len(levels))):
                values = drawn.get((row, column, levels[i]))
                if values:
                    parts.append(_ridge(values, scale, y + high - 4 - i * STEP, own))
    bottom = top + len(prompted) * (high + gap) - gap
    for c in range(len(measured)):
        scale = svg.Scale(
            low_end, high_end, left + c * (side + gap), left + c * (side + gap) + side
        )
        parts += _tick_names(scale, bottom)
    end = left + len(measured) * (side + gap) - gap
    parts.append(
        svg.text(
            (left + end) / 2, bottom + 34, str(data.get("axis") or ""), at="middle", class_="tick"
        )
    )
    return (end + 2, bottom + 44), Markup("").join(parts)


def axes(data: Mapping[str, Any]) -> tuple[list[str], list[str], list[Any]]:
    """Prompted traits, measured traits (each in order of appearance) and levels, sorted."""
    prompted = list(dict.fromkeys(cell["prompted"] for cell in data["cells"]))
    measured = list(dict.fromkeys(cell["measured"] for cell in data["cells"]))
    return prompted, measured, sorted({cell["level"] for cell in data["cells"]})


def _ridge(values: list[float], scale: svg.Scale, base: float, own: str) -> Markup:
    grid, hill = density(values, scale.low, scale.high, 61)
    tall = PEAK / float(hill.max())
    points = [(scale(float(x)), base - float(h) * tall) for x, h in zip(grid, hill, strict=True)]
    # Only where there is something to see: a flat foot would draw a line through every ridge.
    seen = [i for i, h in enumerate(hill) if float(h) * tall > 0.4]
    points = points[max(seen[0] - 1, 0) : seen[-1] + 2]
    closed = [(points[0][0], base), *points, (points[-1][0], base)]
    middle = scale(median(values))
    return svg.path(closed, f"ridge {own}", closed=True) + svg.line(
        middle, base - 4, middle, base, f"median {own}"
    )


def _ticks(scale: svg.Scale, top: float, bottom: float) -> Markup:
    marks = scale.ticks(2)
    return Markup("").join(svg.line(scale(v), top, scale(v), bottom, "grid") for v in marks)


def _tick_names(scale: svg.Scale, bottom: float) -> list[Markup]:
    marks = scale.ticks(2)
    return [
        svg.text(scale(v), bottom + 15, svg.tick_text(v, marks), at="middle", class_="tick")
        for v in marks
    ]


def _level_names(levels: list[Any], x: float, bottom: float) -> list[Markup]:
    """First, middle and last level, at the foot of their ridges."""
    shown = sorted({0, (len(levels) - 1) // 2, len(levels) - 1})
    return [
        svg.text(x, bottom - i * STEP - 1, str(levels[i]), at="end", class_="tick") for i in shown
    ]


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """Median score per cell and level."""
    prompted, measured, levels = axes(data)
    drawn = {(c["prompted"], c["measured"], c["level"]): c["values"] for c in data["cells"]}
    rows: list[list[Any]] = []
    for row in prompted:
        for column in measured:
            cells = [drawn.get((row, column, level)) for level in levels]
            medians = [
                float(median(values)) if values else {"value": None, "reason": "no score"}
                for values in cells
            ]
            rows.append([row, column, *medians])
    sizes = sorted({len(cell["values"]) for cell in data["cells"]})
    notes = [f"Medians of {' to '.join(str(s) for s in {sizes[0], sizes[-1]})} scores each."]
    return ["prompted", "measured", *(f"level {level}" for level in levels)], rows, notes
