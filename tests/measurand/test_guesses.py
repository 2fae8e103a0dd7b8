from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from measurand.dialects import Dialect
from measurand.errors import InputError
from measurand.guesses import code_warnings, outside
from measurand.responses import Responses, read, read_file

CLEAN = [["id", "a", "b"], ["p1", "1", "2.5"], ["p2", "3", "0.5"], ["p3", "2", "1.25"]]


def table(text: str | bytes, **dialect: object) -> Responses:
    content = text if isinstance(text, bytes) else text.encode()
    return read(io.BytesIO(content), "t.csv", dialect=Dialect(**dialect))  # type: ignore[arg-type]


def written(mark: str = ",", decimal: str = ".", end: str = "\n", head: str = "") -> str:
    rows = [mark.join(c.replace(".", decimal) for c in row) for row in CLEAN]
    return head + end.join(rows) + end


def values(found: Responses) -> list[list[float]]:
    return [list(found.numbers(name).values) for name in ("a", "b")]


TRUE = [[1.0, 3.0, 2.0], [2.5, 0.5, 1.25]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (written(), []),
        (written(";"), ["semicolons"]),
        (written("\t"), ["tabs"]),
        (written("|"), ["bars"]),
        (written(";", ","), ["semicolons", "commas"]),
        (written("\t", ",", "\r\n"), ["tabs", "commas"]),
        (written(";", ",", head="sep=;\n"), ["first line", "commas"]),
        (written(";", ",").encode("utf-16"), ["UTF-16", "semicolons", "commas"]),
        (written().encode("utf-8-sig"), []),
        (written(";").replace("p1", '"p;1"'), ["semicolons"]),
    ],
)
def test_tables_as_people_have_them(text: str | bytes, said: list[str]) -> None:
    found = table(text)
    assert found.names == ("id", "a", "b")
    assert values(found) == TRUE
    assert len(found.understood) == len(said)
    assert all(word in line for word, line in zip(said, found.understood, strict=True))


def test_what_is_said_goes_before_what_is_guessed() -> None:
    assert values(table(written(";", ","), separator=";", decimal=",")) == TRUE
    assert table("a;b,c\n1;2,3\n", separator=";").names == ("a", "b,c")
    assert values(table(written().replace("p1", "é").encode("cp1252"), encoding="cp1252")) == TRUE


def test_commas_that_could_stand_between_thousands_are_not_guessed_at() -> None:
    found = table("a;b\n1,000;2\n2,500;3\n").numbers("a")
    assert found.n_bad == 2
    assert list(table("a;b\n1,000;2\n", decimal=",").numbers("a").values) == [1.0]
    assert list(table("a;b\n0,125;2\n1,000;1\n").numbers("a").values) == [0.125, 1.0]


def test_two_kinds_of_marks_are_not_guessed_at() -> None:
    assert table("a;b\n1,5;2\n1.5;3\n").numbers("a").n_bad == 1


def test_thousands_and_decimals_together_are_plain() -> None:
    assert list(table("a;b\n1.234,5;2\n0,5;1\n").numbers("a").values) == [1234.5, 0.5]


def test_with_decimal_commas_a_point_stands_between_thousands_or_is_refused() -> None:
    for dialect in ({"decimal": ","}, {}):
        found = table(
            "a;b\n1.234.567;2,5\n12.000;0,5\n-7;0,25\n".replace("12.000", "12"), **dialect
        )
        assert list(found.numbers("a").values) == [1234567, 12, -7]
        assert any("1.234.567 is 1234567" in line for line in found.understood)
    assert list(table("a;b\n1.234;2\n12,5;3\n", decimal=",").numbers("a").values) == [1234, 12.5]
    for cell in ("1.5", "0.123", "1.2345", ".5", "1.5e3"):
        with pytest.raises(InputError, match=r"column 'a': row 2 holds") as caught:
            table(f"a;b\n1,25;2\n{cell};3\n", decimal=",").numbers("a")
        assert caught.value.code == "ambiguous"
    assert list(table("a;b\n1.234;2\n", decimal=".").numbers("a").values) == [1.234]


def test_a_name_with_a_point_is_a_name() -> None:
    found = table("id;a\n1.2;0,5\nx.3;1,5\n", decimal=",")
    assert found.ids("id") == ["1.2", "x.3"]
    assert table("id;a\n1,0;0,5\n2,0;1,5\n").ids("id") == ["1", "2"]


QUALTRICS = "Q1,Q2\nHow?,Why?\n" + '"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\n1,2\n3,4\n'


def test_header_rows_of_qualtrics_are_no_answers() -> None:
    found = table(QUALTRICS)
    assert list(found.numbers("Q1").values) == [1.0, 3.0]
    assert "Qualtrics" in found.understood[0]
    without = QUALTRICS.replace("How?,Why?\n", "")
    assert list(table(without).numbers("Q2").values) == [2.0, 4.0]
    assert list(table(QUALTRICS, skip=2).numbers("Q2").values) == [2.0, 4.0]


def test_a_question_over_several_columns_names_them_all() -> None:
    text = "Respondent ID,How content?,,Why?\n,Pay,Hours,Open-Ended Response\n11,5,4,x\n12,4,4,y\n"
    found = table(text)
    assert found.names == ("Respondent ID", "How content?: Pay", "How content?: Hours", "Why?")
    assert list(found.numbers("How content?: Hours").values) == [4, 4]
    assert "parts of questions" in found.understood[0]
    assert table("a,,b\n1,2,3\n").names == ("a", "", "b")
    with pytest.raises(InputError, match="named twice"):
        table("a,,\n1,2,3\n")


def test_columns_without_name_and_cells_are_left_out_and_said() -> None:
    found = table("a,,b,\n1,,3,\n2, ,4,\n")
    assert (found.names, found.n_rows) == (("a", "b"), 2)
    assert "2 columns without a name and without any cell are left out" in found.understood[0]


def test_percentages_may_have_decimal_commas() -> None:
    found = table("a;b\n85,5 %;1\n90 %;2\n")
    assert list(found.numbers("a").values) == [0.855, 0.9]


def test_codes_are_declared_or_warned_about() -> None:
    text = "a,b\n" + "".join(f"{1 + i % 5},{99 if i == 3 else 2}\n" for i in range(10))
    plain, declared = table(text), table(text, missing=("99",))
    assert np.isnan(declared.numbers("b").values).sum() == 1
    [warning] = code_warnings([plain.numbers(c).values for c in "ab"], "t.csv")
    assert "99 stands 1 times outside 1 to 5" in warning
    assert "--missing-codes 99" in warning
    assert not code_warnings([declared.numbers(c).values for c in "ab"], "t.csv")


@pytest.mark.parametrize(
    ("answers", "codes"),
    [
        ([1, 2, 3, 4, 5, -1], [-1]),
        ([0, 1, 2, 3, 4, -1], [-1]),
        ([0, 1, 1, 0, 99], [99]),
        ([1, 2, 3, 4, 5, 9], [9]),
        ([1, 2, 3, 4, 5, -99, 98], [-99, 98]),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9], []),
        ([0, 30, 77, 99, 55], []),
        ([0.5, 0.25, -1], []),
        ([1, 2, 3, 8, 7, 6, 5, 4], []),
        ([-2, -1, 0, 1, 2], []),
    ],
)
def test_which_numbers_look_like_codes(answers: list[float], codes: list[int]) -> None:
    assert [code for code, _, _ in outside([np.array(answers, dtype=float)])] == codes


def test_words_may_be_missing_codes() -> None:
    assert np.isnan(table("a,b\nrefused,1\n2,3\n", missing=("refused",)).numbers("a").values[0])


def test_whole_floats_are_the_names_of_whole_numbers() -> None:
    found = table("id,v\n1.0,1\n2.0,0\n")
    assert found.ids("id") == ["1", "2"]
    assert "whole numbers" in found.understood[0]
    assert table("id,v\n1.5,1\n2.0,0\n").ids("id") == ["1.5", "2.0"]
    assert table("id,v\n007,1\nx,0\n").ids("id") == ["007", "x"]


def test_workbooks_are_tables(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    for row in CLEAN:
        sheet.append([float(c) if c[0].isdigit() else c for c in row])
    book.create_sheet("other").append(["x"])
    book.save(tmp_path / "t.xlsx")
    found = read_file(tmp_path / "t.xlsx")
    assert values(found) == TRUE
    assert "of 2 is read" in found.understood[0]
    with pytest.raises(InputError) as caught:
        read_file(tmp_path / "t.xlsx", dialect=Dialect(sheet="none"))
    assert caught.value.code == "no_sheet"
    (tmp_path / "bad.xlsx").write_bytes((tmp_path / "t.xlsx").read_bytes()[:-200])
    with pytest.raises(InputError) as caught:
        read_file(tmp_path / "bad.xlsx")
    assert caught.value.code == "bad_workbook"


@pytest.mark.parametrize("encoding", ["nothing", "ascii"])
def test_an_encoding_that_it_is_not_is_named(encoding: str) -> None:
    with pytest.raises(InputError) as caught:
        table("a,é\n1,2\n", encoding=encoding)
    assert caught.value.code == "bad_encoding"


def test_a_formula_that_was_never_computed_is_no_missing_answer(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["id", "a"], ["p1", 3], ["p2", "=B2+1"]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(InputError, match=r"row 3, column 2 holds the formula '=B2\+1'") as caught:
        read_file(tmp_path / "t.xlsx")
    assert caught.value.code == "no_value"
    # As a spreadsheet program writes them: one value, one empty text.
    from zipfile import ZipFile

    with ZipFile(tmp_path / "t.xlsx") as old, ZipFile(tmp_path / "u.xlsx", "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name.endswith("sheet1.xml"):
                text = text.replace(b"<f>B2+1</f><v />", b"<f>B2+1</f><v>4</v>")
                text = text.replace(b"<f>B2+1</f><v></v>", b"<f>B2+1</f><v>4</v>")
            new.writestr(name, text)
    assert list(read_file(tmp_path / "u.xlsx").numbers("a").values) == [3, 4]
