"""One module per kind of figure; its docstring describes the data that it draws.

Each has ``draw(data, width) -> (size, body)`` and ``twin(data) -> (columns, rows, notes)``: the
picture and the table that says the same in words. ``width`` is in pixels; below ``NARROW`` a figure
is laid out for a phone. Four kinds are grids that only exist wide and scroll in their own box.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from markupsafe import Markup

from measurand.errors import InputError
from measurand.reporting import svg
from measurand.reporting.document import Figure, Table
from measurand.reporting.figures import (
    bars,
    curves,
    densities,
    forest,
    frame_trace,
    graph,
    heatmap,
    histogram,
    levels,
    ridges,
    scenes,
    screens,
)
from measurand.reporting.worth import said

WIDE, PHONE = 720.0, 320.0
GRIDS = ("frame_trace", "ridges", "scenes", "screens")
SCROLLS = ("heatmap",)
"""Scroll where they are wider than the page; a phone has a picture of its own."""

_KINDS: dict[str, ModuleType] = {
    "bars": bars,
    "curves": curves,
    "densities": densities,
    "forest": forest,
    "frame_trace": frame_trace,
    "graph": graph,
    "heatmap": heatmap,
    "histogram": histogram,
    "levels": levels,
    "ridges": ridges,
    "scenes": scenes,
    "screens": screens,
}


def draw(figure: Figure, uid: str, width: float = WIDE) -> Markup:
    """The figure as one ``<svg>``; ``uid`` makes its ids unique in the page.

    Raises:
        InputError: the kind is unknown.
    """
    module = _module(figure)
    if is_empty(figure):
        size, body = svg.empty(why_empty(figure), width)
        words = f"{figure.description} No data: {why_empty(figure)}"
        return svg.frame(uid, figure.title, words, size, body)
    size, body = module.draw(figure.data, width)
    return svg.frame(uid, figure.title, figure.description, size, body)


def twin(figure: Figure) -> Table:
    """The data of a figure that is not empty, as a table."""
    columns, rows, notes = _module(figure).twin(figure.data)
    return Table(figure.title, columns, rows, [*notes, *said(figure.data)])


def is_empty(figure: Figure) -> bool:
    """Whether there is nothing to draw, or only rows without a figure."""
    if not any(figure.data.get(key) for key in ("rows", "values", "cells", "counts")):
        return True
    return bool(_undefined(figure)) and len(_undefined(figure)) == len(figure.data["rows"])


def why_empty(figure: Figure) -> str:
    """The reason in the data or in its rows, or the admission that there is none."""
    rows = Counter(str(row["reason"]) for row in _undefined(figure) if row.get("reason"))
    of_rows = next((reason for reason, _ in rows.most_common(1)), None)
    return str(figure.data.get("reason") or of_rows or "no reason was given")


def _undefined(figure: Figure) -> list[Mapping[str, Any]]:
    """Rows whose figure is null and that hold nothing else to be drawn."""
    if figure.data.get("points"):
        return []
    return [
        row
        for row in figure.data.get("rows") or ()
        if row.get("estimate", "") is None and not row.get("anchors")
    ]


def _module(figure: Figure) -> ModuleType:
    try:
        return _KINDS[figure.kind]
    except KeyError:
        raise InputError(
            f"unknown kind of figure {figure.kind!r}",
            hint=f"one of {', '.join(sorted(_KINDS))}",
            code="unknown_figure",
        ) from None
