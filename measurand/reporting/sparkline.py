"""A line as small as a word: one figure over a few states, its interval as a band behind it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup

from measurand.reporting import svg
from measurand.reporting.text import DASH, common_decimals, number

WIDTH, HEIGHT, PAD = 112.0, 26.0, 4.0
NO_BREAK = "\u00a0"

Point = Sequence[float | None] | None
"""Estimate, lower, upper; None where the figure was not there."""


def draw(points: Sequence[Point], words: str) -> Markup:
    """The line from left to right, the last state as a dot; a gap where there was no figure.

    Args:
        points: the states, oldest first; at least one is a figure.
        words: the same in words, for who does not see it.
    """
    known = [v for p in points if p is not None for v in p if v is not None]
    y = svg.Scale(min(known), max(known), HEIGHT - PAD, PAD)
    if y.low == y.high:
        y = svg.Scale(y.low - 1, y.high + 1, HEIGHT - PAD, PAD)
    x = svg.Scale(0, max(len(points) - 1, 1), PAD, WIDTH - PAD)
    parts: list[Markup] = []
    for there, run in groupby(enumerate(points), key=lambda pair: pair[1] is not None):
        if there:
            parts += _run([(x(i), p) for i, p in run if p is not None], y)
    last = points[-1]
    if last is not None and last[0] is not None:
        parts.append(svg.mark(x(len(points) - 1), y(last[0]), "circle", "s0", 2.6))
    return svg.element(
        "svg",
        svg.element("title", words or " "),
        *parts,
        viewBox=f"0 0 {svg.px(WIDTH)} {svg.px(HEIGHT)}",
        width=WIDTH,
        height=HEIGHT,
        role="img",
        class_="plot trend",
    )


def _run(points: Sequence[tuple[float, Sequence[float | None]]], y: svg.Scale) -> list[Markup]:
    """States without a gap: a band over those with an interval, a line; a dot for one alone."""
    line = [(x, y(p[0])) for x, p in points if p[0] is not None]
    ends = [(x, y(p[1]), y(p[2])) for x, p in points if p[1] is not None and p[2] is not None]
    parts = []
    if len(ends) == len(points) > 1:
        edge = [(x, upper) for x, _, upper in ends] + [(x, lower) for x, lower, _ in ends[::-1]]
        parts.append(svg.path(edge, "spread", closed=True))
    if len(line) > 1:
        parts.append(svg.path(line, "curve c0"))
    else:
        parts.append(svg.mark(*line[0], "circle", "s0", 1.6))
    return parts


def in_words(points: Sequence[Point]) -> str:
    """``0.61 → 0.72 (4 revisions)``, to be broken before the bracket only."""
    figures = [{"estimate": None} if p is None else {"estimate": p[0]} for p in points]
    places = common_decimals(figures)
    first, last = (f["estimate"] for f in (figures[0], figures[-1]))
    ends = f"{NO_BREAK}→{NO_BREAK}".join(
        DASH if v is None else number(v, places) for v in (first, last)
    )
    return f"{ends} ({len(points)}{NO_BREAK}revisions)"
