from __future__ import annotations

from typing import Any

from measurand.reporting.condense import condense, nothing
from measurand.reporting.document import Table


def none(reason: str = "never varies") -> dict[str, Any]:
    return {"value": None, "reason": reason}


def test_a_table_without_any_figure_is_one_sentence() -> None:
    table = Table("Alpha", ("scale", "alpha", "n"), [["E", none(), 10], ["A", none("other"), 10]])
    assert nothing(table) == "Alpha: none of 2 rows is defined (never varies; other)."
    assert condense(table) is table


def test_a_figure_words_or_no_figure_at_all_keep_a_table() -> None:
    assert nothing(Table("t", ("a", "b"), [["E", none()], ["A", 0.5]])) == ""
    assert nothing(Table("t", ("a", "b", "c"), [["E", none(), "said"], ["A", none(), ""]])) == ""
    assert nothing(Table("t", ("a", "b"), [["E", {"text": "x"}], ["A", none()]])) == ""
    assert nothing(Table("t", ("a", "b"), [["E", 1], ["A", None]])) == ""
    assert nothing(Table("t", ("a", "b"), [])) == ""


def test_columns_that_are_nowhere_defined_become_a_note() -> None:
    rows = [[name, 0.5 + i, none()] for i, name in enumerate("EAC")]
    made = condense(Table("t", ("scale", "alpha", "omega"), rows, ("First.",)))
    assert list(made.columns) == ["scale", "alpha"]
    assert [list(row) for row in made.rows] == [["E", 0.5], ["A", 1.5], ["C", 2.5]]
    assert list(made.notes) == ["First.", "omega: nowhere defined (never varies)."]


def test_rows_that_hold_nothing_become_a_note_where_they_are_many() -> None:
    rows = [["E", 0.5], *([{"text": name, "detail": "m"}, none()] for name in "ACN")]
    made = condense(Table("t", ("scale", "alpha"), rows))
    assert [row[0] for row in made.rows] == ["E"]
    assert list(made.notes) == ["Not defined: A, m, C, m, N, m (never varies)."]
    few = Table("t", ("scale", "alpha"), rows[:3])
    assert [row[0] for row in condense(few).rows] == ["E", *(row[0] for row in rows[1:3])]


def test_only_the_commonest_reasons_are_named() -> None:
    rows = [[str(i), none(f"reason {i}")] for i in range(5)]
    assert nothing(Table("t", ("a", "b"), rows)).endswith(
        "(reason 0; reason 1; reason 2; 2 more reasons)."
    )
