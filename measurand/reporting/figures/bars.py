"""Bars from zero with intervals, the sign that theory expects, and anchors from elsewhere.

``data``: ``rows``: list of ``{label, estimate, lower, upper}`` and, where they apply, ``n``
(independent units), ``group``, ``expected`` (1, -1 or null), ``anchors`` (``{name: value}``: the
same figure in people, in another model) and ``reason`` (of a null); ``axis``; optional
``minimum``, ``maximum`` (-1 and 1 if left out).

A bar is filled where the whole interval has the expected sign, dashed where all of it has the other
one, and hollow where the interval holds zero or the sample is too small to tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from measurand.reporting import svg
from measurand.reporting.evidence import evidence
from measurand.reporting.figures.forest import NARROW, figure_cell
from measurand.reporting.text import common_decimals, interval

LINE, HEADING = 22.0, 28.0
_WORDS = {"filled": "as expected", "hollow": "undecided", "dashed": "opposite", "free": ""}
_ANCHORS = ("diamond", "triangle", "square", "ring")


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size."""
    rows = data["rows"]
    narrow = width < NARROW
    columns = 17 if narrow else 28
    left = svg.label_width([row["label"] for row in rows], columns) + 34
    low, high = data.get("minimum"), data.get("maximum")
    scale = svg.Scale(
        -1.0 if low is None else float(low),
        1.0 if high is None else float(high),
        left,
        width - (10 if narrow else 150),
    )
    names = _anchor_names(data)
    keys, top = _legend(data, names, width)
    parts: list[Markup] = []
    places = common_decimals(rows)
    y, group = top, ""
    for row in rows:
        if row.get("group") and row["group"] != group:
            group = row["group"]
            y += HEADING
            parts.append(svg.text(0, y - 7, group, class_="head", columns=columns + 10))
        y += LINE
        parts.append(_row(row, scale, y - LINE / 2, names, columns))
        if not narrow and row.get("estimate") is not None:
            parts.append(svg.text(width, y - 7, interval(row, places), at="end", class_="num"))
    bottom = y + 6
    axis = svg.x_axis(scale, top, bottom, str(data.get("axis") or ""), 4)
    zero = svg.line(scale(0), top, scale(0), bottom, "zero")
    return (width, bottom + 44), keys + axis + zero + Markup("").join(parts)


def _row(
    row: Mapping[str, Any], scale: svg.Scale, y: float, names: list[str], columns: int
) -> Markup:
    parts = [svg.text(scale.start - 32, y + 4, row["label"], at="end", columns=columns)]
    sign = {1: "+", -1: "−"}.get(row.get("expected") or 0, "")
    parts.append(svg.text(scale.start - 18, y + 4, sign, at="middle", class_="sign"))
    value = row.get("estimate")
    if value is None:
        words = "— " + str(row.get("reason") or "undefined")
        room = int((scale.end - scale.start) / 7)
        return Markup("").join(parts) + svg.text(
            scale.start + 6, y + 4, words, class_="tick reason", columns=room
        )
    x = sorted((scale(0), scale(value)))
    parts.append(
        svg.element(
            "rect", x=x[0], y=y - 6, width=x[1] - x[0], height=12, class_=f"bar {outcome(row)}"
        )
    )
    lower, upper = row.get("lower"), row.get("upper")
    if lower is not None and upper is not None:
        parts.append(svg.line(scale(lower), y, scale(upper), y, "whisker ink"))
    for name, anchor in (row.get("anchors") or {}).items():
        if anchor is not None:
            shape = _ANCHORS[names.index(name) % len(_ANCHORS)]
            parts.append(svg.mark(scale(anchor), y, shape, "anchor", 4.4))
    return Markup("").join(parts)


def outcome(row: Mapping[str, Any]) -> str:
    """filled, hollow, dashed or free (no sign was expected)."""
    sign, value = row.get("expected") or 0, row.get("estimate")
    if not sign or value is None:
        return "free"
    found = evidence(value, row.get("lower"), row.get("upper"), row.get("n"))
    if found not in ("above", "below"):
        return "hollow"
    return "filled" if (found == "above") == (sign > 0) else "dashed"


def _anchor_names(data: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(name for row in data["rows"] for name in row.get("anchors") or {}))


def _legend(data: Mapping[str, Any], names: list[str], width: float) -> tuple[Markup, float]:
    """What bars and marks mean, and the pixel below."""
    used = {outcome(row) for row in data["rows"] if row.get("estimate") is not None}
    keys: list[tuple[str, Markup]] = []
    for kind, words in _WORDS.items():
        if kind in used and words:
            box = svg.element("rect", x=0, y=-9, width=16, height=10, class_=f"bar {kind}")
            keys.append((f"sign {words}", box))
    for i, name in enumerate(names):
        keys.append((name, svg.mark(8, -4, _ANCHORS[i % len(_ANCHORS)], "anchor", 4.4)))
    return svg.keys(keys, width)


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """One line per bar."""
    names = _anchor_names(data)
    grouped = any(row.get("group") for row in data["rows"])
    columns = ["row", *(["group"] if grouped else []), str(data.get("axis") or "estimate")]
    rows: list[list[Any]] = []
    for row in data["rows"]:
        kind = outcome(row)
        sign = {1: "+", -1: "−"}.get(row.get("expected") or 0, "none")
        anchors = row.get("anchors") or {}
        rows.append(
            [
                row["label"],
                *([row.get("group") or ""] if grouped else []),
                figure_cell(row),
                sign,
                _WORDS[kind] or "—",
                *(anchors.get(name) for name in names),
            ]
        )
    return [*columns, "expected sign", "found", *names], rows, []
