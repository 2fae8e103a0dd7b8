"""Rows of a table that are no rows: empty ones, and those that sum up the others."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.responses import Responses, read


def table(text: str, name: str = "t.csv") -> Responses:
    return read(io.BytesIO(text.encode()), name)


def test_rows_without_any_cell_are_left_out_and_said() -> None:
    found = table("a;b;c\n1;2;3\n;;\n2;;1\n;;\n ; ;\n")
    assert found.n_rows == 2
    assert found.numbers("a").values.tolist() == [1.0, 2.0]
    assert found.understood[-1] == "t.csv: 3 rows without any cell are left out."


def test_a_missing_answer_of_one_column_stays_a_row() -> None:
    assert np.isnan(table('a\n1\n""\n2\n').numbers("a").values[1])
    assert table("a,b\n1,\n,2\n").n_rows == 2


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        (["p1,1,0", "p2,0,1", "p3,1,1"], "Total,2,2"),
        (["p1,1,0", "p2,0,1", "p3,1,1"], "Mean,0.67,0.667"),
        (["p1,10%,20%", "p2,30%,20%", "p3,20%,50%"], "Average:,20%,30%"),
        (["p1,5,7", "p2,6,8"], "Summe,11,15"),
    ],
)
def test_a_last_row_that_sums_up_is_left_out_and_said(rows: list[str], last: str) -> None:
    found = table("\n".join(["id,a,b", *rows, last]) + "\n")
    assert found.n_rows == len(rows)
    assert "sums up the others and is left out" in found.understood[-1]


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        (["p1,1,0", "p2,0,1", "p3,1,1"], "Total,5,2"),
        # Functions by name: all the same, so that any row is the mean of the others.
        (["max,1,1", "min,1,1"], "mean,1,1"),
        (["max,1,1", "min,1,0"], "sum,1,0.5"),
    ],
)
def test_one_that_is_only_named_so_counts_and_that_is_said(rows: list[str], last: str) -> None:
    found = table("\n".join(["id,a,b", *rows, last]) + "\n")
    assert found.n_rows == len(rows) + 1
    assert "counts as the others do" in found.understood[-1]


def test_a_word_that_other_rows_have_too_is_a_category() -> None:
    found = table("label,a\ntotal,1\npart,0\ntotal,1\n")
    assert found.n_rows == 3
    assert found.understood == []


def test_decimal_commas_sum_up_as_points_do() -> None:
    found = table("id;a\nx;0,5\ny;1.000,5\nz;2,0\nGesamt;1.003,0\n")
    assert found.n_rows == 3


def test_a_first_line_of_answers_is_no_header() -> None:
    for text in ("3,4,2\n1,5,3\n", "3.5;1\n2;4\n", "5,5\n1,2\n"):
        with pytest.raises(InputError) as caught:
            table(text)
        assert caught.value.code in ("no_header", "duplicate_columns")
    numbered = table("1,2,3\n3,4,2\n1,5,3\n")
    assert numbered.n_rows == 2
    assert numbered.understood == [
        "t.csv: the first line, 1 to 3, is taken for the names of the columns."
    ]
    assert table("a,2\n3,4\n").understood == []


def test_a_zip_and_an_old_workbook_are_named() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("t.csv.gz", b"x")
    with pytest.raises(InputError, match=r"a zip of t\.csv\.gz, no workbook \(unpack it"):
        read(io.BytesIO(packed.getvalue()), "t.csv")
    with pytest.raises(InputError, match=r"old form \(\.xls\)"):
        read(io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), "t.xlsx")


def test_lines_of_json_are_a_table() -> None:
    text = '{"id": 1, "m": {"acc": true}}\n\n{"id": 2, "m": {"acc": false}, "more": "x"}\n'
    found = table(text, "t.jsonl")
    assert found.names == ("id", "m.acc", "more")
    assert found.numbers("m.acc").values.tolist() == [1.0, 0.0]
    assert found.ids("id") == ["1", "2"]
    for broken in ('{"a": 1},\n{"a": 2},\n', '{"a": 1}\n{"a": "x"}\n', '{"a": 1\n', "[1]\n"):
        with pytest.raises(InputError) as caught:
            table(broken, "t.jsonl")
        assert caught.value.code == "bad_json"
        assert "\n" not in str(caught.value)
