"""Level medians: one panel per prompted trait, its own score drawn strongly, the others quietly.

``data``: ``rows``: list of ``{panel, series, level, estimate}`` with optional ``lower`` and
``upper`` (quartiles, drawn for the series that has the panel's name); ``axis``: title of the score;
``minimum``, ``maximum``; optional ``level_axis``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from measurand.reporting import svg
from measurand.reporting.figures.forest import figure_cell

HEIGHT, GAP = 132.0, 18.0


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size."""
    panels = list(dict.fromkeys(row["panel"] for row in data["rows"]))
    across = min(len(panels), max(int(width // 210), 1) if width >= 400 else 2)
    short = prefixes(list(dict.fromkeys(str(row["series"]) for row in data["rows"])))
    left = 22.0
    side = min((width - left - GAP * (across - 1)) / across, 260.0)
    parts = [svg.text(0, 12, str(data.get("axis") or ""), class_="tick", columns=90)]
    for i, panel in enumerate(panels):
        x = left + (i % across) * (side + GAP)
        y = 50 + (i // across) * (HEIGHT + 56)
        rows = [row for row in data["rows"] if row["panel"] == panel]
        parts.append(_panel(data, panel, rows, (x, y, side), short))
    down = -(-len(panels) // across)
    bottom = 50 + down * (HEIGHT + 56) - 56
    words = str(data.get("level_axis") or "level prompted")
    parts.append(svg.text(left, bottom + 34, words, class_="tick"))
    return (width, bottom + 42), Markup("").join(parts)


def _panel(
    data: Mapping[str, Any],
    panel: str,
    rows: list[dict[str, Any]],
    place: tuple[float, float, float],
    short: Mapping[str, str],
) -> Markup:
    left, top, side = place
    levels = sorted({row["level"] for row in rows})
    x = svg.Scale(min(levels), max(*levels, min(levels) + 1), left + 10, left + side - 20)
    y = svg.Scale(float(data["minimum"]), float(data["maximum"]), top + HEIGHT, top)
    parts = [svg.text(left + 4, top - 13, panel, class_="head", columns=int(side / 7.2))]
    marks = y.ticks(4)
    for value in marks:
        parts.append(svg.line(left + 4, y(value), left + side - 16, y(value), "grid"))
        parts.append(
            svg.text(left, y(value) + 4, svg.tick_text(value, marks), at="end", class_="tick")
        )
    for level in sorted({levels[0], levels[(len(levels) - 1) // 2], levels[-1]}):
        parts.append(svg.text(x(level), top + HEIGHT + 16, str(level), at="middle", class_="tick"))
    ends: list[tuple[float, str, bool]] = []
    names = sorted(dict.fromkeys(row["series"] for row in rows), key=lambda name: name == panel)
    for name in names:
        line = sorted((row for row in rows if row["series"] == name), key=lambda r: r["level"])
        parts.append(_series(line, x, y, own=name == panel))
        last = [row["estimate"] for row in line if row.get("estimate") is not None]
        if last:
            ends.append((y(last[-1]), short[name], name == panel))
    parts += [
        svg.text(x.end + 8, at + 4, word, class_="own-name" if own else "tick", columns=3)
        for at, word, own in apart(ends, 11.0)
    ]
    return Markup("").join(parts)


def _series(line: list[dict[str, Any]], x: svg.Scale, y: svg.Scale, *, own: bool) -> Markup:
    kept = [row for row in line if row.get("estimate") is not None]
    points = [(x(row["level"]), y(row["estimate"])) for row in kept]
    if not points:
        return Markup("")
    if not own:
        return svg.path(points, "trace other")
    boxed = [r for r in kept if r.get("lower") is not None and r.get("upper") is not None]
    outline = [(x(r["level"]), y(r["upper"])) for r in boxed]
    outline += [(x(r["level"]), y(r["lower"])) for r in reversed(boxed)]
    parts = [svg.path(outline, "spread", closed=True)] if len(boxed) > 1 else []
    parts.append(svg.path(points, "trace own"))
    parts += [svg.mark(px, py, "circle", "s0", 2.8) for px, py in points]
    return Markup("").join(parts)


def prefixes(names: list[str]) -> dict[str, str]:
    """The shortest beginning of each name that no other name shares: E, A, C, N, O."""
    short = {}
    for name in names:
        others = [other for other in names if other != name]
        size = next(
            (n for n in range(1, len(name)) if not any(o[:n] == name[:n] for o in others)),
            len(name),
        )
        short[name] = name[:size]
    return short


def apart(places: list[tuple[float, str, bool]], least: float) -> list[tuple[float, str, bool]]:
    """Labels moved so that neighbours are ``least`` pixels apart, around their own middle."""
    ordered = sorted(places)
    ys = [place[0] for place in ordered]
    for _ in range(50):
        for i in range(1, len(ys)):
            lack = least - (ys[i] - ys[i - 1])
            if lack > 0:
                ys[i - 1] -= lack / 2
                ys[i] += lack / 2
    return [(y, word, own) for y, (_, word, own) in zip(ys, ordered, strict=True)]


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """One line per panel and series, one column per level."""
    levels = sorted({row["level"] for row in data["rows"]})
    found = {(row["panel"], row["series"], row["level"]): row for row in data["rows"]}
    keys = list(dict.fromkeys((row["panel"], row["series"]) for row in data["rows"]))
    rows: list[list[Any]] = [
        [
            panel,
            series,
            *(
                {**figure_cell(found.get((panel, series, level), {})), "lower": None, "upper": None}
                for level in levels
            ),
        ]
        for panel, series in keys
    ]
    return ["prompted", "measured", *(f"level {level}" for level in levels)], rows, []
