from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from api_project import files, project

import measurand
from measurand.api import dealt
from measurand.errors import RunnerError

__all__ = ["project"]


def test_systems_without_batches_refuse_a_runner_by_name(project: Path) -> None:
    (project / "data/elastictok/dataset").mkdir(parents=True)
    with pytest.raises(RunnerError, match="evaluate elastictok has no batches of model calls"):
        measurand.evaluate("elastictok", runner="FnApiRunner:processes=2")


def test_threads_would_share_an_engine(project: Path) -> None:
    (project / "data/personality/dataset").mkdir(parents=True)
    with pytest.raises(RunnerError, match="threads of one process would share an engine"):
        measurand.evaluate("personality", runner="FnApiRunner:threads=2")


def test_a_run_that_stops_when_decided_is_no_list_of_batches(tmp_path: Path) -> None:
    module = importlib.import_module("evaluators.many_shot.evaluate")
    done: list[Path] = []
    with pytest.raises(RunnerError, match="--runner with --until"):
        dealt.asked(done.append, module, tmp_path, tmp_path, "PrismRunner", [], until=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEASURAND_RUNNER", "FnApiRunner:processes=2")
        assert dealt.asked(done.append, module, tmp_path, tmp_path, None, [], until=True) == []
    assert done == [tmp_path]


@pytest.mark.integration
def test_workers_give_the_same_results_and_stand_in_their_provenance(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measurand.build("personality")
    one = measurand.evaluate("personality", out="one", journal="j1")
    told: list[str] = []

    def tell(what: str, done: int, total: int | None, unit: str) -> None:
        told.append(f"{what} {done} {unit}")

    monkeypatch.setenv("MEASURAND_RUNNER", "FnApiRunner:processes=2")
    two = measurand.evaluate("personality", out="two", journal="j2", progress=tell)
    assert files(two.folder) == files(one.folder)
    assert one.record["tables"] == two.record["tables"]
    # How answers begin is no question to a respondent: one job, then the loop.
    assert [line for line in told if line.endswith(" 0 prompts")] == [
        "evaluate synthetic:factor 0 prompts"
    ] * 2
    facts = json.loads(Path("two/provenance.json").read_text())["workers"]
    assert facts[-1]["packages"]["pyarrow"]
    assert "workers" not in json.loads(Path("one/provenance.json").read_text())


@pytest.mark.integration
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_evaluation_that_is_stopped_ends_its_workers(
    number: signal.Signals, project: Path
) -> None:
    measurand.build("personality")
    words = ["evaluate", "personality", "--runner", "FnApiRunner:processes=2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "measurand.cli", *words], stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stderr.readline().startswith("evaluate synthetic:factor: 0/")
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[number], said
    assert "run it again to go on" in said
    assert "Traceback" not in said
    assert list((project / "journal/personality").glob(".dealt-*")) == []
    assert not (project / "reports/personality/results/items").exists()
