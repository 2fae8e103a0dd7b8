from __future__ import annotations

import hashlib
import math
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from measurand.errors import InputError, SchemaError
from measurand.manifest import table_hash
from measurand.parquet import (
    canonical,
    read_shard,
    rejected_table,
    shard_of,
    split,
    write_shard,
)
from measurand.tables import Column, Table

SPEC = Table(
    name="t.rows",
    version="1.0.0",
    key=("id", "n"),
    columns=(
        Column("id", pa.string(), "identity"),
        Column("n", pa.int16(), "number"),
        Column("x", pa.float64(), "a float", nullable=True),
        Column("d", pa.dictionary(pa.int8(), pa.string()), "a dictionary", nullable=True),
        Column("l", pa.list_(pa.float32()), "a list", nullable=True),
        Column("f", pa.list_(pa.float64(), 2), "a fixed-size list"),
        Column("s", pa.struct([("p", pa.float64()), ("q", pa.bool_())]), "struct", nullable=True),
        Column("b", pa.bool_(), "a flag", nullable=True),
        Column("t", pa.timestamp("us", "UTC"), "a time", nullable=True),
        Column("h", pa.binary(2), "bytes", nullable=True),
    ),
)

# Other processes may keep the processor: time says nothing about the code.
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
FLOAT = st.one_of(st.none(), st.floats(allow_nan=False, width=32), st.sampled_from([0.0, -0.0]))
ROW = st.fixed_dictionaries(
    {
        "x": FLOAT,
        "d": st.sampled_from([None, "a", "b", "ü"]),
        "l": st.none() | st.lists(FLOAT, max_size=3),
        "f": st.tuples(FLOAT, FLOAT).map(list),
        "s": st.none() | st.fixed_dictionaries({"p": FLOAT, "q": st.none() | st.booleans()}),
        "b": st.none() | st.booleans(),
        "t": st.none() | st.integers(0, 2**40),
        "h": st.none() | st.binary(min_size=2, max_size=2),
    }
)
KEY = st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), st.integers(-9, 9))
ROWS = st.dictionaries(KEY, ROW, max_size=12)


def arrow(rows: list[tuple[tuple[str, int], dict[str, Any]]]) -> pa.Table:
    columns: dict[str, list[Any]] = {"id": [k[0] for k, _ in rows], "n": [k[1] for k, _ in rows]}
    columns |= {c.name: [row[c.name] for _, row in rows] for c in SPEC.columns[2:]}
    return SPEC.from_columns(columns)


def chunked(table: pa.Table, cuts: list[int]) -> pa.Table:
    """The same rows in other chunks, each with dictionary codes of its own."""
    edges = sorted({0, table.num_rows, *(c % (table.num_rows + 1) for c in cuts)})
    parts = []
    for a, b in pairwise(edges):
        part = table.slice(a, b - a)
        text = part.column("d").cast(pa.string()).combine_chunks()
        index = part.column_names.index("d")
        parts.append(
            part.set_column(index, "d", text.dictionary_encode().cast(SPEC.columns[3].dtype))
        )
    return pa.concat_tables(parts) if parts else table


def positive(value: Any) -> Any:
    """-0.0 as 0.0, at any depth, in plain Python."""
    if isinstance(value, dict):
        return {k: positive(v) for k, v in value.items()}
    if isinstance(value, list):
        return [positive(v) for v in value]
    return 0.0 if isinstance(value, float) and value == 0 else value


def signs(value: Any) -> Any:
    if isinstance(value, dict):
        return [signs(v) for v in value.values()]
    if isinstance(value, list):
        return [signs(v) for v in value]
    return math.copysign(1, value) if isinstance(value, float) else None


def file_bytes(table: pa.Table) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.parquet"
        write_shard(SPEC, table, path)
        assert [p.name for p in path.parent.iterdir()] == ["t.parquet"]
        return path.read_bytes()


@pytest.mark.integration
@settings(SLOW, max_examples=60)
@given(ROWS, st.lists(st.integers(0, 12), max_size=4), st.randoms(use_true_random=False))
def test_any_order_and_chunking_gives_the_same_bytes(rows, cuts, random) -> None:
    items = list(rows.items())
    plain = arrow(items)
    random.shuffle(items)
    other = chunked(arrow(items), cuts)
    assert file_bytes(other) == file_bytes(plain)
    assert table_hash(canonical(SPEC, other)) == table_hash(canonical(SPEC, plain))


@pytest.mark.integration
@settings(SLOW, max_examples=40)
@given(ROWS)
def test_what_is_read_back_is_what_was_written(rows) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.parquet"
        write_shard(SPEC, arrow(list(rows.items())), path)
        back = read_shard(path)
    assert back.schema.metadata == SPEC.schema().metadata
    ordered = sorted(rows.items(), key=lambda kv: (kv[0][0].encode(), kv[0][1]))
    assert SPEC.conform(back).to_pylist() == positive(arrow(ordered).to_pylist())
    assert signs(back.to_pylist()) == signs(positive(arrow(ordered).to_pylist()))
    assert table_hash(back) == table_hash(canonical(SPEC, arrow(ordered)))


@settings(SLOW, max_examples=40)
@given(ROWS.filter(bool), st.data())
def test_the_logical_hash_sees_every_value(rows, data) -> None:
    items = list(rows.items())
    index = data.draw(st.integers(0, len(items) - 1))
    key, row = items[index]
    column = data.draw(st.sampled_from(sorted(row)))
    value = data.draw(ROW.map(lambda r: r[column]))
    changed = [*items[:index], (key, {**row, column: value}), *items[index + 1 :]]
    before, after = (canonical(SPEC, arrow(i)) for i in (items, changed))
    assert (table_hash(before) == table_hash(after)) == (before.to_pylist() == after.to_pylist())


def test_bytes_under_nulls_and_offsets_do_not_enter_the_logical_hash() -> None:
    mask = np.array([False, True, False])
    one = pa.table({"x": pa.array(np.array([1.0, 5.0, 2.0]), mask=mask)})
    two = pa.table({"x": pa.array(np.array([1.0, 7.0, 2.0]), mask=mask)})
    assert table_hash(one) == table_hash(two)
    text = pa.table({"s": ["zz", "a", "b"], "l": [[9], [1, 2], [3]]})
    assert table_hash(text.slice(1)) == table_hash(pa.table({"s": ["a", "b"], "l": [[1, 2], [3]]}))
    moved = pa.table({"s": ["ab", ""], "l": [[1], [2, 3]]})
    assert len({table_hash(t) for t in (text.slice(1), moved)}) == 2


def test_the_logical_hash_is_this_one() -> None:
    """Frozen: another value would say of every published dataset that its data changed."""
    table = pa.table({"id": ["a", None], "x": [1.5, 2.0], "l": [[1, None], []]})
    digest = hashlib.sha256()
    digest.update((2).to_bytes(8, "little"))
    for rows, valid, rest in [
        (2, b"\x80", np.array([1], "<i8").tobytes() + b"a"),
        (2, b"\xc0", np.array([1.5, 2.0], "<f8").tobytes()),
        (
            2,
            b"\xc0",
            np.array([2, 0], "<i8").tobytes()
            + (2).to_bytes(8, "little") + b"\x80" + np.array([1], "<i8").tobytes(),
        ),
    ]:  # fmt: skip
        digest.update(rows.to_bytes(8, "little") + valid + rest)
    assert table_hash(table) == digest.hexdigest()


def test_more_rows_than_a_batch_hash_alike_in_any_chunks() -> None:
    table = pa.table({"x": np.arange(150_000)})
    pieces = pa.concat_tables([table.slice(0, 1), table.slice(1, 99_999), table.slice(100_000)])
    assert table_hash(table) == table_hash(pieces)


def test_shard_of_is_sha256() -> None:
    for key in ("", "a", "d1-rg6", "ü"):
        assert shard_of(key, 7) == int(hashlib.sha256(key.encode()).hexdigest(), 16) % 7


@settings(SLOW)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), st.integers(1, 9))
def test_split_loses_no_row_and_follows_shard_of(keys: list[str], n: int) -> None:
    table = pa.table({"id": pa.array(keys, pa.string()), "row": np.arange(len(keys))})
    parts = split(table, "id", n)
    assert sorted(r for t in parts.values() for r in t["row"].to_pylist()) == list(range(len(keys)))
    assert all(shard_of(k, n) == i for i, t in parts.items() for k in t["id"].to_pylist())
    assert all(t.num_rows for t in parts.values())


def test_numbers_and_dictionaries_are_split_by_their_text() -> None:
    for column in (pa.array([3, 14], pa.int16()), pa.array(["3", "14"]).dictionary_encode()):
        parts = split(pa.table({"k": column}), "k", 5)
        assert set(parts) == {shard_of("3", 5), shard_of("14", 5)}


def test_broken_rows_are_not_written(tmp_path: Path) -> None:
    row = {"x": None, "d": None, "l": None, "f": [1.0, 2.0], "s": None, "b": None, "t": None}
    rows = arrow([(("k", 1), {**row, "h": None})] * 2)
    with pytest.raises(SchemaError, match=r"\('k', 1\)"):
        write_shard(SPEC, rows, tmp_path / "t.parquet")
    nan = arrow([(("k", 1), {**row, "h": None, "l": [math.nan]})])
    with pytest.raises(SchemaError, match="not NaN"):
        write_shard(SPEC, nan, tmp_path / "t.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_shard_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, synced: list[tuple[str, bytes]]
) -> None:
    path = tmp_path / "t.parquet"
    write_shard(SPEC, arrow([]), path)
    [(name, content)] = synced
    assert (name == path.name, content) == (False, path.read_bytes())


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "t.parquet"
    write_shard(SPEC, arrow([]), path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("measurand.parquet.os.replace", fail)
    row = dict.fromkeys("xdlsbth")
    with pytest.raises(OSError, match="disk full"):
        write_shard(SPEC, arrow([(("k", 1), {**row, "f": [0.0, 1.0]})]), path)
    assert [p.name for p in tmp_path.iterdir()] == ["t.parquet"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [None, b"", b"PAR1", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_unreadable_files_are_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "t.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"t\.parquet"):
        read_shard(path)


def test_a_folder_named_key_value_adds_no_column(tmp_path: Path) -> None:
    path = tmp_path / "run=3" / "t.parquet"
    write_shard(SPEC, arrow([]), path)
    assert read_shard(path).column_names == [c.name for c in SPEC.columns]


def test_rejected_rows_become_their_table() -> None:
    rows = [("k1", "too_long", ""), ("k2", "empty", "no text")]
    names = ("key", "reason", "detail")
    assert rejected_table(rows).to_pylist() == [dict(zip(names, r, strict=True)) for r in rows]
    assert rejected_table([]).schema.equals(rejected_table(rows).schema)
    assert rejected_table([]).num_rows == 0
