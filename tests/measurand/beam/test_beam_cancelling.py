from __future__ import annotations

import time
from typing import Any

import pytest

from measurand.beam.cancelling import give_up


class Job:
    """A job whose states are given, one an ask; the last stays."""

    def __init__(self, *states: str | Exception, pause_s: float = 0) -> None:
        self.states, self.cancelled, self.pause_s = list(states), 0, pause_s

    def cancel(self) -> None:
        self.cancelled += 1
        time.sleep(self.pause_s)

    @property
    def state(self) -> str:
        found = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.mark.parametrize(
    ("job", "cancelled", "said"),
    [
        (Job("RUNNING", "CANCELLING", "CANCELLED"), 1, "has ended: CANCELLED"),
        (Job("RUNNING"), 1, "its state is RUNNING; what it still writes reaches nothing"),
        (Job(OSError("gone")), 1, "it does not answer"),
        (Job("RUNNING", "CANCELLED", pause_s=200), 1, "has ended: CANCELLED"),
    ],
)
def test_whether_a_job_has_ended_is_said(job: Any, cancelled: int, said: str) -> None:
    start = time.monotonic()
    assert said in (give_up(job, "a service", seconds=0.5) or "")
    assert job.cancelled == cancelled
    assert time.monotonic() - start < 100


def test_a_job_that_ended_by_itself_is_not_cancelled() -> None:
    job = Job("DONE")
    assert give_up(job, "a service") is None
    assert job.cancelled == 0


def test_a_job_that_was_on_its_way_is_not_known_of() -> None:
    assert "whether it runs there is not known" in (give_up(None, "a service") or "")
