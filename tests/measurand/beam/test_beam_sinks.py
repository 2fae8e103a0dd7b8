from __future__ import annotations

from pathlib import Path
from typing import Any

import apache_beam
import pyarrow as pa
import pytest
import toy_build
from toy_build import SPEC, build

from measurand import beam
from measurand.errors import ConservationError, SchemaError
from measurand.manifest import file_sha256, read_manifest
from measurand.shards import read_table, write_dataset
from measurand.verification import verify


def test_the_sink_writes_the_bytes_of_the_plain_writer(tmp_path: Path) -> None:
    build({"rows": 3000, "shards": 4}, tmp_path / "beam", "FnApiRunner")
    table = toy_build.answers(0, 3000)
    good = table.filter(pa.compute.less_equal(table["value"], 5))
    write_dataset(tmp_path / "plain", SPEC, good, n_shards=4, shard_key="participant")
    beamed, plain = read_manifest(tmp_path / "beam"), read_manifest(tmp_path / "plain")
    assert beamed.shards == plain.shards
    assert beamed.logical_hash == plain.logical_hash
    assert (beamed.rows_in, beamed.rows, beamed.rejected) == (3000, 2969, {"out_of_range": 31})
    assert verify(tmp_path / "beam") == []


def test_input_order_and_bundle_size_do_not_change_a_byte(tmp_path: Path) -> None:
    build({"rows": 2000, "shards": 3}, tmp_path / "a", "FnApiRunner")
    build(
        {"rows": 2000, "shards": 3, "shuffle_seed": 5, "blob_rows": 77},
        tmp_path / "b",
        "FnApiRunner",
    )
    one, two = ({p.name: file_sha256(p) for p in (tmp_path / d).iterdir()} for d in "ab")
    assert one == two


def small(blobs: list[bytes], out: Path, **arguments: Any) -> Any:
    with beam.pipeline() as p:
        sink = beam.to_shards(p | apache_beam.Create(blobs), SPEC, out, **arguments)
    return sink.finish()


def test_no_rows_are_a_dataset_too(tmp_path: Path) -> None:
    empty = beam.to_ipc(toy_build.answers(0, 0))
    for name, blobs in (("none", []), ("empty", [empty, empty])):
        manifest = small(blobs, tmp_path / name, n_shards=3)
        assert (manifest.rows, manifest.rows_in, len(manifest.shards)) == (0, 0, 3)
        assert verify(tmp_path / name) == []


def test_equal_keys_from_two_inputs_are_named(tmp_path: Path) -> None:
    blobs = [beam.to_ipc(toy_build.answers(a, b)) for a, b in ((1, 60), (40, 90))]
    with pytest.raises(SchemaError, match=r"key \('participant', 'item'\) unique .*'d\d+-ev\d', 0"):
        small(blobs, tmp_path / "d", n_shards=2)
    assert not (tmp_path / "d/manifest.json").exists()


def test_rows_that_break_a_rule_are_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"toy\.answers\.value: <= 5 broken in 1 rows \(.*: 9\)"):
        small([beam.to_ipc(toy_build.answers(0, 50))], tmp_path / "d")


def test_other_columns_are_named(tmp_path: Path) -> None:
    blob = beam.to_ipc(toy_build.answers(1, 50).drop_columns(["item"]))
    with pytest.raises(SchemaError, match="missing columns"):
        small([blob], tmp_path / "d")


def test_lost_rows_are_found(tmp_path: Path) -> None:
    def drop(span: tuple[int, int]) -> bytes:
        beam.count(SPEC, "rows_in", span[1] - span[0])
        return beam.to_ipc(toy_build.answers(*span).slice(1))

    with beam.pipeline() as p:
        blobs = p | apache_beam.Create([(1, 40), (40, 90)]) | apache_beam.Map(drop)
        sink = beam.to_shards(blobs, SPEC, tmp_path / "d")
    with pytest.raises(ConservationError, match="89 rows in, 87 rows out"):
        sink.finish()
    with pytest.raises(ConservationError, match="100 rows expected, 89 read"):
        sink.finish(rows_in=100)
    assert not (tmp_path / "d/manifest.json").exists()


def test_two_sinks_in_one_pipeline(tmp_path: Path) -> None:
    other = type(SPEC)("toy.again", "1.0.0", SPEC.key, SPEC.columns)
    with beam.pipeline() as p:
        blobs = p | apache_beam.Create([beam.to_ipc(toy_build.answers(1, 60))])
        sinks = [beam.to_shards(blobs, s, tmp_path / s.name, 2) for s in (SPEC, other)]
    assert [sink.finish().table for sink in sinks] == ["toy.answers", "toy.again"]
    assert [sink.written() for sink in sinks] == [2, 2]
    assert read_table(tmp_path / "toy.answers").equals(read_table(tmp_path / "toy.again"))
