from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from gate_evidence import bits, results_table, rows, statistic, write_items, write_statistics
from pyarrow import parquet

from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.reading.evidence import items_path, load_items, load_statistics, schema_drift
from measurand.manifest import read_manifest
from measurand.results import RESULTS, STATISTICS

CONTENT = rows(bits(40, 0.5))


def code(load: Callable[[], object]) -> str:
    with pytest.raises(EvidenceError) as caught:
        load()
    return caught.value.code


def test_a_dataset_folder(tmp_path: Path) -> None:
    got = load_items(
        write_items(tmp_path / "items", CONTENT, params={"instrument": {"judge": "x"}})
    )
    assert got.table.num_rows == 40
    assert got.hash == read_manifest(tmp_path / "items").logical_hash
    assert got.parents == {"toy": "d" * 64}
    assert got.version == RESULTS.version
    assert not got.partial
    assert got.instrument


def test_plain_files_have_the_same_hash_in_any_order_and_cut(tmp_path: Path) -> None:
    table = results_table(CONTENT)
    parquet.write_table(table, tmp_path / "one.parquet")
    folder = tmp_path / "many"
    folder.mkdir()
    parquet.write_table(table.slice(25), folder / "a.parquet")
    parquet.write_table(table.slice(0, 25), folder / "b.parquet")
    one, many = load_items(tmp_path / "one.parquet"), load_items(folder)
    assert one.hash == many.hash
    assert one.parents is None
    changed = results_table([*CONTENT[:-1], CONTENT[-1] | {"value": 0.25}])
    parquet.write_table(changed, tmp_path / "other.parquet")
    assert load_items(tmp_path / "other.parquet").hash != one.hash


def test_one_dataset_a_model(tmp_path: Path) -> None:
    write_items(tmp_path / "a", rows([1, 0], model="a"))
    write_items(tmp_path / "b", rows([1, 1], model="b"), params={"partial": True})
    got = load_items(tmp_path)
    assert got.table.num_rows == 4
    assert got.partial
    write_items(tmp_path / "c", rows([1, 1], model="c"), parents={"toy": "e" * 64})
    assert code(lambda: load_items(tmp_path)) == "dataset_changed"


def test_what_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        assert code(lambda path=path: load_items(path)) == "missing_metric"
        assert code(lambda path=path: load_statistics(path, None)) == "missing_metric"


def test_a_flipped_byte_and_a_missing_shard_are_found(tmp_path: Path) -> None:
    folder = write_items(tmp_path / "items", CONTENT)
    shard = sorted(folder.glob("part-*"))[0]
    good = shard.read_bytes()
    shard.write_bytes(good[:100] + bytes([good[100] ^ 1]) + good[101:])
    assert code(lambda: load_items(folder)) == "verify_failed"
    shard.unlink()
    assert code(lambda: load_items(folder)) == "verify_failed"


@pytest.mark.parametrize(
    "damage",
    [
        lambda m: "{",
        lambda m: "[]",
        lambda m: json.dumps(m | {"parents": 3}),
        lambda m: json.dumps(m | {"params": None}),
        lambda m: json.dumps({k: v for k, v in m.items() if k != "shards"}),
    ],
)
def test_damaged_manifests(tmp_path: Path, damage: Callable[[dict[str, object]], str]) -> None:
    folder = write_items(tmp_path / "items", CONTENT)
    manifest = folder / "manifest.json"
    manifest.write_text(damage(json.loads(manifest.read_text())))
    assert code(lambda: load_items(folder)) == "verify_failed"


@pytest.mark.parametrize("change", [{"table": "other"}, {"version": "2.0.0"}])
def test_another_table_or_major_version_is_drift(tmp_path: Path, change: dict[str, str]) -> None:
    folder = write_items(tmp_path / "items", CONTENT)
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    assert code(lambda: load_items(folder)) == "schema_drift"


def test_files_that_are_no_parquet_or_differ_in_schema(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"not parquet")
    assert code(lambda: load_items(tmp_path / "a.parquet")) == "bad_evidence"
    parquet.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet")
    parquet.write_table(pa.table({"y": [1]}), tmp_path / "b.parquet")
    assert code(lambda: load_items(tmp_path)) == "schema_drift"
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    parquet.write_table(twice, tmp_path / "twice.parquet")
    assert code(lambda: load_items(tmp_path / "twice.parquet")) == "schema_drift"


def test_statistics_with_the_facts_of_their_results(tmp_path: Path) -> None:
    items = write_items(tmp_path / "results" / "items", CONTENT, params={"partial": True})
    path = write_statistics(tmp_path / "statistics.parquet", [statistic(), statistic("beta")])
    got = load_statistics(path, items)
    assert got.partial
    assert got.parents == {"toy": "d" * 64}
    assert [r["metric"] for r in got.rows] == ["alpha", "beta"]
    # The hash is of the figures, not of the file.
    table = parquet.read_table(path)
    parquet.write_table(table.take([1, 0]), path, compression="none")
    assert load_statistics(path, items).hash == got.hash


def test_statistics_that_are_not(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    table = pa.Table.from_pylist([statistic()], schema=STATISTICS.schema())
    for bad, expected in (
        (table.drop_columns(["lower"]), "schema_drift"),
        (table.set_column(4, "estimate", pa.array(["high"])), "schema_drift"),
        (pa.concat_tables([table, table]), "bad_evidence"),
    ):
        parquet.write_table(bad, path)
        assert code(lambda: load_statistics(path, None)) == expected


def test_items_lie_below_the_evidence_folder_or_are_it(tmp_path: Path) -> None:
    assert items_path(tmp_path) == tmp_path
    (tmp_path / "results" / "items").mkdir(parents=True)
    assert items_path(tmp_path) == tmp_path / "results" / "items"
    assert items_path(tmp_path / "results") == tmp_path / "results" / "items"


def field(name: str, dtype: pa.DataType, unit: str | None = None, null: bool = False) -> pa.Field:
    return pa.field(name, dtype, null, metadata={"unit": unit} if unit else None)


OLD = pa.schema([field("a", pa.int64(), "s"), field("b", pa.string())])


@pytest.mark.parametrize(
    ("new", "problem", "warnings"),
    [
        (OLD, None, 0),
        (pa.schema([*OLD, field("c", pa.int8(), null=True)]), None, 1),
        (pa.schema([*OLD, field("c", pa.int8())]), "c was added", 0),
        (pa.schema([OLD.field("a")]), "b was removed", 0),
        (pa.schema([field("a", pa.int32(), "s"), OLD.field("b")]), "a was int64", 0),
        (pa.schema([field("a", pa.int64(), "ms"), OLD.field("b")]), "unit of column a", 0),
        (pa.schema([OLD.field("b"), OLD.field("a")]), None, 0),
        (pa.schema([OLD.field("a"), field("b", pa.dictionary(pa.int8(), pa.string()))]), None, 0),
    ],
)
def test_schema_drift(new: pa.Schema, problem: str | None, warnings: int) -> None:
    found, told = schema_drift(OLD, new)
    assert (found is None) == (problem is None)
    assert problem is None or problem in (found or "")
    assert len(told) == warnings
