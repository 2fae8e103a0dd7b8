from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from measurand.errors import InputError
from measurand.responses import Responses, read_file

openpyxl = pytest.importorskip("openpyxl")
ROWS = [["id", "a"], ["p1", 1], ["p2", 0], ["p3", 1]]


def workbook(folder: Path, change: Callable[[Any, Any], None]) -> Responses:
    """The table of a workbook whose first sheet, ``one``, holds ``ROWS`` and was then changed."""
    book = openpyxl.Workbook()
    book.active.title = "one"
    for row in ROWS:
        book.active.append(row)
    change(book, book.active)
    book.save(folder / "t.xlsx")
    return read_file(folder / "t.xlsx")


def sheet(book: Any, *rows: list[Any]) -> None:
    made = book.create_sheet("two")
    for row in rows:
        made.append(row)


def test_a_hidden_sheet_is_not_the_table(tmp_path: Path) -> None:
    def change(book: Any, first: Any) -> None:
        sheet(book, ["id", "a"], ["q1", 1], ["q2", 1])
        first.sheet_state = "hidden"

    found = workbook(tmp_path, change)
    assert found.ids("id") == ["q1", "q2"]
    assert found.understood[0] == "t.xlsx: sheet 'two' of 2 is read (--sheet)."


@pytest.mark.parametrize("left", [0, 1])
def test_a_sheet_without_rows_is_not_the_table(tmp_path: Path, left: int) -> None:
    def change(book: Any, first: Any) -> None:
        first.delete_rows(1 + left, 10)
        sheet(book, ["id", "a"], ["q1", 1], ["q2", 1])

    assert workbook(tmp_path, change).ids("id") == ["q1", "q2"]


def test_rows_that_are_hidden_count_and_are_said(tmp_path: Path) -> None:
    def change(_: Any, first: Any) -> None:
        for row in (2, 4):
            first.row_dimensions[row].hidden = True
        first.column_dimensions["B"].hidden = True

    found = workbook(tmp_path, change)
    assert found.n_rows == 3
    assert "2 rows of sheet 'one' are hidden" in found.understood[0]


def test_a_workbook_of_empty_sheets_is_empty(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        workbook(tmp_path, lambda book, first: (first.delete_rows(1, 10), sheet(book)))
    assert caught.value.code == "empty"
