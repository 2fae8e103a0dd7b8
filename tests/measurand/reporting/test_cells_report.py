from __future__ import annotations

import pytest

from measurand.errors import InputError
from measurand.reporting.cells import lay_out
from measurand.reporting.document import Table


def test_equal_reasons_share_a_note_and_null_is_a_dash() -> None:
    table = Table(
        "c",
        ("row", "a", "b"),
        [
            ("x", {"value": None, "reason": "constant"}, {"estimate": None, "reason": "k = 1"}),
            ("y", {"value": None, "reason": "constant"}, None),
        ],
    )
    laid = lay_out(table)
    assert [[(c.text, c.note) for c in row[1:]] for row in laid.rows] == [
        [("—", "a"), ("—", "b")],
        [("—", "a"), ("—", "")],
    ]
    assert laid.reasons == (("a", "constant"), ("b", "k = 1"))


def test_notes_go_on_after_z() -> None:
    rows = [[str(i), {"value": None, "reason": f"reason {i}"}] for i in range(28)]
    letters = [letter for letter, _ in lay_out(Table("c", ("row", "v"), rows)).reasons]
    assert letters[25:] == ["z", "aa", "ab"]


def test_a_defined_figure_carries_no_note() -> None:
    laid = lay_out(Table("c", ("r", "v"), [("x", {"estimate": 0.5, "reason": "left over"})]))
    assert laid.rows[0][1].text == "0.5"
    assert laid.reasons == ()


def test_columns_are_numeric_only_where_every_cell_is() -> None:
    table = Table(
        "c",
        ("row", "count", "figure", "mixed", "flag", "state", "nothing"),
        [
            (
                "x",
                3,
                {"estimate": 1.0, "lower": 0.9, "upper": 1.1},
                1,
                True,
                {"state": "pass"},
                None,
            ),
            ("y", None, 2.0, "a", False, {"state": "odd"}, ""),
        ],
    )
    laid = lay_out(table)
    assert laid.numeric == (False, True, True, False, False, False, False)
    assert [cell.text for cell in laid.rows[0]][1:6] == [
        "3",
        "1.00 [0.90, 1.10]",
        "1",
        "yes",
        "pass",
    ]
    assert laid.rows[1][2].text == "2.00"
    assert (laid.rows[1][5].text, laid.rows[1][5].state) == ("odd", "")


def test_links_lead_to_reports_below_and_nowhere_else() -> None:
    def laid(link: str) -> str:
        return lay_out(Table("c", ("r",), [({"text": "x", "link": link},)])).rows[0][0].link

    assert laid("toy/report") == "toy/report"
    for link in ("javascript:alert(1)", "//host/x", "/etc", "../x", "a/../b", "http://x", "a b"):
        with pytest.raises(InputError, match="link"):
            laid(link)


def test_a_trend_is_drawn_from_its_states_and_said_in_words() -> None:
    cell = {"trend": [None, [1.0, 0.5, 1.5]], "text": "— → 1"}
    laid = lay_out(Table("c", ("r", "t"), [("x", cell)]))
    assert laid.rows[0][1].trend == (None, [1.0, 0.5, 1.5])
    assert laid.rows[0][1].text == "— → 1"
    assert laid.numeric == (False, False)
