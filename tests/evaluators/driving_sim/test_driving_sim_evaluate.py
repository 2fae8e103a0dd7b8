from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluators.driving_sim import evaluate as module
from evaluators.driving_sim.evaluate import evaluate, items, same
from evaluators.driving_sim.report import statistics
from measurand import shards
from measurand.errors import InputError
from measurand.manifest import file_sha256, read_manifest
from pipelines.driving_sim import dataset, learning, reading
from schemas.driving_sim.params import (
    RULES,
    Build,
    Evaluate,
    Imitation,
    ImitatorSpec,
    Params,
    PolicySpec,
    Reinforcement,
    Train,
)
from schemas.driving_sim.tables import DATASET

PARAMS = Params(
    build=Build(families=("curve", "fork"), scenarios=3, n_shards=1, test_share=0.5),
    train=Train(
        imitation=Imitation(
            models=(ImitatorSpec(name="bc_route"), ImitatorSpec(name="bc_none", route=False)),
            steps=3,
            batch=8,
        ),
        reinforcement=Reinforcement(
            models=(PolicySpec(name="ppo_idm", others="idm"),), iterations=1, scenarios=2
        ),
        device="cpu",
    ),
    evaluate=Evaluate(swapped=("bc_route",), draws=1, rebuilt=1.0, throughput=()),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("evaluate")
    dataset.write(PARAMS.build, out / "dataset", "FnApiRunner")
    learning.train_drivers(PARAMS.train, out / "dataset", out / "checkpoint", journal=out / "j")
    return out


@pytest.fixture(scope="module")
def done(place: Path) -> Path:
    evaluate(PARAMS, place, None, place / "results", journal=place / "journal")
    return place / "results"


def digests(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): file_sha256(p)
        for p in sorted(folder.rglob("part-*"))
        if "throughput" not in p.parts
    }


@pytest.mark.integration
def test_everybody_drives_everywhere_and_the_report_can_be_made(place: Path, done: Path) -> None:
    rows = shards.read_table(done / "rollouts").to_pylist()
    tests = [s.scenario_id for s in reading.scenarios_of(place / "dataset", "test")]
    planners = {*RULES, *PARAMS.train.names, "bc_route:swap"}
    wanted = {(p, o, s) for p in planners for o in ("playback", "idm") for s in tests}
    assert {(r["planner"], r["others"], r["scenario_id"]) for r in rows} == wanted
    found = shards.read_table(done / "items").to_pylist()
    assert {r["model"] for r in found} == {
        *RULES, "bc_route:0", "bc_none:0", "ppo_idm:0", "bc_route:swap:0",
    }  # fmt: skip
    checks = shards.read_table(done / "checks").to_pylist()
    assert all(row["rebuilt"] and row["log_overlaps"] == 0 for row in checks)
    table = statistics(place, done, PARAMS)
    assert table.num_rows > 200


@pytest.mark.integration
def test_a_run_that_was_killed_ends_in_the_same_bytes(
    place: Path, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = module.jobs.do, [4]

    def dying(job: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        real(job)

    with monkeypatch.context() as patch:
        patch.setattr(module.jobs, "do", dying)
        with pytest.raises(KeyboardInterrupt):
            evaluate(PARAMS, place, None, tmp_path / "r", journal=tmp_path / "j")
    assert len(list((tmp_path / "j" / "drives").iterdir())) == 3
    evaluate(PARAMS, place, None, tmp_path / "r", journal=tmp_path / "j")
    assert digests(tmp_path / "r") == digests(done)


@pytest.mark.integration
def test_ten_kills_end_in_the_same_bytes(
    place: Path, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every process is killed in its second job, by a signal that nothing can answer."""
    real, calls = module.jobs.drive_batch, [0]

    def dying(*args: Any, **more: Any) -> Any:
        calls[0] += 1
        if calls[0] == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **more)

    for _ in range(10):
        child = os.fork()
        if child == 0:
            try:
                monkeypatch.setattr(module.jobs, "drive_batch", dying)
                evaluate(PARAMS, place, None, tmp_path / "r", journal=tmp_path / "j")
            finally:
                # An error must not make a second pytest of this process.
                os._exit(1)
        status = os.waitpid(child, 0)[1]
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL
    assert not (tmp_path / "r").exists()
    evaluate(PARAMS, place, None, tmp_path / "r", journal=tmp_path / "j")
    assert digests(tmp_path / "r") == digests(done)


@pytest.mark.integration
@pytest.mark.usefixtures("warm_processes")
def test_two_processes_end_in_the_same_bytes(place: Path, done: Path, tmp_path: Path) -> None:
    two = PARAMS.evaluate.model_copy(update={"processes": 2})
    given = PARAMS.model_copy(update={"evaluate": two})
    evaluate(given, place, None, tmp_path / "r", journal=tmp_path / "j")
    mine, other = digests(tmp_path / "r"), digests(done)
    # Items name the parameters that made them.
    assert {k: v for k, v in mine.items() if not k.startswith("items")} == {
        k: v for k, v in other.items() if not k.startswith("items")
    }


@pytest.mark.integration
def test_a_limit_is_marked(place: Path, tmp_path: Path) -> None:
    evaluate(PARAMS, place, None, tmp_path / "r", journal=tmp_path / "j", limit=1)
    rows = shards.read_table(tmp_path / "r" / "rollouts").to_pylist()
    assert len({r["scenario_id"] for r in rows}) == len({r["family"] for r in rows})
    assert read_manifest(tmp_path / "r" / "rollouts").params["partial"] is True


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not oracle:x"):
        evaluate(PARAMS, tmp_path, "oracle:x", tmp_path, journal=tmp_path)
    with pytest.raises(InputError, match="no training"):
        evaluate(PARAMS, tmp_path, None, tmp_path, journal=tmp_path)


@pytest.mark.integration
def test_a_scenario_that_was_changed_does_not_come_out_again(place: Path) -> None:
    stored = {
        spec.name: shards.read_table(place / "dataset" / spec.name.split(".")[1])
        for spec in DATASET
    }
    heads = {r["scenario_id"]: r for r in stored["driving_sim.scenarios"].to_pylist()}
    one = reading.scenarios_of(place / "dataset", "test")[0]
    assert same(PARAMS, one, stored, heads[one.scenario_id])
    objects = stored["driving_sim.objects"].to_pylist()
    objects[0]["x"][5] += 0.01
    for row in objects:
        row["x"] = [x + 0.01 for x in row["x"]]
    spec = next(spec for spec in DATASET if spec.name == "driving_sim.objects")
    from measurand import runs

    spoiled = {**stored, spec.name: runs.table(spec, objects)}
    assert not same(PARAMS, one, spoiled, heads[one.scenario_id])


def rows() -> Iterator[dict[str, Any]]:
    usual: dict[str, Any] = {
        "planner": "bc_route", "training": 1, "others": "idm", "seed": 0, "scenario_id": "fork-1",
        "family": "fork", "cluster_id": "fork-1", "collision_step": 20, "off_road_step": None,
        "off_route_step": None, "wrong_way_step": None, "has_edges": False, "infeasible_steps": 0,
        "ade_m": 2.5, "progress_ratio": None,
    }  # fmt: skip
    yield usual


def test_items_say_what_cannot_be_seen() -> None:
    found = {row["metric"]: row for row in items(list(rows()))}
    assert found["collision"]["value"] == 1
    assert found["off_road"]["value"] is None
    assert found["off_road"]["reason"] == "no edge of a road"
    assert (found["progress"]["status"], found["progress"]["reason"]) == (
        "skipped",
        "the log stood",
    )
    assert found["ade"]["model"] == "bc_route:1"
    assert found["ade"]["item_id"] == "idm|fork-1"
