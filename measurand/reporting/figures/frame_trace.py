"""Frames of a video in rows, with a trace under them: a figure against what was shown.

``data``: ``rows``: list of ``{label, estimate, met}``, one a column: what the trace shows, and
whether its target was met; ``strips``: list of ``{name, pictures}``, one picture a column as text
of one :data:`ALPHABET` sign a pixel, row by row; ``side``: pixels of a picture's side; ``palette``:
colours ``#rrggbb`` by the sign's place; ``axis``: what the trace shows; ``maximum``: its top.

Pictures are drawn as runs of equal pixels, so that a page needs no image and its policy none. A bar
is filled where the target was met and dashed where it was not.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from measurand.errors import InputError
from measurand.reporting import svg
from measurand.reporting.text import number

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"
"""The sign of each colour of the palette."""
LEFT, GAP, TRACE = 92.0, 3.0, 84.0


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size; as many columns as fit ``width`` at their natural size, or smaller.

    Raises:
        InputError: a strip has another number of pictures than there are columns, a picture
            another number of pixels, or a colour is none.
    """
    rows, strips = data["rows"], data["strips"]
    _check(data)
    cell = min((width - LEFT) / len(rows), 64.0)
    parts: list[Markup] = []
    y = 0.0
    for strip in strips:
        middle = y + (cell - GAP) / 2 + 4
        parts.append(svg.text(LEFT - 8, middle, strip["name"], at="end", columns=14))
        for i, picture in enumerate(strip["pictures"]):
            parts.append(_picture(picture, data, (LEFT + i * cell, y, cell - GAP)))
        y += cell
    scale = svg.Scale(0.0, float(data["maximum"]), y + TRACE, y + 18)
    for value in (0.0, float(data["maximum"])):
        parts.append(svg.line(LEFT, scale(value), LEFT + len(rows) * cell, scale(value), "grid"))
        parts.append(
            svg.text(LEFT - 8, scale(value) + 4, number(value), at="end", class_="tick")
        )  # fmt: skip
    words = str(data.get("axis") or "")
    parts.append(svg.text(LEFT - 8, y + TRACE / 2 + 14, words, at="end", columns=14))
    for i, row in enumerate(rows):
        parts.append(_bar(row, scale, LEFT + i * cell, cell - GAP))
    bottom = y + TRACE + 18
    return (LEFT + len(rows) * cell, bottom), Markup("").join(parts)


def _check(data: Mapping[str, Any]) -> None:
    pixels = int(data["side"]) ** 2
    known = set(ALPHABET[: len(data["palette"])])
    for strip in data["strips"]:
        if len(strip["pictures"]) != len(data["rows"]):
            raise InputError(f"strip {strip['name']!r} has not one picture a column")
        if any(len(p) != pixels or not set(p) <= known for p in strip["pictures"]):
            raise InputError(f"strip {strip['name']!r}: a picture of other pixels than declared")
    if not all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in data["palette"]):
        raise InputError("a colour is not #rrggbb")


def _picture(text: str, data: Mapping[str, Any], place: tuple[float, float, float]) -> Markup:
    side, (x, y, size) = int(data["side"]), place
    colours = dict(zip(ALPHABET, data["palette"], strict=False))
    ground = Counter(text).most_common(1)[0][0]
    runs: dict[str, list[str]] = defaultdict(list)
    for top in range(side):
        for found in re.finditer(r"(.)\1*", text[top * side : (top + 1) * side]):
            if found[1] != ground:
                runs[found[1]].append(f"M{found.start()} {top}h{len(found[0])}")
    field = svg.element("rect", x=0, y=-0.5, width=side, height=side, fill=colours[ground])
    lines = [
        svg.element("path", d="".join(steps), stroke=colours[sign], fill="none")
        for sign, steps in sorted(runs.items())
    ]
    ratio = f"{size / side:.4f}"
    move = f"translate({svg.px(x)} {svg.px(y)}) scale({ratio}) translate(0 .5)"
    return svg.element("g", field, *lines, transform=move, shape_rendering="crispEdges")


def _bar(row: Mapping[str, Any], scale: svg.Scale, x: float, width: float) -> Markup:
    middle, foot = x + width / 2, scale(0.0)
    label = svg.text(middle, foot + 15, row["label"], at="middle", class_="tick", columns=9)
    value = row.get("estimate")
    if value is None:
        return label
    top = scale(float(value))
    kind = "filled" if row.get("met") else "dashed"
    bar = svg.element(
        "rect", x=x + 2, y=top, width=width - 4, height=foot - top, class_=f"bar {kind}"
    )
    words = svg.text(middle, top - 4, number(float(value), 0), at="middle", class_="num")
    return label + bar + words


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """One line per column; the pictures are for eyes."""
    rows: list[list[Any]] = [
        [str(row["label"]), row.get("estimate"), "yes" if row.get("met") else "no"]
        for row in data["rows"]
    ]
    names: Sequence[str] = [str(strip["name"]) for strip in data["strips"]]
    notes = [f"Pictures: {', '.join(names)}; one a column, {data['side']} pixels a side."]
    return ["column", str(data.get("axis") or "estimate"), "target met"], rows, notes
