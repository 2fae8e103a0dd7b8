"""The few SVG parts that every figure is made of. Text is escaped where it enters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from measurand.reporting.text import clean, number, one_line, shorten, width_of

FONT = 12.0
"""Size of all text in a figure, in pixels at natural width."""

SERIES = ("circle", "square", "diamond", "triangle", "ring")
"""Marks by which series differ, besides colour."""


_CORNERS: dict[str, list[tuple[float, float]]] = {
    "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
    "diamond": [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
    "triangle": [(0, -1.2), (1.15, 0.9), (-1.15, 0.9)],
    "left": [(-1.4, 0), (0.6, -1), (0.6, 1)],
    "right": [(1.4, 0), (-0.6, -1), (-0.6, 1)],
}


FINE = 8
"""Points of a line up to which coordinates have two decimals."""


def element(tag: str, *children: str, **attributes: str | float | None) -> Markup:
    """One element; plain strings are escaped, ``class_`` and ``a_b`` become ``class`` and ``a-b``.

    Numbers are written with at most two decimals: a hundredth of a pixel, equal on every machine.
    """
    parts = [
        Markup(' {}="{}"').format(
            Markup(name.rstrip("_").replace("_", "-")),
            clean(value) if isinstance(value, str) else px(value),
        )
        for name, value in attributes.items()
        if value is not None
    ]
    inner = Markup("").join(c if isinstance(c, Markup) else escape(clean(c)) for c in children)
    opening = Markup("<") + Markup(tag) + Markup("").join(parts)
    return opening + (Markup(">") + inner + Markup(f"</{tag}>") if inner else Markup("/>"))


def px(value: float) -> str:
    """A coordinate: at most two decimals, no trailing zeros, no minus zero."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _tenth(value: float) -> str:
    return f"{round(value, 1) + 0.0:.1f}".rstrip("0").rstrip(".")


def text(
    x: float, y: float, words: str, *, at: str = "start", class_: str = "", columns: int = 60
) -> Markup:
    """One line of text, cut at ``columns``; ``at`` is start, middle or end."""
    return element(
        "text",
        shorten(str(words), columns) or " ",
        x=x,
        y=y,
        text_anchor=None if at == "start" else at,
        class_=class_ or None,
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def path(points: list[tuple[float, float]], class_: str, *, closed: bool = False) -> Markup:
    """A line through points, in order; of many points to a tenth of a pixel, which nobody sees."""
    show = px if len(points) <= FINE else _tenth
    steps = "L".join(f"{show(x)} {show(y)}" for x, y in points)
    return element("path", d=f"M{steps}" + ("Z" if closed else ""), class_=class_)


def mark(x: float, y: float, shape: str, class_: str, size: float = 4.0) -> Markup:
    """A mark centred at a point: circle, ring, square, diamond, triangle, left or right."""
    if shape in ("circle", "ring"):
        return element("circle", cx=x, cy=y, r=size, class_=f"{class_} {shape}")
    s = size
    return path([(x + s * dx, y + s * dy) for dx, dy in _CORNERS[shape]], class_, closed=True)


def columns_apart(labels: list[str], least: int) -> int:
    """Columns at which to cut labels, at least ``least``, so that no two of them read the same."""
    whole = {one_line(str(label)) for label in labels}
    most = max(map(width_of, whole), default=0)
    cuts = range(least, max(most, least), 4)
    return next(
        (n for n in cuts if len({shorten(w, n) for w in whole}) == len(whole)), max(most, least)
    )


def label_width(labels: list[str], columns: int = 28) -> float:
    """Pixels that the longest label takes, cut at ``columns``, in any common font."""
    return (
        max((min(width_of(clean(str(label))), columns) for label in labels), default=0) * FONT * 0.6
    )


@dataclass(frozen=True)
class Scale:
    """A straight map from data to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Pixel of a value, held inside the plot."""
        span = (self.high - self.low) or 1.0
        share = (min(max(value, self.low), self.high) - self.low) / span
        return self.start + share * (self.end - self.start)

    def ticks(self, wanted: int = 5) -> list[float]:
        """Round numbers inside the range, about ``wanted`` of them."""
        return ticks(self.low, self.high, wanted)


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten in ``[low, high]``."""
    if not high > low:
        return [low]
    raw = (high - low) / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)]


def tick_text(value: float, marks: list[float]) -> str:
    """A tick's label, with as many decimals as the step needs."""
    step = min((b - a for a, b in pairwise(marks)), default=1.0)
    places = next((d for d in range(6) if abs(round(step, d) - step) < 1e-9), 6)
    return number(round(value)) if places == 0 else number(value + 0.0, places)


def x_axis(scale: Scale, top: float, bottom: float, title: str, wanted: int = 5) -> Markup:
    """Grid lines, tick labels and a title under the plot."""
    marks = scale.ticks(wanted)
    parts = [line(scale(v), top, scale(v), bottom, "grid") for v in marks]
    parts += [
        text(scale(v), bottom + 16, tick_text(v, marks), at="middle", class_="tick") for v in marks
    ]
    middle = (scale.start + scale.end) / 2
    parts.append(text(middle, bottom + 34, title, at="middle", class_="tick"))
    return Markup("").join(parts)


def frame(uid: str, title: str, description: str, size: tuple[float, float], body: str) -> Markup:
    """The picture: named and described for screen readers, scaled by its container."""
    width, height = size
    return element(
        "svg",
        element("title", title or " ", id=f"{uid}-title"),
        element("desc", description or " ", id=f"{uid}-desc"),
        Markup(body),
        viewBox=f"0 0 {px(width)} {px(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{uid}-title",
        aria_describedby=f"{uid}-desc",
        class_="plot",
    )


def empty(reason: str, width: float) -> tuple[tuple[float, float], Markup]:
    """A panel that says why there is nothing to see."""
    box = element("rect", x=0.5, y=0.5, width=width - 1, height=79, rx=4, class_="void")
    room = int(width / 7.2) - 4
    words = text(
        width / 2, 44, f"No data: {reason}", at="middle", class_="void-words", columns=room
    )
    return (width, 80), box + words


def keys(entries: list[tuple[str, Markup]], width: float) -> tuple[Markup, float]:
    """A legend: swatches (drawn about the origin) with names, wrapped; and the pixel below."""
    if not entries:
        return Markup(""), 4.0
    parts = []
    x, y = 0.0, 13.0
    for name, swatch in entries:
        room = 24 + label_width([name], 40) + 14
        if x and x + room > width:
            x, y = 0.0, y + 19
        parts.append(element("g", swatch, transform=f"translate({px(x)} {px(y)})"))
        parts.append(text(x + 23, y, name, class_="tick", columns=40))
        x += room
    return Markup("").join(parts), y + 14


def series_keys(names: list[str], width: float) -> tuple[Markup, float]:
    """A legend of marks, where there is more than one series."""
    marks = [(name, mark(8, -4, SERIES[i % 5], f"s{i % 5}")) for i, name in enumerate(names)]
    return keys(marks if len(names) > 1 else [], width)
