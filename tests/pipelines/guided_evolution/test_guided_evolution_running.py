from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from forked import begin

from measurand import shards
from pipelines.guided_evolution import symbolic
from pipelines.guided_evolution.evaluations import FILE, counted
from pipelines.guided_evolution.programs import Program
from pipelines.guided_evolution.running import LEFT, One, Runner, setting
from pipelines.guided_evolution.spaces import Outcome
from schemas.guided_evolution.params import GATE_SEED, Build

BUILD = Build.model_validate(
    {
        "tasks": [
            {"id": "n1", "source": {"kind": "formula", "name": "nguyen5"}, "budget": 90, "seeds": 1}
        ],
        "methods": [
            {"id": "evolution", "kind": "evolution"},
            {"id": "pam_rt", "kind": "pam_rt", "shuffled": True, "encoder": "mlp"},
            {"id": "oracle", "kind": "pam_rt", "judge": "oracle", "accuracy": 0.7},
        ],
        "guide": {"warm_up": 20, "children": 4},
        "network": {"hidden": 8, "layers": 1, "every": 10, "steps": 2, "pairs": 16},
    }
)


def _one(method: int = 1, **more: object) -> One:
    made = One(BUILD.tasks[0], BUILD.methods[method], GATE_SEED, 30, 5)
    return replace(made, **more)  # type: ignore[arg-type]


def _bytes(work: Runner, one: One) -> dict[str, bytes]:
    return {
        name: b"".join(p.read_bytes() for p in sorted((work.folder(one) / name).glob("*.parquet")))
        for name in LEFT
        if name != "seconds"
    }


def test_settings_are_those_of_the_parameters() -> None:
    plain, guided, oracle = (setting(BUILD, _one(i)) for i in range(3))
    assert (plain.learning, plain.accuracy, plain.rule.kind) == (None, None, "evolution")
    assert guided.learning is not None
    assert (guided.learning.encoder, guided.learning.shuffled, guided.trust) == ("mlp", True, None)
    assert (oracle.learning, oracle.accuracy, oracle.population) == (None, 0.7, 30)
    assert oracle.rule.children == 4


def test_a_search_leaves_rows_that_agree_with_each_other(tmp_path: Path) -> None:
    work, one = Runner(BUILD, tmp_path, tmp_path / "journal"), _one()
    assert work(one) == "n1/pam_rt/10000"
    [row] = work.read(one, "searches").to_pylist()
    steps = work.read(one, "steps")
    assert row["evaluations"] == work.read(one, "programs").num_rows == 90
    assert (row["evaluations"], 1) == counted(work.folder(one))
    assert row["steps"] == steps.num_rows == row["evaluations"] + row["taken_over"]
    assert row["best"] == max(x for x in steps["fitness"].to_pylist() if x is not None)
    assert row["winner"] in work.read(one, "programs")["program"].to_pylist()
    seconds = work.read(one, "seconds").to_pylist()
    assert [s["best"] for s in seconds] == sorted(s["best"] for s in seconds)
    assert all(s["seconds"] >= s["judge"] + s["evaluation"] for s in seconds)
    assert {s["calls"] for s in seconds} == {90}


def test_a_search_that_is_done_is_not_run_again(tmp_path: Path) -> None:
    work, one = Runner(BUILD, tmp_path, tmp_path / "journal"), _one(0)
    work(one)
    before = {p: p.stat().st_mtime_ns for p in work.folder(one).rglob("*")}
    work(one)
    assert {p: p.stat().st_mtime_ns for p in work.folder(one).rglob("*")} == before


def test_all_that_decides_the_rows_is_in_the_name_of_the_folder(tmp_path: Path) -> None:
    work, one = Runner(BUILD, tmp_path, tmp_path), _one()
    other = BUILD.model_copy(update={"seed": 1})
    task = one.task.model_copy(update={"budget": 91})
    folders = {
        work.folder(one), Runner(other, tmp_path, tmp_path).folder(one),
        work.folder(replace(one, seed=7)), work.folder(replace(one, population=31)),
        work.folder(replace(one, swept=True)), work.folder(replace(one, task=task)),
    }  # fmt: skip
    assert len(folders) == 6
    more = one.task.model_copy(update={"seeds": 9})
    assert work.folder(replace(one, task=more)) == work.folder(one)


def _slowly(root: Path, journal: Path) -> None:
    """A search that leaves time to kill it."""
    measure = symbolic.Formulas.measure

    def slow(self: symbolic.Formulas, program: Program) -> Outcome:
        time.sleep(0.004)
        return measure(self, program)

    symbolic.Formulas.measure = slow  # type: ignore[method-assign]
    Runner(BUILD, root, journal)(_one())


@pytest.mark.integration
@pytest.mark.timeout(300)
def test_ten_kills_change_no_byte(tmp_path: Path) -> None:
    """A process that is killed ten times ends in the same history, network included."""
    work, one = Runner(BUILD, tmp_path, tmp_path / "whole"), _one()
    work(one)
    cut = Runner(BUILD, tmp_path, tmp_path / "cut")
    file, done, kills = cut.folder(one) / FILE, 0, 0
    for at in range(11):
        process = begin(_slowly, tmp_path, tmp_path / "cut")
        end = time.monotonic() + 120
        while at < 10 and process.is_alive() and time.monotonic() < end:
            lines = file.read_bytes().count(b"\n") if file.exists() else 0
            if lines >= done + 7:
                process.kill()
                done, kills = lines, kills + 1
                break
            time.sleep(0.002)
        process.join(timeout=120)
    assert kills == 10
    assert process.exitcode == 0
    assert _bytes(cut, one) == _bytes(work, one)
    time.sleep(0.2)
    # What was asked for and not yet written when a process died is asked for once more.
    calls, sessions = counted(cut.folder(one))
    assert 90 <= calls <= 90 + sessions - 1
    assert shards.read_table(cut.folder(one) / "programs").num_rows == 90
