from __future__ import annotations

from xml.etree import ElementTree

from measurand.reporting.document import Figure
from measurand.reporting.figures import draw, ridges, twin

CELLS = [
    {"prompted": p, "measured": m, "level": level, "values": [level / 2, level / 2 + 0.5, 3.0]}
    for p in ("E", "A")
    for m in ("E", "A")
    for level in range(9, 0, -1)
]
DATA = {"cells": CELLS, "minimum": 1, "maximum": 5, "axis": "score"}


def paths(data: dict[str, object], class_: str) -> list[ElementTree.Element]:
    svg = ElementTree.fromstring(draw(Figure("ridges", "t", "d", data), "u"))
    return [n for n in svg.iter("path") if n.get("class") == class_]


def test_one_ridge_a_level_and_one_line_of_medians_a_cell() -> None:
    assert len(paths(DATA, "ridge own")) == len(paths(DATA, "ridge other")) == 18
    assert len(paths(DATA, "median")) == 4
    assert paths(DATA, "median")[0].get("d", "").count("L") == 8


def test_levels_are_sorted_and_traits_keep_their_order() -> None:
    assert ridges.axes(DATA) == (["E", "A"], ["E", "A"], list(range(1, 10)))


def test_constant_and_missing_scores_are_drawn_as_what_they_are() -> None:
    some = [
        {"prompted": "E", "measured": "E", "level": 1, "values": [3.0] * 50},
        {"prompted": "E", "measured": "E", "level": 2, "values": []},
    ]
    assert len(paths({**DATA, "cells": some}, "ridge own")) == 1
    table = twin(Figure("ridges", "t", "d", {**DATA, "cells": some}))
    assert table.rows == [["E", "E", 3.0, {"value": None, "reason": "no score"}]]
    assert table.notes == ["Medians of 0 to 50 scores each."]
