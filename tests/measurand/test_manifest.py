from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pytest

from measurand.errors import InputError
from measurand.manifest import (
    Manifest,
    Shard,
    Source,
    contract_text,
    file_sha256,
    fold_hash,
    read_manifest,
    shard_name,
    write_text,
)
from measurand.tables import Column, Table

SHARD = Shard("part-00000-of-00001.parquet", 3, "a" * 64, "b" * 64)
MANIFEST = Manifest(
    table="t.rows",
    version="1.0.0",
    key=("id",),
    columns={"id": "string"},
    shard_key=None,
    rows=3,
    rows_in=4,
    shards=(SHARD,),
    logical_hash="c" * 64,
    rejected={"out_of_range": 1},
    rejected_shard=Shard("rejected.parquet", 1, "d" * 64, "e" * 64),
    parents={"profiles": "f" * 64},
    params={"n": 1, "levels": [1, 9], "note": "ü"},
    sources=(Source("items", "https://example.org", "public domain", None),),
    pyarrow="25.0.1",
)
SPEC = Table("t.rows", "1.0.0", ("id",), (Column("id", pa.string(), "identity"),))


def test_json_is_canonical_and_round_trips() -> None:
    text = MANIFEST.to_json()
    assert Manifest.from_json(text) == MANIFEST
    document = json.loads(text)
    assert text == json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    assert document["n_shards"] == 1
    shuffled = dataclasses.replace(MANIFEST, params=dict(reversed(MANIFEST.params.items())))
    assert shuffled.to_json() == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, Path("x"), b"x"])
def test_parameters_that_json_cannot_hold_are_refused(value: object) -> None:
    with pytest.raises(InputError, match=r"t\.rows"):
        dataclasses.replace(MANIFEST, params={"x": value}).to_json()


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "{}", '{"format": "measurand.manifest/2"}',
        MANIFEST.to_json().replace('"n_shards": 1', '"n_shards": 2'),
        MANIFEST.to_json().replace('"rows_in": 4,', ""),
        MANIFEST.to_json().replace('"pyarrow"', '"polars"'),
        MANIFEST.to_json().replace('"rows": 3', '"rows": "3"'),
        MANIFEST.to_json().replace('"rejected": {', '"rejected": 1, "x": {'),
        MANIFEST.to_json()[:-20],
    ],
)  # fmt: skip
def test_other_files_are_not_manifests(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest\.json"):
        read_manifest(tmp_path)


def test_a_missing_or_binary_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unbuilt"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"manifest\.json"):
        read_manifest(tmp_path)


def test_a_text_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, synced: list[tuple[str, bytes]]
) -> None:
    write_text(tmp_path / "a", "new\n")
    [(name, content)] = synced
    assert (name == "a", content) == (False, b"new\n")


def test_write_text_is_whole_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(tmp_path / "a", "old\n")

    def fail(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr("measurand.manifest.os.replace", fail)
    with pytest.raises(OSError, match="no"):
        write_text(tmp_path / "a", "new\n")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a", "old\n")]


def test_file_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    assert file_sha256(tmp_path / "a") == hashlib.sha256(b"abc" * 100_000).hexdigest()


def test_the_fold_reads_the_contract_and_the_order_of_shards_but_no_prose() -> None:
    hashes = ["a" * 64, "b" * 64]
    documented = dataclasses.replace(SPEC, doc="words")
    assert contract_text(documented) == contract_text(SPEC)
    narrowed = dataclasses.replace(
        SPEC, columns=(dataclasses.replace(SPEC.columns[0], pattern="^a"),)
    )
    assert len({fold_hash(SPEC, hashes), fold_hash(SPEC, hashes[::-1])}) == 2
    assert fold_hash(SPEC, hashes) == fold_hash(documented, hashes) != fold_hash(narrowed, hashes)


def test_shard_names_sort_by_number() -> None:
    names = [shard_name(i, 12) for i in range(12)]
    assert names[:2] == ["part-00000-of-00012.parquet", "part-00001-of-00012.parquet"]
    assert names == sorted(names)


def test_a_link_to_nothing_is_no_unfinished_build(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").symlink_to(tmp_path / "moved" / "cache")
    with pytest.raises(InputError, match=r"is a link to .*cache, which is not there"):
        read_manifest(tmp_path)
