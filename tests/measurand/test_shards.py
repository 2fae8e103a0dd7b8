from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from measurand.errors import ConservationError, InputError, SchemaError
from measurand.manifest import Source, file_sha256, read_manifest, shard_name
from measurand.parquet import REJECTED, shard_of, write_shard
from measurand.shards import (
    as_dataset,
    begin,
    iter_shards,
    read_table,
    write_dataset,
    write_manifest,
)
from measurand.tables import Column, Table
from measurand.verification import verify

SPEC = Table(
    name="t.answers",
    version="1.0.0",
    key=("who", "item"),
    columns=(
        Column("who", pa.string(), "who"),
        Column("item", pa.int32(), "which"),
        Column("mode", pa.dictionary(pa.int8(), pa.string()), "how", nullable=True),
        Column("levels", pa.list_(pa.int8(), 2), "levels"),
        Column("x", pa.float64(), "value", nullable=True),
    ),
)


def rows(n: int, start: int = 0) -> pa.Table:
    k = range(start, start + n)
    return SPEC.from_columns(
        {
            "who": [f"p{i % 13}" for i in k],
            "item": list(k),
            "mode": [["a", "b", None][i % 3] for i in k],
            "levels": [[i % 9, None] for i in k],
            "x": [None if i % 5 == 0 else i / 7 for i in k],
        }
    )


def rejected(n: int) -> pa.Table:
    reasons = ["too_long" if i % 2 else "no_text" for i in range(n)]
    return REJECTED.from_columns(
        {"key": [f"k{i}" for i in range(n)], "reason": reasons, "detail": [""] * n}
    )


def sums(folder: Path) -> dict[str, str]:
    return {p.name: file_sha256(p) for p in folder.iterdir()}


@pytest.mark.integration
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 60), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_row_order_does_not_change_a_dataset(
    tmp_path_factory, n: int, shards: int, seed: int
) -> None:
    one, two = tmp_path_factory.mktemp("d") / "a", tmp_path_factory.mktemp("d") / "b"
    table, lost = rows(n), rejected(n // 7)
    mix = np.random.default_rng(seed)
    first = write_dataset(one, SPEC, table, n_shards=shards, rejected=lost)
    shuffled = lost.take(mix.permutation(lost.num_rows))
    write_dataset(two, SPEC, table.take(mix.permutation(n)), n_shards=shards, rejected=shuffled)
    assert sums(one) == sums(two)
    assert verify(one) == []
    assert first == read_manifest(one)
    assert first.rows == n == read_table(one).num_rows
    assert (
        read_table(one).to_pylist()
        == table.sort_by([("who", "ascending"), ("item", "ascending")]).to_pylist()
    )


def test_the_manifest_says_all_it_should(tmp_path: Path) -> None:
    source = Source("items", "https://example.org/items", "CC0-1.0", "0" * 64)
    lost = rejected(3)
    manifest = write_dataset(
        tmp_path / "d", SPEC, rows(20), n_shards=3, shard_key="who", rejected=lost,
        parents={"profiles": "ab" * 32}, params={"n": 20}, sources=[source], rows_in=23,
    )  # fmt: skip
    assert (manifest.rows, manifest.rows_in) == (20, 23)
    assert manifest.rejected == {"no_text": 2, "too_long": 1}
    assert (manifest.table, manifest.version, manifest.key) == ("t.answers", "1.0.0", SPEC.key)
    assert manifest.parents == {"profiles": "ab" * 32}
    assert (manifest.params, manifest.sources, manifest.shard_key) == ({"n": 20}, (source,), "who")
    assert manifest.pyarrow == pa.__version__
    for index, shard in enumerate(manifest.shards):
        assert shard.file == shard_name(index, 3)
        assert shard.sha256 == file_sha256(tmp_path / "d" / shard.file)
    document = json.loads((tmp_path / "d/manifest.json").read_text())
    assert document["n_shards"] == 3


def test_a_shard_without_rows_is_still_a_file(tmp_path: Path) -> None:
    manifest = write_dataset(tmp_path / "d", SPEC, rows(0), n_shards=3)
    assert [s.rows for s in manifest.shards] == [0, 0, 0]
    assert read_table(tmp_path / "d").schema.equals(SPEC.schema())
    assert verify(tmp_path / "d") == []


def test_the_logical_hash_is_of_the_data_alone(tmp_path: Path) -> None:
    one = write_dataset(tmp_path / "a", SPEC, rows(9), params={"a": 1})
    two = write_dataset(tmp_path / "b", SPEC, rows(9), params={"a": 2}, parents={"p": "00" * 32})
    other = write_dataset(tmp_path / "c", SPEC, rows(9, start=1))
    assert one.logical_hash == two.logical_hash != other.logical_hash


def test_every_row_lies_where_its_key_hashes_to(tmp_path: Path) -> None:
    write_dataset(tmp_path / "d", SPEC, rows(200), n_shards=4, shard_key="who")
    for index, (name, table) in enumerate(iter_shards(tmp_path / "d")):
        assert name == shard_name(index, 4)
        assert {shard_of(k, 4) for k in table["who"].to_pylist()} <= {index}


def test_columns_can_be_chosen(tmp_path: Path) -> None:
    write_dataset(tmp_path / "d", SPEC, rows(30), n_shards=3)
    whole = read_table(tmp_path / "d")
    part = read_table(tmp_path / "d", ["x", "who"])
    assert part.equals(whole.select(["x", "who"]))
    with pytest.raises(InputError, match="no columns"):
        read_table(tmp_path / "d", ["y"])


def test_as_dataset_is_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write_dataset(tmp_path / "d", SPEC, rows(30), n_shards=3)
    view = as_dataset(tmp_path / "d")
    assert view.to_list() == read_table(tmp_path / "d").to_pylist()
    assert view._fingerprint == read_manifest(tmp_path / "d").logical_hash[:16]
    assert view.cache_files == []


def test_lost_rows_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConservationError, match="25 rows in, 20 rows out and 3 rejected"):
        write_dataset(tmp_path / "d", SPEC, rows(20), rejected=rejected(3), rows_in=25)
    assert not (tmp_path / "d/manifest.json").exists()
    assert verify(tmp_path / "d")


def test_equal_keys_name_themselves(tmp_path: Path) -> None:
    twice = pa.concat_tables([rows(20), rows(1, start=7)])
    with pytest.raises(SchemaError, match=r"\('p7', 7\)"):
        write_dataset(tmp_path / "d", SPEC, twice, n_shards=2)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"n_shards": 0}, InputError),
        ({"n_shards": 100_000}, InputError),
        ({"shard_key": "x"}, SchemaError),
        ({"params": {"x": float("nan")}}, InputError),
    ],
)
def test_arguments_that_cannot_hold(tmp_path: Path, arguments: dict, error: type) -> None:
    with pytest.raises(error):
        write_dataset(tmp_path / "d", SPEC, rows(3), **arguments)
    assert not (tmp_path / "d/manifest.json").exists()


def test_a_rebuild_leaves_nothing_of_the_build_before(tmp_path: Path) -> None:
    out = tmp_path / "d"
    write_dataset(out, SPEC, rows(40), n_shards=5, rejected=rejected(2))
    (out / ".part-00000-of-00005.parquet.ab.tmp").touch()
    write_dataset(out, SPEC, rows(40), n_shards=2)
    assert sorted(sums(out)) == ["manifest.json", shard_name(0, 2), shard_name(1, 2)]
    assert verify(out) == []


def test_files_of_others_are_not_touched(tmp_path: Path) -> None:
    out = tmp_path / "d"
    write_dataset(out, SPEC, rows(4))
    (out / "notes.txt").write_text("mine")
    before = sums(out)
    with pytest.raises(InputError, match=r"notes\.txt"):
        write_dataset(out, SPEC, rows(5))
    (out / "notes.txt").unlink()
    other = Table("t.other", "1.0.0", SPEC.key, SPEC.columns)
    with pytest.raises(InputError, match=r"t\.answers"):
        write_dataset(out, other, rows(5))
    assert sums(out).items() <= before.items()
    (out / "manifest.json").write_text('{"name": "a web page"}')
    with pytest.raises(InputError, match=r"manifest\.json"):
        begin(out, SPEC)


def test_an_unfinished_build_has_no_manifest_and_cannot_be_read(tmp_path: Path) -> None:
    out = tmp_path / "d"
    write_shard(SPEC, rows(0), out / shard_name(0, 2))
    for read in (read_table, read_manifest):
        with pytest.raises(InputError, match="cut off"):
            read(out)
    with pytest.raises(InputError, match="part-00001-of-00002"):
        write_manifest(out, SPEC, n_shards=2, parents={}, params={}, sources=(), rows_in=None)


def test_rows_in_the_wrong_shard_are_refused(tmp_path: Path) -> None:
    for index in range(2):
        write_shard(SPEC, rows(10, start=10 * index), tmp_path / shard_name(index, 2))
    with pytest.raises(SchemaError, match="belong to another shard"):
        write_manifest(tmp_path, SPEC, n_shards=2, parents={}, params={}, sources=(), rows_in=20)
    (tmp_path / "stray.parquet").touch()
    with pytest.raises(InputError, match="stray"):
        write_manifest(tmp_path, SPEC, n_shards=2, parents={}, params={}, sources=(), rows_in=20)


def test_a_truncated_shard_is_a_named_error(tmp_path: Path) -> None:
    write_dataset(tmp_path / "d", SPEC, rows(40))
    path = tmp_path / "d" / shard_name(0, 1)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="part-00000"):
        read_table(tmp_path / "d")


def test_a_dictionary_that_outgrows_its_index_over_all_shards_is_named(tmp_path: Path) -> None:
    small = Table("t.codes", "1.0.0", ("id",), (
        Column("id", pa.string(), "identity"),
        Column("d", pa.dictionary(pa.int8(), pa.string()), "too many values for 8 bits"),
    ))  # fmt: skip
    names = [f"k{i}" for i in range(200)]
    for index in range(2):
        mine = [n for n in names if shard_of(n, 2) == index]
        write_shard(
            small, small.from_columns({"id": mine, "d": mine}), tmp_path / shard_name(index, 2)
        )
    write_manifest(tmp_path, small, n_shards=2, parents={}, params={}, sources=(), rows_in=200)
    assert verify(tmp_path) == []
    with pytest.raises(InputError, match="wider index type"):
        read_table(tmp_path)


def test_importing_shards_imports_no_frame_library() -> None:
    import subprocess

    code = "import sys, measurand.shards; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"polars", "datasets", "pandas", "apache_beam"} & set(out.stdout.split())
