from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from measurand.manifest import (
    Manifest,
    Shard,
    file_sha256,
    fold_hash,
    read_manifest,
    shard_name,
    table_hash,
)
from measurand.parquet import REJECTED
from measurand.shards import write_dataset
from measurand.tables import Column, Table
from measurand.verification import verify

SPEC = Table(
    name="t.answers",
    version="1.0.0",
    key=("who",),
    columns=(
        Column("who", pa.string(), "who"),
        Column("x", pa.float64(), "value", minimum=0, maximum=1),
    ),
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    lost = REJECTED.from_columns({"key": ["a", "b"], "reason": ["r", "s"], "detail": ["", ""]})
    table = SPEC.from_columns(
        {"who": [f"p{i}" for i in range(40)], "x": [i / 40 for i in range(40)]}
    )
    write_dataset(tmp_path / "data/d", SPEC, table, n_shards=3, rejected=lost)
    return tmp_path / "data/d"


def edit(out: Path, **changes: object) -> None:
    manifest = dataclasses.replace(read_manifest(out), **changes)
    (out / "manifest.json").write_text(manifest.to_json())


def forge(out: Path, index: int, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change the rows of a shard and make every hash of the manifest agree."""
    path = out / shard_name(index, 3)
    table = change(pq.read_table(path))
    pq.write_table(table, path)
    old = read_manifest(out)
    shards = list(old.shards)
    shards[index] = Shard(path.name, table.num_rows, file_sha256(path), table_hash(table))
    rows = sum(s.rows for s in shards)
    logical = fold_hash(SPEC, (s.logical_hash for s in shards))
    edit(out, shards=tuple(shards), rows=rows, rows_in=rows + 2, logical_hash=logical)


def test_a_good_folder_is_fine_from_every_height(out: Path) -> None:
    for path in (out, out.parent, out.parent.parent, out / "manifest.json"):
        assert verify(path) == []


@pytest.mark.integration
def test_every_flipped_byte_names_its_file(out: Path) -> None:
    mix = np.random.default_rng(7)
    for name in [shard_name(i, 3) for i in range(3)] + ["rejected.parquet"]:
        path = out / name
        good = path.read_bytes()
        for place in mix.integers(0, len(good), 20):
            bad = bytearray(good)
            bad[place] ^= 1 << int(mix.integers(8))
            path.write_bytes(bytes(bad))
            (problem,) = verify(out.parent)
            assert str(path) in problem
        path.write_bytes(good)
    assert verify(out) == []


def test_every_flipped_byte_of_a_manifest_that_holds_a_claim_is_found(out: Path) -> None:
    path = out / "manifest.json"
    good = path.read_text()
    manifest = read_manifest(out)
    claims = [s.sha256 for s in manifest.shards] + [s.logical_hash for s in manifest.shards]
    claims += [manifest.logical_hash, '"rows": 40', '"rows_in": 42', '"r": 1', '"who": "string"']
    for claim in claims:
        at = good.index(claim) + len(claim) - 2
        path.write_text(good[:at] + ("1" if good[at] != "1" else "2") + good[at + 1 :])
        assert verify(out), claim
    path.write_text(good)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda out: (out / shard_name(1, 3)).unlink(), "part-00001-of-00003.parquet: missing"),
        (lambda out: (out / "rejected.parquet").unlink(), "rejected.parquet: missing"),
        (lambda out: (out / "x.parquet").touch(), "x.parquet: an extra file"),
        (lambda out: (out / shard_name(3, 4)).touch(), "part-00003-of-00004.parquet: an extra"),
        (lambda out: (out / ".part.ab.tmp").touch(), ".part.ab.tmp: an unfinished write"),
        (lambda out: (out / "manifest.json").write_text("{"), "manifest.json: not a manifest"),
        (lambda out: (out / "manifest.json").write_text("{}"), "part-00000-of-00003.parquet: no"),
        (lambda out: (out / "manifest.json").unlink(), "part-00000-of-00003.parquet: no dataset"),
        (lambda out: (out / shard_name(0, 3)).write_bytes(b""), "part-00000-of-00003.parquet: sha"),
        (lambda out: edit(out, rows=41), "manifest.json: says 41 rows"),
        (lambda out: edit(out, rows_in=43), "manifest.json: 43 rows in, 40 out and 2 rejected"),
        (lambda out: edit(out, rejected={"r": 2}), "rejected.parquet: holds {'r': 1, 's': 1}"),
        (lambda out: edit(out, rejected={"r": 1}), "manifest.json: says 1 rows rejected"),
        (lambda out: edit(out, rejected_shard=None), "rejected.parquet: an extra file"),
        (lambda out: edit(out, logical_hash="0" * 64), "manifest.json: logical hash"),
        (lambda out: edit(out, shard_key="x"), "shard key x is not in the key"),
        (lambda out: edit(out, shards=()), "manifest.json: shards are not numbered"),
        (lambda out: edit(out, version="2.0.0"), "declares another table, version"),
        (lambda out: edit(out, columns={"who": "string"}), "declares another table, version"),
    ],
)  # fmt: skip
def test_faults_are_named(out: Path, spoil: Callable[[Path], object], words: str) -> None:
    spoil(out)
    assert words in "\n".join(verify(out.parent))


def with_x(value: float | None) -> Callable[[pa.Table], pa.Table]:
    return lambda t: t.set_column(1, t.field("x"), pa.array([value, *t["x"].to_pylist()[1:]]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (with_x(7.0), "t.answers.x: <= 1 broken in 1 rows"),
        (with_x(float("nan")), "t.answers.x: not NaN broken in 1 rows"),
        (lambda t: t.take(list(range(t.num_rows))[::-1]), "rows are not sorted by ('who',)"),
        (lambda t: pa.concat_tables([t.slice(0, 1), t]), "key ('who',) unique broken in 2 rows"),
        (lambda t: t.replace_schema_metadata(None), "not a declared table"),
        (lambda t: t.append_column("y", t["x"]), "declares another table"),
        (lambda t: t.set_column(0, t.field("who"), pa.array([f"q{i}" for i in range(t.num_rows)])),
         "rows belong to another shard by who"),
    ],
)  # fmt: skip
def test_rows_that_break_the_declaration_are_found_behind_right_hashes(
    out: Path, change: Callable[[pa.Table], pa.Table], words: str
) -> None:
    forge(out, 1, change)
    found = "\n".join(verify(out))
    assert words in found
    assert shard_name(1, 3) in found


def test_the_same_key_in_two_shards_is_found(out: Path) -> None:
    stolen = pq.read_table(out / shard_name(0, 3)).slice(0, 1)
    forge(out, 2, lambda t: pa.concat_tables([t, stolen]).sort_by("who"))
    assert "1 rows belong to another shard by who" in "\n".join(verify(out))


def test_nothing_is_not_fine(tmp_path: Path) -> None:
    assert verify(tmp_path / "none") == [f"{tmp_path / 'none'}: no such folder"]
    (tmp_path / "a/b").mkdir(parents=True)
    assert verify(tmp_path) == [f"{tmp_path}: no dataset manifest.json in it or below it"]


def test_every_dataset_below_is_read(out: Path) -> None:
    table = SPEC.from_columns({"who": ["a"], "x": [0.5]})
    for name in ("e", "f/g"):
        write_dataset(out.parent / name, SPEC, table)
    (out.parent / "f/g" / shard_name(0, 1)).unlink()
    (out / shard_name(2, 3)).unlink()
    assert len(verify(out.parent)) == 2


def test_a_manifest_of_something_else_is_left_alone(out: Path) -> None:
    (out.parent / "web").mkdir()
    (out.parent / "web/manifest.json").write_text('{"name": "a web page"}')
    assert verify(out.parent) == []
    assert isinstance(read_manifest(out), Manifest)
