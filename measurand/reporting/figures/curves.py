"""Curves in small panels: a figure against a number that was set, one line per series.

``data``: ``rows``: list of ``{panel, series, x, estimate, lower, upper}`` and ``reason`` of a null,
which leaves a gap; optional ``points``: list of ``{panel, series, x, y}``, drawn small (single
seeds; ``point_size``: their radius, 1.7) where the series has a row; optional ``lines``: list of
``{panel, series, y}``, dashed levels such as baselines; ``x_axis``, ``y_axis``: titles;
``x_scale``: linear, log2 or log10; optional ``minimum`` and ``maximum`` of y; ``own_scale``: true
where every panel has its own y scale; ``reference``: a dotted line, such as chance.

On a logarithmic scale x = 0 stands at a place of its own at the left, behind a break in the axis.
Series that share an x stand side by side there, so that their intervals can be told apart, and
their points stand right of the interval. A stated range of y is widened where an estimate, a point
or a line would leave it; the ends of intervals are cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from measurand.errors import InputError
from measurand.reporting import svg
from measurand.reporting.figures.axes import LOGS, Axis, tick_width, tick_words
from measurand.reporting.figures.forest import NARROW, figure_cell
from measurand.reporting.text import number, shorten

HEIGHT, GAP, FOOT = 150.0, 26.0, 50.0
DODGE, SPREAD = 5.0, 20.0
"""Pixels between series at the same x, and at most between the first and the last of them."""
DASHES = ("7 3", "4 2", "9 3 2 3", "12 4", "3 3 6 3")
"""Dash patterns by which lines differ, besides colour."""


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size.

    Raises:
        InputError: an unknown scale, a number that it cannot show, or a line of no panel.
    """
    rows = data["rows"]
    panels = list(dict.fromkeys(str(row["panel"]) for row in rows))
    series = list(dict.fromkeys(str(row["series"]) for row in rows))
    _check(data, panels)
    keys, top = _keys(data, series, width)
    top = max(top, 16.0) + 14
    parts = [keys, _text_cut_to(0, top, str(data.get("y_axis") or ""), width, "tick")]
    left, across = 34.0, 1 if width < NARROW else min(len(panels), 2 if len(panels) < 5 else 3)
    side = (width - across * left - (across - 1) * GAP / 2) / across
    for i, panel in enumerate(panels):
        x = left + (i % across) * (side + left + GAP / 2)
        y = top + 34 + (i // across) * (HEIGHT + FOOT + GAP)
        parts.append(_panel(data, panel, series, (x, y, side)))
    down = -(-len(panels) // across)
    return (width, top + 34 + down * (HEIGHT + FOOT + GAP) - GAP), Markup("").join(parts)


def _check(data: Mapping[str, Any], panels: Sequence[str]) -> None:
    scale = str(data.get("x_scale") or "linear")
    lost = sorted({str(line["panel"]) for line in data.get("lines") or ()} - set(panels))
    if scale not in LOGS:
        raise InputError(f"unknown scale {scale!r}", hint=f"one of {', '.join(LOGS)}")
    if scale != "linear" and any(float(row["x"]) < 0 for row in data["rows"]):
        raise InputError(f"a negative x has no place on a {scale} scale", hint="use linear")
    if lost:
        raise InputError(f"lines of panels without rows: {', '.join(lost)}", hint="add rows")


def _points(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Points whose series has a row in their panel; others would have no name."""
    known = {(str(row["panel"]), str(row["series"])) for row in data["rows"]}
    return [p for p in data.get("points") or () if (str(p["panel"]), str(p["series"])) in known]


def _line_names(data: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(str(line["series"]) for line in data.get("lines") or ()))


def _keys(data: Mapping[str, Any], series: Sequence[str], width: float) -> tuple[Markup, float]:
    lines = _line_names(data)
    entries = []
    for i, name in enumerate(series if lines or len(series) > 1 else ()):
        swatch = svg.path([(0, -4), (16, -4)], _line_class(i))
        entries.append((name, swatch + svg.mark(8, -4, svg.SERIES[i % 5], f"s{i % 5}", 3.4)))
    for name in lines:
        entries.append((name, _level(name, lines, series, (0, 18, -4))))
    return svg.keys(entries, width)


def _level(
    name: str,
    lines: Sequence[str],
    series: Sequence[str],
    place: tuple[float, float, float],
    words: str = "",
) -> Markup:
    """A dashed line from left to right; in the colour of its series, where it has one."""
    left, right, y = place
    every = list(dict.fromkeys([*series, *lines]))
    return svg.element(
        "line",
        *([svg.element("title", words)] if words else []),
        x1=left,
        y1=y,
        x2=right,
        y2=y,
        class_=f"curve c{every.index(name) % 5}",
        stroke_dasharray=DASHES[lines.index(name) % len(DASHES)],
    )


def _text_cut_to(x: float, y: float, words: str, room: float, class_: str) -> Markup:
    """Text cut at ``room`` pixels; where it was cut, the whole is its title."""
    columns = int(room / 7.2)
    shown = svg.text(x, y, words, class_=class_, columns=columns)
    cut = shorten(words, columns) != shorten(words, len(words) * 2)
    return svg.element("g", svg.element("title", words), shown) if cut else shown


def _line_class(index: int) -> str:
    return f"curve c{index % 5}" + (" again" if index >= len(svg.SERIES) else "")


def _panel(
    data: Mapping[str, Any], panel: str, series: Sequence[str], place: tuple[float, float, float]
) -> Markup:
    left, top, side = place
    rows = [row for row in data["rows"] if str(row["panel"]) == panel]
    points = [p for p in _points(data) if str(p["panel"]) == panel]
    dodge = min(DODGE, SPREAD / len(series))
    room = dodge * len(series) / 2 + 6
    values = tuple(sorted({float(row["x"]) for row in (*rows, *points)}))
    end = left + side - max(room, tick_width(values[-1]) / 2)
    x = Axis(values, str(data.get("x_scale") or "linear"), left + room, end)
    y = svg.Scale(*_reach(data, panel), top + HEIGHT, top)
    parts = [_text_cut_to(left, top - 10, panel, side, "head")]
    marks = y.ticks(4)
    for value in marks:
        words = svg.tick_text(value, marks)
        parts.append(svg.line(left, y(value), left + side, y(value), "grid"))
        parts.append(svg.text(left - 6, y(value) + 4, words, at="end", class_="tick"))
    parts.append(_foot(x, top + HEIGHT, left, side, str(data.get("x_axis") or "")))
    if data.get("reference") is not None:
        at = y(float(data["reference"]))
        parts.append(svg.line(left, at, left + side, at, "reference"))
    for level in (one for one in data.get("lines") or () if str(one["panel"]) == panel):
        name, at = str(level["series"]), y(float(level["y"]))
        words = f"{name}: {number(float(level['y']))}"
        parts.append(_level(name, _line_names(data), series, (left, left + side, at), words))
    size = float(data.get("point_size") or 1.7)
    shown = [name for name in series if any(str(row["series"]) == name for row in rows)]
    for name in shown:
        shift = (shown.index(name) - (len(shown) - 1) / 2) * dodge
        index = series.index(name)
        dots = [p for p in points if str(p["series"]) == name]
        parts += [
            svg.mark(x(p["x"]) + shift + dodge / 2, y(p["y"]), "circle", f"p{index % 5}", size)
            for p in dots
        ]
        line = sorted((r for r in rows if str(r["series"]) == name), key=lambda r: float(r["x"]))
        parts.append(_series(line, x, y, shift, index))
    return Markup("").join(parts)


def _foot(x: Axis, bottom: float, left: float, side: float, title: str) -> Markup:
    parts = [svg.line(left, bottom, left + side, bottom, "foot")]
    for value in x.ticks():
        parts.append(svg.text(x(value), bottom + 16, tick_words(value), at="middle", class_="tick"))
    if x.broken:
        at = (x(x.values[0]) + x(x.values[1])) / 2
        for shift in (-2.0, 2.0):
            parts.append(svg.line(at + shift - 2, bottom + 5, at + shift + 2, bottom - 5, "zero"))
    room = int(side / 7.2)
    at = left + side / 2
    parts.append(svg.text(at, bottom + 34, title, at="middle", class_="tick", columns=room))
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
    """Lowest and highest y of a panel, or of all, with nothing that is not an interval cut."""
    alone = bool(data.get("own_scale"))

    def here(key: str) -> list[Mapping[str, Any]]:
        some = _points(data) if key == "points" else data.get(key) or ()
        return [one for one in some if not alone or str(one["panel"]) == panel]

    held = [r["estimate"] for r in here("rows") if r.get("estimate") is not None]
    held += [one["y"] for key in ("points", "lines") for one in here(key)]
    held += [data["reference"]] if data.get("reference") is not None else []
    ends = [r[key] for r in here("rows") for key in ("lower", "upper") if r.get(key) is not None]
    low, high = data.get("minimum"), data.get("maximum")
    lows = [*held, *ends] if low is None else [*held, low]
    highs = [*held, *ends] if high is None else [*held, high]
    least, most = float(min(lows, default=0.0)), float(max(highs, default=1.0))
    return least, most if most > least else least + 1.0


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """One row per panel, series and number, then one per line."""
    rows: list[list[Any]] = [
        [str(row["panel"]), str(row["series"]), _plain(row["x"]), figure_cell(row)]
        for row in data["rows"]
    ]
    anywhere = {"value": None, "reason": "a line: the same everywhere"}
    rows += [
        [str(line["panel"]), str(line["series"]), anywhere, float(line["y"])]
        for line in data.get("lines") or ()
    ]
    points = _points(data)
    notes = [f"The {len(points)} single points of the picture are not listed."] if points else []
    if data.get("reference") is not None:
        notes.append(f"Dotted line: {number(float(data['reference']))}.")
    x_axis, y_axis = str(data.get("x_axis") or "x"), str(data.get("y_axis") or "estimate")
    return ["panel", "series", x_axis, y_axis], rows, notes


def _plain(x: float) -> float | int:
    return int(x) if float(x).is_integer() else float(x)
