from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import driving_sim_files as made
import numpy as np
import pyarrow as pa
import pytest

from measurand import shards
from measurand.manifest import read_manifest
from measurand.verification import verify
from pipelines.driving_sim import dataset
from pipelines.driving_sim.scenario import Scenario
from schemas.driving_sim.params import Build, Recorded
from schemas.driving_sim.tables import DATASET

CROWD = 10_000


def bare(s: Scenario, name: str) -> Scenario:
    """Without roads, so that it is written fast."""
    return replace(s, scenario_id=name, lanes=(), edges=())


def crowded(s: Scenario, name: str) -> Scenario:
    """Ten thousand more, each there for a moment."""
    n = len(s.kind)
    track, valid = np.zeros((n + CROWD, 91, 4)), np.zeros((n + CROWD, 91), bool)
    velocity = np.zeros((n + CROWD, 91, 2))
    track[:n], valid[:n], velocity[:n] = s.track, s.valid, s.velocity
    track[n:, 10, 0] = 50 + np.arange(CROWD)
    valid[n:, 10] = True
    kinds = (*s.kind, *["pedestrian"] * CROWD)
    return replace(s, scenario_id=name, kind=kinds, track=track, valid=valid, velocity=velocity)


def alone(s: Scenario, name: str) -> Scenario:
    """The driven car and nobody else."""
    return replace(
        bare(s, name), kind=s.kind[:1], track=s.track[:1], valid=s.valid[:1], size=s.size[:1],
        z=s.z[:1], stop=s.stop[:1], light=s.light[:1], path=s.path[:1],
    )  # fmt: skip


def build(out: Path, *recorded: Recorded) -> dict[str, pa.Table]:
    dataset.write(Build(scenarios=0, recorded=recorded, n_shards=2), out, "FnApiRunner")
    tables = {}
    for spec in DATASET:
        folder = out / spec.name.split(".")[1]
        assert verify(folder) == []
        tables[spec.name] = shards.read_table(folder)
    return tables


@pytest.mark.integration
def test_bad_recordings_are_counted_and_the_others_are_the_same_rows(
    scenarios: list[Scenario], tmp_path: Path
) -> None:
    """Every fault of a file or a record in one build of all formats; a build without them."""
    one, two = scenarios[0], scenarios[1]
    nan, late = two.track.copy(), two.valid.copy()
    nan[0, 50, 0], late[0, 10] = np.nan, False
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.mkdir()
    bad.mkdir()

    def record(s: Scenario, **more: object) -> bytearray:
        return bytearray(made.record(made.womd(s, **more)))  # type: ignore[arg-type]

    roadless = [record(bare(one, "roadless")), record(alone(one, "alone"))]
    (good / "a.tfrecord").write_bytes(b"".join(roadless))
    made.av2(crowded(bare(two, "crowd"), "crowd"), good)
    made.commonroad(two, good)
    flipped = record(bare(one, "flipped"))
    flipped[5000] ^= 4
    records = [
        flipped,
        record(replace(bare(two, "nan"), track=nan)),
        record(replace(bare(two, "late"), valid=late)),
        record(bare(two, "back"), seconds=-0.1 * np.arange(91)),
        record(bare(one, "cut"))[:-100],
    ]
    (bad / "b.tfrecord").write_bytes(b"".join(records))
    shutil.copy(good / "a.tfrecord", bad / "c.tfrecord")
    half = made.av2(bare(two, "half"), bad)
    half.write_bytes(half.read_bytes()[:2000])
    half = made.commonroad(bare(two, "torn"), bad)
    half.write_bytes(half.read_bytes()[:2000])
    (bad / "bomb.xml").write_text(
        '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><commonRoad>&b;</commonRoad>'
    )

    def given(*folders: Path) -> list[Recorded]:
        forms = (("womd", "*.tfrecord"), ("av2", "*.parquet"), ("commonroad", "*.xml"))
        return [
            Recorded(format=form, files=tuple(str(f / name) for f in folders), most=24)
            for form, name in forms
        ]

    wanted = build(tmp_path / "wanted", *given(good))
    found = build(tmp_path / "found", *given(good, bad))
    assert all(found[name].equals(rows) for name, rows in wanted.items())
    heads = {row["scenario_id"]: row for row in found["driving_sim.scenarios"].to_pylist()}
    assert set(heads) == {"roadless", "alone", "crowd", two.scenario_id}
    assert heads["crowd"]["n_dropped"] == len(two.kind) + CROWD - 24
    assert (heads["alone"]["n_objects"], heads["crowd"]["n_objects"]) == (1, 24)
    assert any("no road edges" in said for said in heads["roadless"]["assumed"])
    manifest = read_manifest(tmp_path / "found" / "scenarios")
    assert manifest.rejected == {
        "crc": 1, "not_finite": 1, "no_sdc": 1, "time": 1, "truncated": 1, "twice": 2,
        "not_parquet": 1, "not_xml": 1, "xml_bomb": 1,
    }  # fmt: skip
    assert manifest.rows_in == manifest.rows + sum(manifest.rejected.values())
