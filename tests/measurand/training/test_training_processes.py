from __future__ import annotations

import os
import signal

import pytest

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
