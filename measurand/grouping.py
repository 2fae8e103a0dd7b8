"""Rows of Arrow tables by what they share, as numbers for numpy."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from measurand.stats.arrays import BoolArray, IntArray

Values: TypeAlias = pa.Array | pa.ChunkedArray


def codes(values: Values) -> IntArray:
    """(n,) number of each row's value; equal values have equal numbers, nulls one of their own."""
    if isinstance(values, pa.Array):
        values = pa.chunked_array([values])
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_floating(values.type):
        values = pc.add(values, pa.scalar(0, values.type))  # -0.0 equals 0.0
    found = [np.empty(0, np.int64)]
    for chunk in values.dictionary_encode().chunks:
        found.append(chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False))
    numbers: IntArray = np.concatenate(found).astype(np.int64) + 1
    return numbers


def groups(*columns: Values) -> IntArray:
    """(n,) number of each row's combination of values, from 0 to n."""
    found = codes(columns[0])
    for column in columns[1:]:
        found = codes(pa.array(found * (len(found) + 1) + codes(column)))
    return found


def repeated(*columns: Values) -> BoolArray:
    """(n,) whether another row has the same combination of values."""
    found = groups(*columns)
    again: BoolArray = np.bincount(found)[found] > 1
    return again


def ranked(values: Values) -> tuple[pa.Array, IntArray]:
    """The different values in order, and (n,) each row's place among them; there is no null."""
    known = values.unique()
    known = known.take(pc.sort_indices(known))
    return known, pc.index_in(values, value_set=known).to_numpy().astype(np.int64)


def parts(table: pa.Table, *names: str) -> list[tuple[tuple[Any, ...], pa.Table]]:
    """Rows by their values in some columns, in the order of these.

    Args:
        table: rows; those of one part keep their order.
        names: columns, without null.

    Returns:
        Values and rows of each part.
    """
    if not table.num_rows:
        return []
    found = groups(*(table.column(name) for name in names))
    order = np.argsort(found, kind="stable")
    together = table.take(pa.array(order))
    cuts = [0, *(np.flatnonzero(np.diff(found[order])) + 1).tolist(), len(order)]
    some = [together.slice(start, end - start) for start, end in pairwise(cuts)]
    keys = [tuple(part.column(name)[0].as_py() for name in names) for part in some]
    return sorted(zip(keys, some, strict=True), key=lambda part: part[0])
