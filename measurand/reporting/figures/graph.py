"""A small directed graph without circles: a program, an architecture.

``data``: ``rows``: list of ``{label, reads}`` in an order in which a node comes after all that it
reads; ``reads`` are numbers of rows. The last row is the output, and is drawn heavily.

A node stands one line below the lowest of what it reads, so that lines run downwards; where a node
reads several others, the first one's line is the heavier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from measurand.errors import InputError
from measurand.reporting import svg

LINE, HIGH, MOST = 54.0, 22.0, 22


def layers(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """The line on which each node stands, 0 at the top.

    Raises:
        InputError: a node reads itself, or one that comes after it.
    """
    found: list[int] = []
    for at, row in enumerate(rows):
        if any(not 0 <= other < at for other in row["reads"]):
            raise InputError(
                f"node {at} reads {list(row['reads'])}", hint="put a node after all that it reads"
            )
        found.append(1 + max((found[other] for other in row["reads"]), default=-1))
    return found


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size."""
    rows = data["rows"]
    lines = layers(rows)
    places: list[tuple[float, float]] = []
    for at, line in enumerate(lines):
        same = [other for other, its in enumerate(lines) if its == line]
        step = (width - 16) / len(same)
        places.append((8 + step * (same.index(at) + 0.5), 16 + LINE * line))
    parts = []
    for at, row in enumerate(rows):
        x, y = places[at]
        for slot, other in enumerate(row["reads"]):
            over, high = places[other]
            kind = "zero" if slot == 0 else "grid"
            parts.append(svg.line(over, high + HIGH / 2, x, y - HIGH / 2, kind))
    for at, (row, (x, y)) in enumerate(zip(rows, places, strict=True)):
        wide = svg.label_width([str(row["label"])], MOST) + 12
        kind = f"hill crest-box g{int(at == len(rows) - 1)}"
        parts.append(
            svg.element("rect", x=x - wide / 2, y=y - HIGH / 2, width=wide, height=HIGH, rx=4,
                        class_=kind)
        )  # fmt: skip
        parts.append(svg.text(x, y + 4, str(row["label"]), at="middle", columns=MOST))
    return (width, 16 + LINE * max(lines) + HIGH + 8), Markup("").join(parts)


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """Nodes and what they read, by number."""
    rows: list[list[Any]] = [
        [at + 1, str(row["label"]), ", ".join(str(other + 1) for other in row["reads"])]
        for at, row in enumerate(data["rows"])
    ]
    return ["node", "is", "reads"], rows, ["The last node is the output."]
