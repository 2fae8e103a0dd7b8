from __future__ import annotations

import gzip
import io
import math
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from measurand import columns, responses
from measurand.errors import InputError


def csv(text: str) -> responses.Responses:
    return responses.read(io.BytesIO(text.encode()), "a.csv")


def column(values: list[object], kind: pa.DataType) -> columns.Numbers:
    return columns.numbers(pa.chunked_array([pa.array(values, kind)]))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3.0), ("+3", 3.0), ("-3.50", -3.5), (" 4 ", 4.0), ("5.", 5.0), (".5", 0.5),
        ("1e3", 1000.0), ("1E-3", 0.001), ("1e-400", 0.0), ("1e15", 1e15), ("007", 7.0),
    ],
)  # fmt: skip
def test_numbers_in_plain_notation(text: str, value: float) -> None:
    assert columns.parse(text) == value


@pytest.mark.parametrize("text", ["", "  ", "NA", "na", "N/A", "NaN", "nan", "NULL", "None", "."])
def test_missing_answers(text: str) -> None:
    assert math.isnan(columns.parse(text) or 0.0)


@pytest.mark.parametrize(
    "text",
    ["inf", "-Infinity", "1e400", "1.1e15", "1_000", "0x1F", "3,5", "٣", "１", "1 2", "five", "--1",
     "1e", "True", "²"],
)  # fmt: skip
def test_what_is_no_usable_number(text: str) -> None:
    assert columns.parse(text) is None


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
@settings(max_examples=200, deadline=None)
def test_every_number_that_python_writes_is_read_back(value: float) -> None:
    assert columns.parse(repr(value)) == value


@given(st.text(max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_cell_is_a_number_missing_or_refused(text: str) -> None:
    value = columns.parse(text)
    assert value is None or math.isnan(value) or abs(value) <= columns.MAX_ANSWER


def test_cells_are_kept_with_their_rows() -> None:
    found = columns.numbers(csv("a,b\n1,x\nNA,\n,z\ninf,\n2.5,y\n").column("a"))
    np.testing.assert_array_equal(found.values, [1, np.nan, np.nan, np.nan, 2.5])
    assert found.bad == ((4, "inf"),)
    assert (found.n_bad, found.n_text) == (1, 3)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_marks_and_quotes(end: str) -> None:
    text = "\ufeff" + end.join(['"I am, ""lively""",b', '"1",2', "3,4"])
    table = csv(text)
    assert table.names == ('I am, "lively"', "b")
    np.testing.assert_array_equal(columns.numbers(table.columns[0]).values, [1, 3])


def test_a_header_may_span_lines() -> None:
    assert csv('"I am\nlively",b\n1,2\n').names == ("I am\nlively", "b")


def test_types_are_never_guessed_from_the_first_rows() -> None:
    rows = "\n".join(["1"] * 5000 + ["five"])
    found = columns.numbers(csv("a\n" + rows + "\n").column("a"))
    assert found.bad == ((5001, "five"),)


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, None, 3], pa.int8(), [1, np.nan, 3]),
        ([1.5, math.nan, None], pa.float64(), [1.5, np.nan, np.nan]),
        ([True, False, None], pa.bool_(), [1, 0, np.nan]),
        ([Decimal("1.5"), None], pa.decimal128(5, 2), [1.5, np.nan]),
        ([None, None], pa.null(), [np.nan, np.nan]),
        (["1", "NA", "2"], pa.large_string(), [1, np.nan, 2]),
        (["4", "5", "4"], pa.dictionary(pa.int8(), pa.string()), [4, 5, 4]),
    ],
)
def test_arrow_types(values: list[object], kind: pa.DataType, expected: list[float]) -> None:
    found = column(values, kind)
    np.testing.assert_array_equal(found.values, expected)
    assert found.n_bad == 0


def test_infinite_and_nested_parquet_columns_are_bad_cells() -> None:
    found = column([1.0, math.inf, -math.inf, math.nan], pa.float64())
    assert found.bad == ((2, "inf"), (3, "-inf"))
    assert np.isnan(found.values[1:]).all()
    assert column([[1.0], [2.0]], pa.list_(pa.float64())).n_bad == 2


def test_parquet_and_csv_of_one_table_read_alike(tmp_path: Path) -> None:
    table = pa.table({"a": [1.0, None, 3.0], "b": ["2", "NA", "4"], "c": ["x", "y", None]})
    parquet.write_table(table, tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("a,b,c\n1,2,x\n,NA,y\n3,4,\n")
    first, second = (responses.read_file(tmp_path / f"t.{end}") for end in ("parquet", "csv"))
    assert first.names == second.names
    assert first.n_rows == second.n_rows == 3
    for name in ("a", "b"):
        one, two = (columns.numbers(t.column(name)).values for t in (first, second))
        np.testing.assert_array_equal(one, two)
    assert columns.labels(first.column("c")) == columns.labels(second.column("c"))


def test_parquet_is_known_by_its_mark_and_loads_only_what_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "answers.data"
    parquet.write_table(pa.table({"a": [1, 2], "b": [3, 4]}), path)
    table = responses.read_file(path, {"b"})
    assert table.names == ("a", "b")
    assert table.column("a").null_count == 2
    np.testing.assert_array_equal(columns.numbers(table.column("b")).values, [3, 4])


def test_duplicate_names_in_parquet(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(InputError, match="named twice: 'a'"):
        responses.read_file(tmp_path / "t.parquet")


def test_labels_keep_a_scale_named_na() -> None:
    table = csv("scale\nPA\nNA\n  \n")
    assert columns.labels(table.column("scale"), missing=("",)) == ["PA", "NA", None]
    assert columns.labels(table.column("scale")) == ["PA", None, None]


def test_shown_names_a_few_and_counts_the_rest() -> None:
    assert responses.shown([1, 2]) == "1, 2"
    assert responses.shown(list(range(9))) == "0, 1, 2, 3, 4 and 4 more"


@pytest.mark.integration
def test_a_process_that_ends_at_once_keeps_its_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({"a": ["b"]}), path)
    code = (
        "import sys, polars; from pathlib import Path; from measurand import responses\n"
        "responses.read_file(Path(sys.argv[1])); sys.exit(3)"
    )
    done = [
        subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=False)
        for _ in range(8)
    ]
    assert [(d.returncode, d.stderr) for d in done] == [(3, b"")] * 8


def test_texts_of_parquet_that_are_no_utf8_are_named(tmp_path: Path) -> None:
    ends = pa.array([0, 1, 3], pa.int32()).buffers()[1]
    odd = pa.Array.from_buffers(pa.string(), 2, [None, ends, pa.py_buffer(b"a\xffb")])
    parquet.write_table(pa.table({"a": odd}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match="UTF8") as caught:
        responses.read_file(tmp_path / "t.parquet")
    assert caught.value.code == "bad_parquet"


def test_a_packed_file_of_a_plain_name_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    with pytest.raises(InputError, match="packed by gzip"):
        responses.read_file(tmp_path / "t.csv")
