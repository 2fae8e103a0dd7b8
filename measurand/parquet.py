"""One Parquet file of a dataset: the same rows give the same bytes, in any order and chunking.

Measured of pyarrow 25: chunk borders, the order of schema metadata, dictionary codes, -0.0 and
feeding a writer in parts all change the bytes of a file. So a shard is sorted by its key, brought
into one canonical form and written by one call into a temporary file that is then renamed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from measurand.errors import InputError
from measurand.manifest import BATCH_ROWS, temporary
from measurand.tables import Column, Table

REJECTED = Table(
    name="measurand.rejected",
    version="1.0.0",
    key=(),
    doc="One row per input row that did not enter the dataset.",
    columns=(
        Column("key", pa.string(), "identity of the input row, as far as it had one"),
        Column("reason", pa.string(), "stable word for the rule that it broke", pattern="^.+$"),
        Column("detail", pa.string(), "what exactly was wrong; may be empty"),
    ),
)


def rejected_table(rows: Sequence[tuple[str, str, str]]) -> pa.Table:
    """Rows of (key, reason, detail) as the table ``REJECTED``."""
    keys, reasons, details = zip(*rows, strict=True) if rows else ((), (), ())
    return REJECTED.from_columns({"key": keys, "reason": reasons, "detail": details})


def shard_of(key: str, n_shards: int) -> int:
    """Shard of a key: its sha256, read as a big-endian number, modulo ``n_shards``."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest(), "big") % n_shards


def split(table: pa.Table, shard_key: str | None, n_shards: int) -> dict[int, pa.Table]:
    """Rows of each shard that has any; keys that are not strings hash by their decimal text."""
    if table.num_rows == 0:
        return {}
    if n_shards == 1 or shard_key is None:
        return {0: table}
    codes = table.column(shard_key).combine_chunks().dictionary_encode()
    if isinstance(codes, pa.ChunkedArray):
        codes = codes.combine_chunks()
    shard = np.array([shard_of(str(k), n_shards) for k in codes.dictionary.to_pylist()], np.int64)
    of_row = shard[codes.indices.to_numpy(zero_copy_only=False)]
    order = np.argsort(of_row, kind="stable")
    by_shard = table.take(pa.array(order))
    found, starts = np.unique(of_row[order], return_index=True)
    ends = [*starts[1:], table.num_rows]
    return {int(i): by_shard.slice(a, b - a) for i, a, b in zip(found, starts, ends, strict=True)}


def canonical(spec: Table, table: pa.Table) -> pa.Table:
    """``table`` in the one form that is written: sorted, one chunk, +0.0, dictionaries rebuilt."""
    table = spec.conform(table)
    plain = pa.table([decoded(c) for c in table.columns], names=table.column_names)
    if plain.num_rows:
        plain = plain.sort_by([(name, "ascending") for name in spec.sort_columns])
    arrays = [pa.chunked_array(map(_positive_zero, c.chunks), c.type) for c in plain.columns]
    return spec.conform(pa.table(arrays, names=plain.column_names)).combine_chunks()


def decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values of a dictionary column; any other column as it is."""
    dictionary = pa.types.is_dictionary(column.type)
    return column.cast(column.type.value_type) if dictionary else column


def write_shard(spec: Table, table: pa.Table, path: Path) -> None:
    """Validate ``table`` and write it as one Parquet file, whole or not at all.

    Raises:
        SchemaError: it does not keep to ``spec``; the message names column, rule, rows, values.
    """
    import pyarrow.parquet as pq

    stable = canonical(spec, table)
    spec.validate(stable)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = temporary(path)
    try:
        with part.open("wb") as file:
            pq.write_table(
                stable,
                file,
                compression="zstd",
                compression_level=3,
                row_group_size=BATCH_ROWS,
                version="2.6",
            )
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read_shard(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read one file back with its declared schema.

    Raises:
        InputError: it is missing, truncated or no Parquet file.
    """
    import pyarrow.parquet as pq

    try:
        # pq.read_table would take "key=value" folders of the path for columns.
        return pq.ParquetFile(path).read(columns)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: {error}", hint="run `measurand verify` on the folder") from error


def _positive_zero(array: pa.Array) -> pa.Array:
    """Replace -0.0 by 0.0 at any depth."""
    import pyarrow.compute as pc

    dtype = array.type
    if pa.types.is_floating(dtype):
        return pc.add(array, pa.scalar(0, dtype))
    if pa.types.is_struct(dtype):
        own, offset, children = 1, 0, [array.field(i) for i in range(dtype.num_fields)]
    elif pa.types.is_nested(dtype):
        own = 1 if pa.types.is_fixed_size_list(dtype) else 2
        offset, children = array.offset, [array.values]
    else:
        return array
    children = [_positive_zero(child) for child in children]
    buffers = array.buffers()[:own]
    return pa.Array.from_buffers(dtype, len(array), buffers, offset=offset, children=children)
