"""One table in every shape that people write as JSON, and shapes that could be two tables."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from measurand import json_tables
from measurand.dialects import Dialect
from measurand.errors import InputError
from measurand.responses import read

ROWS = [{"q": f"i{at}", "score": at % 2, "said": None} for at in range(12)]
PLAIN = [{"q": row["q"], "score": row["score"]} for row in ROWS]
NAMES = list(PLAIN[0])
CELLS = [list(row.values()) for row in PLAIN]
SHAPES: dict[str, Any] = {
    "list": PLAIN,
    "split": {"columns": NAMES, "data": CELLS},
    "split with an index": {"columns": NAMES, "index": [*range(12)], "data": CELLS},
    "wandb": {"columns": NAMES, "data": CELLS, "ncols": 2, "nrows": 12},
    "columns": {name: [row[name] for row in PLAIN] for name in NAMES},
    "columns by row": {n: {str(at): row[n] for at, row in enumerate(PLAIN)} for n in NAMES},
    "one list": {"version": 2, "results": PLAIN},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_the_same_table(shape: str) -> None:
    said: list[str] = []
    assert json_tables.rows_of(SHAPES[shape], "f.json", said) == PLAIN
    assert bool(said) == (shape == "one list")
    found = read(io.BytesIO(json.dumps(SHAPES[shape]).encode()), "f.json")
    assert found.names == ("q", "score")
    assert found.column("score").to_pylist() == [0, 1] * 6
    assert found.understood == said


def test_records_by_name_are_rows_with_their_names() -> None:
    by_name = {row["q"]: {"score": row["score"]} for row in PLAIN}
    said: list[str] = []
    rows = json_tables.rows_of({"accuracy": 50.0, "details": by_name}, "f", said)
    assert rows == [{"id": row["q"], "score": row["score"]} for row in PLAIN]
    assert said == [
        "f: rows are those of 'details'; other fields are left out.",
        "f: records by their names, which are column 'id'.",
    ]
    taken = json_tables.rows_of({"a": {"id": 1}, "b": {"id": 2}}, "f", [])
    assert taken == [{"key": "a", "id": 1}, {"key": "b", "id": 2}]


@pytest.mark.parametrize("field", ["has_more", "next", "next_page_token"])
def test_one_page_of_several_is_said(field: str) -> None:
    said: list[str] = []
    assert json_tables.rows_of({"data": [{"a": 1}], field: "x"}, "f", said) == [{"a": 1}]
    assert said[1:] == [f"f: it is one page of several ({field!r}); rows of others are missing."]
    json_tables.rows_of({"data": [{"a": 1}], field: None}, "f", last := [])
    assert len(last) == 1


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({}, "no_rows"),
        (3, "no_rows"),
        ({"a": [1, 2], "b": [1]}, "no_rows"),
        ({"a": [{"x": 1}], "b": [{"x": 2}]}, "no_rows"),
        ({"columns": ["a", "b"], "data": [[1, 2], [3]]}, "no_rows"),
        ({"columns": ["a", "a"], "data": [[1, 2]]}, "no_rows"),
        ({"a": {"0": 1, "1": 2}, "b": {"0": 1}}, "no_rows"),
        ({"0": {"0": 1}, "1": {"0": 2}}, "ambiguous"),
    ],
)
def test_what_is_no_table_or_could_be_two_is_refused(value: Any, code: str) -> None:
    with pytest.raises(InputError) as caught:
        json_tables.rows_of(value, "f", [])
    assert caught.value.code == code


@pytest.mark.parametrize("text", ["[1, 2]", '[{"a": 1}, 2]', "[", '{"a": 1'])
def test_json_that_is_no_table_is_named(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read(io.BytesIO(text.encode()), "f.json")
    assert caught.value.code == "bad_json"


def test_lines_in_a_file_of_the_other_name_are_read() -> None:
    text = "\n".join(map(json.dumps, PLAIN))
    assert read(io.BytesIO(text.encode()), "f.json").n_rows == 12
    with pytest.raises(InputError) as caught:
        read(io.BytesIO(b"[]"), "f.json")
    assert caught.value.code == "empty"


@pytest.mark.parametrize("text", ["null\n", ' null\n{"a": 1}\n', '{"a": 1}\n\nnull\n{"a": 2}\n'])
def test_a_line_of_null_is_named(text: str) -> None:
    """The reader of lines ends the whole process at one that stands first."""
    with pytest.raises(InputError, match=r"line \d is null") as caught:
        json_tables.of_lines(text.encode(), "f")
    assert caught.value.code == "bad_json"


def test_texts_stay_texts_and_whole_numbers_whole() -> None:
    rows = [
        {"d": "2024-01-01", "n": 12345678901234567890, "r": {"d": "2024-01-01T10:00:00"}, "x": 1.5},
        {
            "d": "2024-01-02",
            "n": 12345678901234567891,
            "r": {"d": None},
            "x": 2,
            "l": ["2024-01-01"],
        },
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    found = json_tables.of_lines(lines.encode(), "f")
    assert found.column("d").to_pylist() == ["2024-01-01", "2024-01-02"]
    assert list(map(str, found.column("n").to_pylist())) == [str(row["n"]) for row in rows]
    assert found.column("r").to_pylist() == [row["r"] for row in rows]
    assert found.column("x").to_pylist() == [1.5, 2.0]
    assert found.column("l").to_pylist() == [None, ["2024-01-01"]]


def test_half_a_character_is_replaced_and_a_whole_one_kept() -> None:
    text = b'{"a": "x\\ud83d\\ude00"}\n{"a": "y\\ud83d"}\n'
    assert json_tables.of_lines(text, "f").column("a").to_pylist() == ["x\U0001f600", "y\ufffd"]


def test_the_encoding_of_json_is_looked_at() -> None:
    text = '{"a": "\u00e4"}\n'
    assert read(io.BytesIO(text.encode("utf-16")), "f.jsonl").column("a")[0].as_py() == "\u00e4"
    latin = Dialect(encoding="latin1")
    found = read(io.BytesIO(text.encode("latin1")), "f.jsonl", dialect=latin)
    assert found.column("a")[0].as_py() == "\u00e4"
    with pytest.raises(InputError, match="in line 1") as caught:
        read(io.BytesIO(text.encode("latin1")), "f.jsonl")
    assert caught.value.code == "bad_encoding"
