from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from dealt_loop import calls, evaluate

from measurand.dealing import running
from measurand.dealing.units import Unit, answer
from measurand.errors import CapabilityError, InfraError, RunnerError
from measurand.runs import slug

SPEC = "synthetic:uniform"


def here(units: Sequence[Unit], label: str, total: int, done: int) -> None:
    """Units answered by this very process."""
    for unit in units:
        answer(unit)


def dealt(folder: Path, job: running.Job = here, spec: str = SPEC) -> None:
    journal = folder / "journal"
    running.run(lambda out: evaluate(out, journal, spec), folder / "out", journal, job)


def looped(folder: Path, spec: str = SPEC) -> None:
    evaluate(folder / "out", folder / "journal", spec)


def both(tmp_path: Path, spec: str = SPEC, job: running.Job = here) -> None:
    looped(tmp_path / "loop", spec)
    dealt(tmp_path / "dealt", job, spec)
    same(tmp_path, spec)


def same(tmp_path: Path, spec: str = SPEC) -> None:
    one, two = tmp_path / "loop", tmp_path / "dealt"
    assert (one / "out/rows.json").read_bytes() == (two / "out/rows.json").read_bytes()
    assert calls(one / "journal", spec) == calls(two / "journal", spec)
    assert [p.name for p in (two / "journal").iterdir()] == [f"{slug(spec)}.jsonl"]


def test_results_and_journal_are_the_loops(tmp_path: Path) -> None:
    asked: list[tuple[str, int, int, int]] = []

    def job(units: Sequence[Unit], label: str, total: int, done: int) -> None:
        asked.append((label, len(units), total, done))
        here(units, label, total, done)

    both(tmp_path, job=job)
    # The trial first, since it decides what is asked then.
    assert asked == [(f"evaluate {SPEC}", 1, 12, 0), (f"evaluate {SPEC}", 5, 72, 0)]


def test_a_replay_is_the_loops(tmp_path: Path) -> None:
    looped(tmp_path / "first")
    file = tmp_path / "first" / "journal" / f"{slug(SPEC)}.jsonl"
    both(tmp_path, f"replay:{file}")


def test_a_language_model_is_the_loops(tmp_path: Path, toy_model_folder: Path) -> None:
    both(tmp_path, f"hf:{toy_model_folder}?template=none&device=cpu")


def test_a_second_run_deals_nothing(tmp_path: Path) -> None:
    both(tmp_path)

    def never(units: Sequence[Unit], label: str, total: int, done: int) -> None:
        raise AssertionError(label)

    dealt(tmp_path / "dealt", never)
    same(tmp_path)


def test_a_lost_worker_costs_its_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done: list[int] = []

    def job(units: Sequence[Unit], label: str, total: int, before: int) -> None:
        for unit in units:
            if len(done) == 3:
                done.append(-1)
                raise RunnerError("a worker process has died")
            answer(unit)
            done.append(unit.number)

    both(tmp_path, job=job)
    assert done == [0, 0, 1, -1, 2, 3, 4]
    assert "a worker process has died; 3 of 5 units are dealt again" in capsys.readouterr().err


def test_a_run_that_fails_keeps_what_was_answered(tmp_path: Path) -> None:
    looped(tmp_path / "loop")

    def job(units: Sequence[Unit], label: str, total: int, before: int) -> None:
        if total == 12:
            return here(units, label, total, before)
        answer(units[0])
        raise RunnerError("lost") if len(units) > 3 else CapabilityError("canary")

    with pytest.raises(CapabilityError, match="canary"):
        dealt(tmp_path / "dealt", job)
    held = calls(tmp_path / "dealt/journal", SPEC)
    assert held == calls(tmp_path / "loop/journal", SPEC)[: len(held)]
    assert len(held) > 12
    dealt(tmp_path / "dealt")
    same(tmp_path)


def test_a_runner_that_does_nothing_is_given_up(tmp_path: Path) -> None:
    def job(units: Sequence[Unit], label: str, total: int, before: int) -> None:
        raise RunnerError("no job service answers")

    with pytest.raises(RunnerError, match="no job service answers"):
        dealt(tmp_path, job)
    assert list((tmp_path / "journal").iterdir()) == [tmp_path / "journal" / f"{slug(SPEC)}.jsonl"]
    assert not (tmp_path / "out").exists()


KILLED = """
import os, signal, sys
from pathlib import Path

import test_dealing_running as t


def job(units, label, total, done):
    t.here(units[:3], label, total, done)
    if len(units) > 3:
        os.kill(os.getpid(), signal.SIGKILL)


t.dealt(Path(sys.argv[1]), job)
"""


@pytest.mark.integration
def test_what_was_published_for_a_driver_that_was_killed_is_not_asked_again(tmp_path: Path) -> None:
    looped(tmp_path / "loop")
    here_too = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "dealt")],
        env={**os.environ, "PYTHONPATH": here_too}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    left: list[int] = []

    def job(units: Sequence[Unit], label: str, total: int, before: int) -> None:
        left.append(len(units))
        here(units, label, total, before)

    dealt(tmp_path / "dealt", job)
    assert left == [2]
    same(tmp_path)


def failing(reason: str, numbers: set[int]) -> Callable[..., None]:
    """Some units whose calls fail outside the model."""

    def job(units: Sequence[Unit], label: str, total: int, before: int) -> None:
        here(units, label, total, before)
        for unit in units if len(units) > 1 else ():
            if unit.number in numbers:
                lines = [json.loads(line) for line in unit.file.read_text().splitlines()]
                for record in (record for line in lines for record in line):
                    record |= {"status": "infra_error", "reason": reason, "text": None}
                unit.file.write_text("".join(json.dumps(line) + "\n" for line in lines))

    return job


def test_calls_that_failed_at_workers_count_over_all_and_are_asked_again(tmp_path: Path) -> None:
    looped(tmp_path / "loop")
    with pytest.raises(InfraError, match="the server is down") as caught:
        dealt(tmp_path / "dealt", failing("the server is down", {4}))
    assert caught.value.code == "too_many_infra_errors"
    dealt(tmp_path / "dealt")
    same_rows = [(tmp_path / f / "out/rows.json").read_bytes() for f in ("loop", "dealt")]
    assert same_rows[0] == same_rows[1]
