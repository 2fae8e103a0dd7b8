"""A grid of ridges: how scores on every trait move when one trait is prompted.

``data``: ``cells``: list of ``{prompted, measured, level, values}``, up to nine levels a cell;
``minimum`` and ``maximum`` of the score; ``axis``.

Each ridge is a density scaled to its own height; the lowest level stands at the bottom and a line
joins the medians.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from markupsafe import Markup

from measurand.reporting import svg
from measurand.reporting.figures.density import density

STEP, PEAK, GAP, TOP = 12.0, 21.0, 10.0, 40.0
FULL = 820.0
_MOST_COLUMNS = 18


@dataclass(frozen=True)
class _Grid:
    """Where the cells stand."""

    left: float
    side: float
    high: float
    low_end: float
    high_end: float

    def scale(self, column: int) -> svg.Scale:
        start = self.left + column * (self.side + GAP)
        return svg.Scale(self.low_end, self.high_end, start, start + self.side)

    def top(self, row: int) -> float:
        return TOP + row * (self.high + GAP)


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size; the same at every width."""
    prompted, measured, levels = axes(data)
    drawn = {(c["prompted"], c["measured"], c["level"]): c["values"] for c in data["cells"]}
    left = svg.label_width([*prompted, "prompted"], _MOST_COLUMNS) + 44
    grid = _Grid(
        left,
        max(min((FULL - left) / len(measured), 190.0), 100.0) - GAP,
        STEP * (len(levels) - 1) + PEAK + 14,
        float(data["minimum"]),
        float(data["maximum"]),
    )
    parts = _names(grid, prompted, measured, levels, str(data.get("axis") or ""))
    for r, row in enumerate(prompted):
        for c, column in enumerate(measured):
            cell = [drawn.get((row, column, level)) or [] for level in levels]
            parts.append(_cell(cell, grid.scale(c), grid.top(r), grid.high, own=row == column))
    bottom = grid.top(len(prompted)) - GAP
    return (grid.scale(len(measured) - 1).end + 2, bottom + 44), Markup("").join(parts)


def axes(data: Mapping[str, Any]) -> tuple[list[str], list[str], list[Any]]:
    """Prompted traits, measured traits (each in order of appearance) and levels, sorted."""
    prompted = list(dict.fromkeys(cell["prompted"] for cell in data["cells"]))
    measured = list(dict.fromkeys(cell["measured"] for cell in data["cells"]))
    return prompted, measured, sorted({cell["level"] for cell in data["cells"]})


def _names(
    grid: _Grid, prompted: list[str], measured: list[str], levels: list[Any], axis: str
) -> list[Markup]:
    """Everything around the cells."""
    parts = [
        svg.text(grid.left, 12, "measured", class_="tick"),
        svg.text(grid.left - 40, 12, "prompted", at="end", class_="tick"),
    ]
    bottom = grid.top(len(prompted)) - GAP
    for c, name in enumerate(measured):
        scale = grid.scale(c)
        middle = (scale.start + scale.end) / 2
        room = int(grid.side / 6.6)
        parts.append(svg.text(middle, 30, name, at="middle", class_="head", columns=room))
        marks = scale.ticks(2)
        parts += [
            svg.text(scale(v), bottom + 15, svg.tick_text(v, marks), at="middle", class_="tick")
            for v in marks
        ]
    shown = sorted({0, (len(levels) - 1) // 2, len(levels) - 1})
    for r, name in enumerate(prompted):
        y = grid.top(r)
        parts.append(
            svg.text(
                grid.left - 40, y + grid.high / 2 + 4, name, at="end", class_="head",
                columns=_MOST_COLUMNS,
            )
        )  # fmt: skip
        parts += [
            svg.text(
                grid.left - 8, y + grid.high - 3 - i * STEP, str(levels[i]), at="end", class_="tick"
            )
            for i in shown
        ]
    middle = (grid.left + grid.scale(len(measured) - 1).end) / 2
    parts.append(svg.text(middle, bottom + 34, axis, at="middle", class_="tick"))
    return parts


def _cell(
    cell: list[list[float]], scale: svg.Scale, top: float, high: float, *, own: bool
) -> Markup:
    """One prompted trait's effect on one measured trait, the highest level drawn first."""
    side = scale.end - scale.start
    box = svg.element("rect", x=scale.start, y=top, width=side, height=high, class_="panel")
    parts = [box, *(svg.line(scale(v), top, scale(v), top + high, "grid") for v in scale.ticks(2))]
    bases = [top + high - 4 - i * STEP for i in range(len(cell))]
    parts += [
        _ridge(values, scale, base, "own" if own else "other")
        for values, base in reversed(list(zip(cell, bases, strict=True)))
        if values
    ]
    medians = [
        (scale(median(values)), base - 2)
        for values, base in zip(cell, bases, strict=True)
        if values
    ]
    if medians:
        parts.append(svg.path(medians, "median"))
    return Markup("").join(parts)


def _ridge(values: list[float], scale: svg.Scale, base: float, whose: str) -> Markup:
    grid, hill = density(values, scale.low, scale.high, 61)
    tall = PEAK / float(hill.max())
    points = [(scale(float(x)), base - float(h) * tall) for x, h in zip(grid, hill, strict=True)]
    # Only where there is something to see: a flat foot would draw a line through every ridge.
    seen = [i for i, h in enumerate(hill) if float(h) * tall > 0.4]
    points = points[max(seen[0] - 1, 0) : seen[-1] + 2]
    closed = [(points[0][0], base), *points, (points[-1][0], base)]
    return svg.path(closed, f"ridge {whose}", closed=True)


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
    span = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    notes = [f"Medians of {span} scores each."]
    return ["prompted", "measured", *(f"level {level}" for level in levels)], rows, notes
