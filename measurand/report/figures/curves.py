"""Curves in small panels: a figure against a number that was set, one line per series.

``data``: ``rows``: list of ``{panel, series, x, estimate, lower, upper}`` and ``reason`` of a null,
which leaves a gap; optional ``points``: list of ``{panel, series, x, y}``, drawn small (single
seeds); ``x_axis``, ``y_axis``: titles; ``x_scale``: linear, log2 or log10; optional ``minimum`` and
``maximum`` of y; ``own_scale``: true where every panel has its own y scale; ``reference``: a dotted
line, such as chance.

On a logarithmic scale x = 0 stands at a place of its own at the left, behind a break in the axis.
Series that share an x stand side by side there, so that their intervals can be told apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from measurand.report import svg
from measurand.report.figures.forest import NARROW, figure_cell
from measurand.report.text import number

HEIGHT, GAP, FOOT = 150.0, 26.0, 50.0
DODGE = 3.2
"""Pixels between series at the same x."""
TICK_ROOM = 20.0

_LOGS: dict[str, Callable[[float], float]] = {
    "linear": float,
    "log2": math.log2,
    "log10": math.log10,
}


@dataclass(frozen=True)
class Axis:
    """Where the numbers that were set stand, in pixels.

    Attributes:
        values: distinct numbers, ascending.
        scale: ``linear``, ``log2`` or ``log10``.
        start: pixel of the first.
        end: pixel of the last.
    """

    values: tuple[float, ...]
    scale: str
    start: float
    end: float

    @property
    def broken(self) -> bool:
        """Whether zero stands apart from a logarithmic scale."""
        return self.scale != "linear" and self.values[0] <= 0 and len(self.values) > 1

    def __call__(self, x: float) -> float:
        """Pixel of a number."""
        places = [self._place(v) for v in self.values]
        return svg.Scale(places[0], places[-1], self.start, self.end)(self._place(x))

    def _place(self, x: float) -> float:
        if self.scale == "linear":
            return x
        above = [v for v in self.values if v > 0]
        log = _LOGS[self.scale]
        if x > 0 or not above:
            return log(x) if x > 0 else 0.0
        return log(above[0]) - max((log(above[-1]) - log(above[0])) / 5, 0.7)

    def ticks(self) -> list[float]:
        """Numbers with room for their label: the last always, then from the left."""
        kept: list[float] = [self.values[-1]]
        last = -math.inf
        for value in self.values[:-1]:
            at = self(value)
            if at - last >= TICK_ROOM and self.end - at >= TICK_ROOM:
                kept.append(value)
                last = at
        return sorted(set(kept))


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size."""
    rows = data["rows"]
    panels = list(dict.fromkeys(str(row["panel"]) for row in rows))
    series = list(dict.fromkeys(str(row["series"]) for row in rows))
    keys, top = _keys(series, width)
    top = max(top, 16.0) + 14
    parts = [keys, svg.text(0, top, str(data.get("y_axis") or ""), class_="tick", columns=90)]
    left, across = 34.0, 1 if width < NARROW else min(len(panels), 2 if len(panels) < 5 else 3)
    side = (width - across * left - (across - 1) * GAP / 2) / across
    for i, panel in enumerate(panels):
        x = left + (i % across) * (side + left + GAP / 2)
        y = top + 34 + (i // across) * (HEIGHT + FOOT + GAP)
        parts.append(_panel(data, panel, series, (x, y, side)))
    down = -(-len(panels) // across)
    return (width, top + 34 + down * (HEIGHT + FOOT + GAP) - GAP), Markup("").join(parts)


def _keys(series: Sequence[str], width: float) -> tuple[Markup, float]:
    entries = []
    for i, name in enumerate(series):
        swatch = svg.path([(0, -4), (16, -4)], _line_class(i))
        entries.append((name, swatch + svg.mark(8, -4, svg.SERIES[i % 5], f"s{i % 5}", 3.4)))
    return svg.keys(entries if len(series) > 1 else [], width)


def _line_class(index: int) -> str:
    return f"curve c{index % 5}" + (" again" if index >= len(svg.SERIES) else "")


def _panel(
    data: Mapping[str, Any], panel: str, series: Sequence[str], place: tuple[float, float, float]
) -> Markup:
    left, top, side = place
    rows = [row for row in data["rows"] if str(row["panel"]) == panel]
    points = [p for p in data.get("points") or () if str(p["panel"]) == panel]
    room = DODGE * len(series) / 2 + 6
    values = tuple(sorted({float(row["x"]) for row in (*rows, *points)}))
    x = Axis(values, str(data.get("x_scale") or "linear"), left + room, left + side - room)
    y = svg.Scale(*_reach(data, panel), top + HEIGHT, top)
    parts = [svg.text(left, top - 10, panel, class_="head", columns=int(side / 7.2))]
    marks = y.ticks(4)
    for value in marks:
        words = svg.tick_text(value, marks)
        parts.append(svg.line(left, y(value), left + side, y(value), "grid"))
        parts.append(svg.text(left - 6, y(value) + 4, words, at="end", class_="tick"))
    parts.append(_foot(x, top + HEIGHT, left, side, str(data.get("x_axis") or "")))
    if data.get("reference") is not None:
        at = y(float(data["reference"]))
        parts.append(svg.line(left, at, left + side, at, "reference"))
    shown = [name for name in series if any(str(row["series"]) == name for row in rows)]
    for name in shown:
        shift = (shown.index(name) - (len(shown) - 1) / 2) * DODGE
        index = series.index(name)
        dots = [p for p in points if str(p["series"]) == name]
        parts += [
            svg.mark(x(p["x"]) + shift, y(p["y"]), "circle", f"p{index % 5}", 1.7) for p in dots
        ]
        line = sorted((r for r in rows if str(r["series"]) == name), key=lambda r: float(r["x"]))
        parts.append(_series(line, x, y, shift, index))
    return Markup("").join(parts)


def _foot(x: Axis, bottom: float, left: float, side: float, title: str) -> Markup:
    parts = [svg.line(left, bottom, left + side, bottom, "foot")]
    for value in x.ticks():
        words = number(round(value)) if value == round(value) else number(value, 2)
        parts.append(svg.text(x(value), bottom + 16, words, at="middle", class_="tick"))
    if x.broken:
        at = (x(x.values[0]) + x(x.values[1])) / 2
        for shift in (-2.0, 2.0):
            parts.append(svg.line(at + shift - 2, bottom + 5, at + shift + 2, bottom - 5, "foot"))
    middle = left + side / 2
    parts.append(svg.text(middle, bottom + 34, title, at="middle", class_="tick"))
    return Markup("").join(parts)


def _series(
    line: Sequence[Mapping[str, Any]], x: Axis, y: svg.Scale, shift: float, index: int
) -> Markup:
    parts = []
    for defined, some in groupby(line, key=lambda row: row.get("estimate") is not None):
        run = list(some)
        if not defined:
            continue
        # What stands before the break of the axis is a point of its own.
        apart = 1 if x.broken and float(run[0]["x"]) <= 0 else 0
        through = [(x(float(r["x"])) + shift, y(r["estimate"])) for r in run[apart:]]
        if len(through) > 1:
            parts.append(svg.path(through, _line_class(index)))
        for row in run:
            at = x(float(row["x"])) + shift
            lower, upper = row.get("lower"), row.get("upper")
            if lower is not None and upper is not None:
                parts.append(svg.line(at, y(lower), at, y(upper), f"whisker s{index % 5}"))
            shape = svg.SERIES[index % len(svg.SERIES)]
            parts.append(svg.mark(at, y(row["estimate"]), shape, f"s{index % 5}", 3.4))
    return Markup("").join(parts)


def _reach(data: Mapping[str, Any], panel: str) -> tuple[float, float]:
    """Lowest and highest y of a panel, or of all; estimates and points count, limits too."""
    alone = bool(data.get("own_scale"))
    rows = [r for r in data["rows"] if not alone or str(r["panel"]) == panel]
    found = [
        float(r[key])
        for r in rows
        for key in ("estimate", "lower", "upper")
        if r.get(key) is not None
    ]
    found += [
        float(p["y"]) for p in data.get("points") or () if not alone or str(p["panel"]) == panel
    ]
    low, high = data.get("minimum"), data.get("maximum")
    least = min(found, default=0.0) if low is None else float(low)
    most = max(found, default=1.0) if high is None else float(high)
    return least, most if most > least else least + 1.0


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """One line per panel, series and number."""
    rows: list[list[Any]] = [
        [str(row["panel"]), str(row["series"]), _plain(row["x"]), figure_cell(row)]
        for row in data["rows"]
    ]
    points = data.get("points") or ()
    notes = [f"The {len(points)} single points of the picture are not listed."] if points else []
    x_axis, y_axis = str(data.get("x_axis") or "x"), str(data.get("y_axis") or "estimate")
    return ["panel", "series", x_axis, y_axis], rows, notes


def _plain(x: float) -> float | int:
    return int(x) if float(x).is_integer() else float(x)
