from __future__ import annotations

from pathlib import Path

import pytest

from measurand import shards
from measurand.manifest import file_sha256, read_manifest
from measurand.verification import verify
from pipelines.driving_sim import dataset
from pipelines.driving_sim.storage import from_tables
from schemas.driving_sim.params import Build
from schemas.driving_sim.tables import DATASET, SCENARIOS

BUILD = Build(families=("curve", "tee"), scenarios=3, n_shards=2)


def digests(out: Path) -> dict[str, str]:
    return {p.relative_to(out).as_posix(): file_sha256(p) for p in sorted(out.rglob("part-*"))}


def folders(out: Path) -> dict[str, Path]:
    return {spec.name: out / spec.name.split(".")[1] for spec in DATASET}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("driving") / "dataset"
    dataset.write(BUILD, out, "FnApiRunner")
    return out


def test_every_scenario_is_written_with_its_parts(built: Path) -> None:
    for folder in folders(built).values():
        assert verify(folder) == []
    assert read_manifest(built / "scenarios").rows_in == 6
    tables = {name: shards.read_table(folder) for name, folder in folders(built).items()}
    found = from_tables(tables)
    assert [s.scenario_id for s in found] == sorted(
        f"{family}-{k}" for family in ("curve", "tee") for k in range(3)
    )
    heads = tables[SCENARIOS.name].to_pylist()
    assert [row["n_objects"] for row in heads] == [len(s.kind) for s in found]
    assert all(s.lanes and s.edges and s.ways for s in found)


@pytest.mark.integration
def test_two_processes_write_the_same_bytes(built: Path, tmp_path: Path) -> None:
    dataset.write(BUILD, tmp_path, "FnApiRunner:processes=2")
    assert digests(tmp_path) == digests(built)


def test_what_cannot_be_made_is_rejected_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.driving_sim import generator

    monkeypatch.setattr(generator, "RETRIES", 0)
    dataset.write(Build(families=("curve",), scenarios=2, n_shards=1), tmp_path, "FnApiRunner")
    manifest = read_manifest(tmp_path / "scenarios")
    assert (manifest.rows, manifest.rejected) == (0, {"not_made": 2})


def test_a_scenario_keeps_its_side_when_others_are_added() -> None:
    names = [f"curve-{k}" for k in range(4000)]
    sides = [dataset.split_of(name, 0.375) for name in names]
    assert 0.35 < sides.count("test") / 4000 < 0.40
    wider = [dataset.split_of(name, 0.5) for name in names]
    assert all(w == "test" for s, w in zip(sides, wider, strict=True) if s == "test")
    assert {dataset.split_of(n, 0.0) for n in names} == {"train"}
    assert {dataset.split_of(n, 1.0) for n in names} == {"test"}
