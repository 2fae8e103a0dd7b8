from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from measurand import shards
from measurand.errors import InputError, RunnerError
from measurand.verification import verify
from pipelines.guided_evolution.dataset import build
from schemas.guided_evolution.params import Params

GIVEN = """
build:
  tasks:
    - {id: nguyen1, source: {kind: formula, name: nguyen1}, budget: 60, seeds: 2, sweep: 2}
    - id: mine
      source:
        kind: own
        evaluate: PLACE:score
        operations: [{name: x}, {name: f, takes: [real]}, {name: g, takes: [real, real]}]
        timeout_s: 0.5
      budget: 40
      seeds: 1
      targets: {many: 6}
  methods:
    - {id: evolution, kind: evolution}
    - {id: pam_rt, kind: pam_rt}
  populations: [20]
  tournaments: [3, 5]
  guide: {warm_up: 20, children: 4}
  network: {hidden: 8, layers: 1, every: 10, steps: 2, pairs: 16}
  processes: 1
  n_shards: 2
train: null
"""
CODE = """
import time
def score(program):
    if len(program["ops"]) == 5:
        raise ValueError("five")
    if len(program["ops"]) == 7:
        time.sleep(30)
    return program["ops"].count("f")
"""


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "mine.py").write_text(CODE)
    found: dict[str, Any] = yaml.safe_load(GIVEN.replace("PLACE", str(tmp_path / "mine.py")))
    return found


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*"))
    }


@pytest.mark.integration
def test_a_build_is_the_same_with_one_worker_and_with_two(
    given: dict[str, Any], tmp_path: Path
) -> None:
    params = Params.model_validate(given)
    for name, runner in (("one", "FnApiRunner"), ("two", "FnApiRunner:processes=2")):
        build(params, tmp_path / name, runner, journal=tmp_path / f"journal-{name}")
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")
    searches = shards.read_table(tmp_path / "one" / "searches").to_pylist()
    assert len(searches) == 2 * 2 + 2 * 2 + 2
    swept = [row for row in searches if row["swept"]]
    assert {row["seed"] for row in swept} == {0, 1}
    programs = shards.read_table(tmp_path / "one" / "programs").to_pylist()
    mine = [row for row in programs if row["task"] == "mine"]
    failures = {row["failure"] for row in mine if row["status"] == "failed"}
    assert failures == {"ValueError: five", "no answer in 0.5 s"}
    assert sum(row["evaluations"] for row in searches) >= len(programs)
    for folder in (tmp_path / "one").iterdir():
        assert verify(folder) == []


@pytest.mark.integration
def test_networks_are_trained_once_and_alike_on_any_number_of_workers(
    given: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """30 s of a core: two pipelines that train 16 networks, and one that finds them."""
    source = {"kind": "digits", "nodes": 3, "epochs": 1, "trainings": 1}
    given["build"]["tasks"] = [{"id": "digits", "source": source, "budget": 8, "seeds": 1}]
    given["build"]["populations"] = [4]
    params = Params.model_validate(given)
    for name, runner, journal in (
        ("one", "FnApiRunner", "first"),
        ("two", "FnApiRunner:processes=2", "second"),
        ("again", "FnApiRunner", "second"),
    ):
        build(params, tmp_path / name, runner, journal=tmp_path / journal)
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two") == _bytes(tmp_path / "again")
    assert capsys.readouterr().out.count("digits: 16 networks") == 2
    tables = shards.read_table(tmp_path / "one" / "tables").to_pylist()
    assert len({row["program"] for row in tables}) == 16
    right = [round(450 * row["validation"], 6) for row in tables]
    assert all(x == int(x) and 0 < x < 450 for x in right)
    steps = shards.read_table(tmp_path / "one" / "steps").to_pylist()
    assert {row["fitness"] for row in steps} <= {row["validation"] for row in tables}


@pytest.mark.integration
def test_a_function_that_does_not_repeat_itself_is_said(
    given: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.py").write_text(
        "import random\ndef score(program):\n    return random.random()\n"
    )
    given["build"]["tasks"] = given["build"]["tasks"][1:]
    build(Params.model_validate(given), tmp_path / "d", "FnApiRunner", journal=tmp_path / "j")
    assert "3 of 3 programs had two fitnesses" in capsys.readouterr().out
    [row] = shards.read_table(tmp_path / "d" / "tasks").to_pylist()
    assert (row["checked"], row["unequal"]) == (3, 3)
    assert row["conflicts"] > 0


def test_what_cannot_be_searched_is_refused_before_anything_runs(
    given: dict[str, Any], tmp_path: Path
) -> None:
    given["build"]["tasks"][1]["source"]["evaluate"] = "no_such_module:score"
    params = Params.model_validate(given)
    with pytest.raises(InputError, match="cannot be loaded"):
        build(params, tmp_path / "d", "FnApiRunner", journal=tmp_path / "j")
    assert not (tmp_path / "j").exists()
    with pytest.raises(RunnerError):
        build(params, tmp_path / "e", "DirectRunner", journal=tmp_path / "j")
    assert not (tmp_path / "e").exists()
