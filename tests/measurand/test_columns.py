from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from measurand.columns import flat, numbers, read_as, words_of


def column(*values: object, kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(list(values), kind)])


@pytest.mark.parametrize(
    ("values", "missing", "left"),
    [
        (("1", "99", "-1", "2"), ("99", "-1"), [1.0, 2.0]),
        (("1", "99.0", "2"), ("99",), [1.0, 2.0]),
        ((1, 99, 2), ("99",), [1.0, 2.0]),
        ((1.0, -9.0, 2.0), ("-9",), [1.0, 2.0]),
        (("1", "Refused", "2"), ("refused",), [1.0, 2.0]),
    ],
)
def test_declared_codes_are_missing(
    values: tuple[object, ...], missing: tuple[str, ...], left: list[float]
) -> None:
    found = numbers(column(*values), missing)
    assert found.n_bad == 0
    assert found.n_text == len(left)
    assert list(found.values[~np.isnan(found.values)]) == left


def test_words_of_a_column() -> None:
    assert words_of(column("a", "b", "a", "NA", None, "x"), ("X",)) == ["a", "b"]
    assert words_of(column(1, 2), ()) is None
    found = read_as(column("a", "NA", "b"), {"a": 1.0, "b": 2.0})
    assert np.isnan(found.values[1])
    assert found.n_text == 2


def test_bytes_that_are_text_are_text() -> None:
    names, found = flat(
        ["a", "b"], [pa.chunked_array([[b"x", None]]), pa.chunked_array([[b"\xff"]])]
    )
    assert names == ["a", "b"]
    assert found[0].to_pylist() == ["x", None]
    assert found[1].to_pylist() == [b"\xff"]


def test_fields_of_records_are_columns() -> None:
    names, found = flat(["r"], [pa.chunked_array([[{"a": 1, "b": {"c": "x"}}, None]])])
    assert names == ["r.a", "r.b.c"]
    assert [part.to_pylist() for part in found] == [[1, None], ["x", None]]
