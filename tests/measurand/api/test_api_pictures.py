from __future__ import annotations

import pytest

from measurand.api.pictures import first_screen, picture
from measurand.errors import InputError
from measurand.reporting.document import Document, Figure, Section, Table, Text

ROWS = [{"label": "m", "estimate": 0.5, "lower": 0.4, "upper": 0.6, "reason": None}]
FOREST = Figure("forest", "Forest", "Means.", {"rows": ROWS, "axis": "mean"})
BARS = Figure("histogram", "Bars", "Counts.", {"counts": [1], "edges": [0.0, 1.0], "axis": "x"})


def _page(*blocks: object) -> Document:
    return Document("Title", "about", None, (Section("Part", blocks),))  # type: ignore[arg-type]


def test_the_first_screen_has_one_table_and_one_picture() -> None:
    many = Table("First", ("name", "x"), tuple((f"row {i}", i) for i in range(50)))
    html = first_screen(
        _page(Text("before"), many, FOREST, Table("Second", ("a",), (("b",),)), BARS)
    )
    assert "before" in html
    assert html.count("<table") == 1
    assert html.count("<svg") == 1
    assert "row 19" in html
    assert "row 20" not in html


def test_a_picture_is_chosen_by_kind() -> None:
    page = _page(FOREST, BARS)
    assert str(picture(page)) != str(picture(page, "histogram"))
    with pytest.raises(InputError, match="no picture"):
        picture(_page(Text("words")))
