from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.grouping import codes, groups, parts, ranked, repeated

WORDS = st.sampled_from(["a", "b", "", None])
ROWS = st.lists(st.tuples(WORDS, st.sampled_from([0, 1, -7, None])), max_size=12)


def chunked(values: list[object], kind: pa.DataType, cut: int) -> pa.ChunkedArray:
    return pa.chunked_array([values[:cut], values[cut:]], kind)


@given(ROWS, st.integers(0, 12))
def test_rows_have_one_number_where_all_their_values_are_equal(
    rows: list[tuple[str | None, int | None]], cut: int
) -> None:
    words = chunked([w for w, _ in rows], pa.string(), cut)
    numbers = chunked([n for _, n in rows], pa.int16(), cut)
    found = groups(words, numbers)
    assert len(set(zip(rows, found.tolist(), strict=True))) == len(set(rows)) == len(set(found))
    times = Counter(rows)
    assert repeated(words, numbers).tolist() == [times[row] > 1 for row in rows]


@pytest.mark.parametrize(
    "kind",
    [pa.bool_(), pa.int8(), pa.float32(), pa.large_string(), pa.timestamp("us"), pa.binary(2)],
)
def test_null_is_a_value_of_its_own(kind: pa.DataType) -> None:
    assert len(set(codes(pa.nulls(3, kind)))) == 1
    assert codes(pa.nulls(0, kind)).tolist() == []
    assert repeated(pa.nulls(2, kind)).tolist() == [True, True]


def test_zeros_are_equal_and_so_are_nans() -> None:
    found = codes(pa.array([0.0, -0.0, np.nan, float("nan"), None]))
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert len(set(found)) == 3


def test_dictionaries_of_other_orders_and_with_a_word_twice_are_read_by_their_words() -> None:
    one = pa.DictionaryArray.from_arrays([0, 1], ["x", "x"])
    two = pa.DictionaryArray.from_arrays([0, 1], ["y", "x"])
    first, second, third, fourth = codes(pa.chunked_array([one, two]))
    assert first == second == fourth != third


def test_ranks_are_places_among_the_sorted_values() -> None:
    known, places = ranked(chunked(["é", "b", "Z", "b"], pa.string(), 1))
    assert known.to_pylist() == ["Z", "b", "é"]
    assert places.tolist() == [2, 1, 0, 1]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2)), max_size=20))
def test_parts_hold_every_row_once_in_order(rows: list[tuple[str, int]]) -> None:
    table = pa.table(
        {
            "word": pa.array([w for w, _ in rows], pa.string()),
            "n": pa.array([n for _, n in rows], pa.int64()),
            "row": pa.array(range(len(rows)), pa.int64()),
        }
    )
    found = parts(table, "word", "n")
    assert [key for key, _ in found] == sorted(set(rows))
    for key, part in found:
        places = part.column("row").to_pylist()
        assert [rows[i] for i in places] == [key] * len(places)
        assert all(a < b for a, b in pairwise(places))
    assert sum(part.num_rows for _, part in found) == len(rows)
