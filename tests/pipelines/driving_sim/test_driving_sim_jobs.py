from __future__ import annotations

from pathlib import Path

import pytest

from measurand import shards
from measurand.manifest import read_manifest
from pipelines.driving_sim import dataset, jobs, learning
from pipelines.driving_sim.jobs import Job
from schemas.driving_sim.params import (
    RULES,
    Build,
    Evaluate,
    Imitation,
    ImitatorSpec,
    Params,
    Train,
)

PARAMS = Params(
    build=Build(families=("fork",), scenarios=4, n_shards=1, test_share=0.5),
    train=Train(
        imitation=Imitation(models=(ImitatorSpec(name="bc_route"),), steps=3, batch=8),
        repeats=2,
        device="cpu",
    ),
    evaluate=Evaluate(worlds=("playback",), swapped=("bc_route",), draws=2),
)


def test_everybody_drives_and_trained_ones_in_every_training() -> None:
    found = jobs.jobs(PARAMS, Path("d"), "p", None, Path("j"))
    names = [(job.name, job.training) for job in found]
    assert names[: len(RULES)] == [(name, 0) for name in RULES]
    assert names[len(RULES) :] == [
        (name, at) for at in (0, 1) for name in ("bc_route", "bc_route:swap")
    ]
    assert [job.name for job in found if job.shown] == ["bc_route"]


def test_a_limit_is_one_of_every_family() -> None:
    class Named:
        def __init__(self, family: str) -> None:
            self.family = family

    some = [Named(f) for f in "aabbba"]
    assert [s.family for s in jobs.limited(some, 1)] == ["a", "b"]
    assert jobs.limited(some, None) == some


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("jobs")
    dataset.write(PARAMS.build, out / "dataset", "FnApiRunner")
    learning.train_drivers(PARAMS.train, out / "dataset", out / "checkpoint", journal=out / "j")
    return out


def job(data: Path, name: str, journal: Path, training: int = 0) -> Job:
    parent = read_manifest(data / "dataset" / "scenarios").logical_hash
    found = jobs.jobs(PARAMS, data, parent, None, journal)
    return next(one for one in found if (one.name, one.training) == (name, training))


@pytest.mark.integration
def test_a_job_is_done_once_and_another_training_is_another_drive(
    data: Path, tmp_path: Path
) -> None:
    first, second = (job(data, "bc_route", tmp_path, at) for at in (0, 1))
    jobs.do(first)
    jobs.do(second)
    tables = [shards.read_table(one.place / "rollouts").to_pylist() for one in (first, second)]
    assert [row["training"] for row in tables[1]] == [1] * len(tables[1])
    assert tables[0][0]["x"] != tables[1][0]["x"]
    written = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.parquet")}
    jobs.do(first)
    assert written == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.parquet")}
    films = shards.read_table(first.place / "films").to_pylist()
    assert films
    n = len(films[0]["valid"]) // 81
    assert len(films[0]["pose"]) == 81 * n * 4
    assert shards.read_table(second.place / "films").num_rows == 0


@pytest.mark.integration
def test_who_is_told_another_way_says_so(data: Path, tmp_path: Path) -> None:
    own, other = (job(data, name, tmp_path) for name in ("bc_route", "bc_route:swap"))
    for one in (own, other):
        jobs.do(one)
    rows = shards.read_table(own.place / "rollouts").to_pylist()
    assert all(r["told"] == "own" and r["off_told_step"] == r["off_route_step"] for r in rows)
    swapped = shards.read_table(other.place / "rollouts").to_pylist()
    assert {row["told"] for row in swapped} == {"other"}
    assert own.place != other.place


def test_other_settings_are_another_place(tmp_path: Path) -> None:
    found = jobs.jobs(PARAMS, tmp_path, "p", None, tmp_path)[0]
    wider = PARAMS.model_copy(update={"evaluate": Evaluate(worlds=("idm",))})
    assert jobs.jobs(wider, tmp_path, "p", None, tmp_path)[0].place != found.place
    assert jobs.jobs(PARAMS, tmp_path, "other", None, tmp_path)[0].place != found.place
    assert jobs.jobs(PARAMS, tmp_path, "p", 3, tmp_path)[0].place != found.place
