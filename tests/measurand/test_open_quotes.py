"""Quotes that are not closed, or are letters of the text: no row is lost in a cell unseen."""

from __future__ import annotations

import csv
import io
import json
import random

import pytest

from measurand.errors import InputError
from measurand.responses import Responses, read

HEAD = "item_id,value,text\n"


def table(text: str, name: str = "t.csv") -> Responses:
    return read(io.BytesIO(text.encode()), name)


JOINED = {
    "two stray quotes": 'a,1,x\nb,0,"start\nc,1,y\nd,1,z\ne,0,end"\nf,1,w\n',
    "one row swallowed": 'a,1,x\nb,0,"start\nc,1,end"\nf,1,w\n',
    "in the middle": 'a,1,x\n"b,0,y\nc",1,z\nd,0,"q\ne,1,r"\n',
    "rows with quotes": 'a,1,x\nb,0,"start\n""c"",1,y\nd,1,end"\nf,1,w\n',
}


@pytest.mark.parametrize("kind", JOINED)
def test_rows_in_a_cell_are_refused(kind: str) -> None:
    for text in (HEAD + JOINED[kind], (HEAD + JOINED[kind]).replace("\n", "\r\n")):
        with pytest.raises(InputError, match="read as rows of the table") as caught:
            table(text)
        assert caught.value.code == "joined_rows"


@pytest.mark.parametrize(
    "rows", ['a,1,x\nb,0,"start\nc,1,y\n', 'a,1,x\nb,0,"one\ntwo" three\nc,1,y\n', '"a,1,x\n']
)
def test_a_quote_that_is_not_closed_is_named(rows: str) -> None:
    """Where rows are uneven without quotes; a reader that closes it at the end loses them."""
    with pytest.raises(InputError) as caught:
        table("item_id,value,text\nz,1,q,\n" + rows if rows.startswith('"') else HEAD + rows + "x")
    assert caught.value.code in ("open_quote", "ragged")


@pytest.mark.parametrize("mark", ["\t", ",", ";", "|"])
def test_quotes_of_a_text_without_quoting_are_letters(mark: str) -> None:
    rows = ["a|1|plain", 'b|0|"5 inch" screen', 'c|1|"start of it', "d|1|x", 'e|0|the "end" one']
    text = "\n".join(["item_id|value|text", *rows, ""]).replace("|", mark)
    found = table(text)
    assert found.column("text").to_pylist() == [row.split("|")[2] for row in rows]
    assert "t.csv: quote marks are part of the text." in found.understood


def test_cells_of_several_lines_are_cells() -> None:
    """Answers of models hold lines, commas, code and quotes; none of these is a row."""
    rng = random.Random(0)
    parts = ["def f(a, b):", "one, two", '"said"', "", "3, 4, 5 and 6", "1,2,3", "q1,x,y", "a,b"]
    texts = ["\n".join(rng.choices(parts, k=rng.randint(1, 5))) for _ in range(200)]
    for mark in (",", ";", "\t"):
        file = io.StringIO()
        writer = csv.writer(file, delimiter=mark, quoting=csv.QUOTE_ALL)
        writer.writerow(["item_id", "value", "text"])
        writer.writerows([f"i{at}", at % 2, text] for at, text in enumerate(texts))
        found = table(file.getvalue())
        assert [t.replace("\r", "") for t in found.column("text").to_pylist()] == texts
        assert not any("quote" in line for line in found.understood)


def test_a_table_without_numbers_has_lines_in_its_cells() -> None:
    found = table('question,answer\n"one\na,b",x\n"two\nc,d",y\n')
    assert found.n_rows == 2


def test_lines_of_json_in_a_cell_are_no_rows() -> None:
    rows = json.dumps({"a": 1, "b": [1, 2]}, indent=1).replace('"', '""')
    found = table(HEAD + f'a,1,"{rows}"\nb,0,x\n')
    assert found.n_rows == 2
