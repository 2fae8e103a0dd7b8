"""Places seen from above, one after another: lines of the ground, boxes that move on it.

``data``: ``rows``: list of ``{caption, words, side, alarm, lines, boxes, lights}``. ``caption`` is
short, ``words`` say what is seen. Places are metres from the middle of the picture, x to the right
and y up; the picture is ``side`` metres wide and high. ``lines``: ``[kind, "x,y x,y ..."]`` with a
kind of :data:`LINES`, the points in one text, since a page of lists of numbers is mostly blanks;
``boxes``: ``[kind, x, y, radians, length, width]`` with a kind of :data:`BOXES`; ``lights``:
``[state, x, y]`` with one of :data:`LIGHTS`. ``alarm`` draws a border.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from measurand.reporting import svg

SIDE, GAP, FOOT = 176.0, 14.0, 34.0
LINES = ("edge", "lane", "route", "trail")
BOXES = ("own", "other", "hit")
"""``own`` is the one that the picture is about; ``hit`` is what it touches."""
LIGHTS = ("red", "yellow", "green")


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size."""
    rows = data["rows"]
    parts = []
    for i, row in enumerate(rows):
        x = i * (SIDE + GAP)
        parts.append(_panel(row, x))
        parts.append(svg.text(x, SIDE + 20, row["caption"], columns=int(SIDE / 6.6)))
    across = len(rows) * (SIDE + GAP) - GAP
    return (max(across, width / 2), SIDE + FOOT), Markup("").join(parts)


def points(line: str) -> list[tuple[float, float]]:
    """Points of a line.

    >>> points("0,1 2.5,-3")
    [(0.0, 1.0), (2.5, -3.0)]
    """
    pairs = (pair.partition(",") for pair in line.split())
    return [(float(x), float(y)) for x, _, y in pairs]


def _panel(row: Mapping[str, Any], x: float) -> Markup:
    scale = SIDE / float(row["side"])

    def place(point: Sequence[float]) -> tuple[float, float]:
        return SIDE / 2 + scale * point[0], SIDE / 2 - scale * point[1]

    parts = [svg.element("rect", x=0.0, y=0.0, width=SIDE, height=SIDE, class_="scene-ground")]
    parts += [
        svg.path([place(p) for p in points(line)], f"scene-{kind}") for kind, line in row["lines"]
    ]
    for state, *point in row["lights"]:
        u, v = place(point)
        parts.append(svg.element("circle", cx=u, cy=v, r=3.5, class_=f"scene-{state}"))
    for kind, u, v, yaw, length, width in row["boxes"]:
        parts.append(box(kind, *place((u, v)), yaw, length, width, scale))
    inner = svg.element(
        "svg", Markup("").join(parts), x=x, y=0.0, width=SIDE, height=SIDE,
        viewBox=f"0 0 {svg.px(SIDE)} {svg.px(SIDE)}",
    )  # fmt: skip
    border = "scene-alarm" if row["alarm"] else "scene-border"
    return inner + svg.element(
        "rect", x=x + 0.75, y=0.75, width=SIDE - 1.5, height=SIDE - 1.5, class_=border
    )


def box(
    kind: str, x: float, y: float, yaw: float, length: float, width: float, scale: float
) -> Markup:
    """A box at a place in pixels; the own one has a line across its front."""
    wide, high = max(length * scale, 2.0), max(width * scale, 2.0)
    parts = [
        svg.element("rect", x=-wide / 2, y=-high / 2, width=wide, height=high, class_="scene-box")
    ]
    if kind != "other":
        parts.append(svg.line(wide * 0.22, -high / 2, wide * 0.22, high / 2, "scene-front"))
    turn = f"translate({svg.px(x)} {svg.px(y)}) rotate({svg.px(-math.degrees(yaw))})"
    return svg.element("g", *parts, transform=turn, class_=f"scene-{kind}")


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """One line a picture, in words."""
    rows: list[list[Any]] = [[r["caption"], r["words"]] for r in data["rows"]]
    return ["when", "what is seen"], rows, []
