from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from killing import begin, below, left

from measurand.errors import InfraError
from measurand.training.processes import deal


def _where(number: int, more: int) -> tuple[int, int]:
    return number + more, os.getpid()


def _dies(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize(("processes", "jobs"), [(1, 3), (4, 1)])
def test_one_process_or_one_job_stays_here(processes: int, jobs: int) -> None:
    found = list(deal(_where, [(at, 10) for at in range(jobs)], processes))
    assert found == [(10 + at, os.getpid()) for at in range(jobs)]


@pytest.mark.integration
def test_jobs_are_dealt_and_a_killed_process_is_named() -> None:
    found = dict(deal(_where, [(at, 10) for at in range(4)], 2))
    assert sorted(found) == [10, 11, 12, 13]
    assert os.getpid() not in found.values()
    with pytest.raises(InfraError, match="killed"):
        list(deal(_dies, [(0,), (1,)], 2))


LONG = """
import sys
from pathlib import Path
import test_training_processes as own
from measurand.training.processes import deal
try:
    list(deal(own.waits, [(sys.argv[1], at) for at in range(2)], 2))
except KeyboardInterrupt:
    Path(sys.argv[1], "said").touch()
"""


def waits(folder: str, number: int) -> None:
    Path(folder, str(number)).touch()
    time.sleep(600)


@pytest.mark.integration
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_jobs_end_with_whoever_is_told_to_stop(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[2]), *sys.path]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    process = begin(LONG, [tmp_path], tmp_path)
    while len([*tmp_path.glob("[01]")]) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    all_of_it = below(process.pid)
    assert len(all_of_it) >= 3
    process.send_signal(number)
    process.wait(120)
    assert not left(all_of_it, 120)
    assert (tmp_path / "said").exists() == (number == signal.SIGINT)
