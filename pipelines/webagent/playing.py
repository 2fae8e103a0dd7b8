"""Episodes one after another: each thread keeps its browser and sandbox, and replaces dead ones."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from measurand.web.browser import BrowserFailed
from pipelines.webagent.driver import Driver
from pipelines.webagent.goals import Task
from pipelines.webagent.loop import Agent, Limits, Played, play
from pipelines.webagent.sandbox import Sandbox


@dataclass(frozen=True)
class Conditions:
    """How episodes are played.

    Attributes:
        limits: when an episode ends.
        program_seconds: longest run of a program, without the time that the browser takes.
        without_sandbox: whether programs run where no sandbox is to be had.
        attempts: most tries of an episode whose browser fails.
        recycle: episodes after which a browser is started afresh.
        run: begins the mark of the browsers.
    """

    limits: Limits = field(default_factory=Limits)
    program_seconds: float = 20.0
    without_sandbox: bool = False
    attempts: int = 3
    recycle: int = 100
    run: str = ""


@dataclass
class _Desk:
    """What a thread works with."""

    sandbox: Sandbox
    run: str
    driver: Driver | None = None

    def close(self) -> None:
        self.sandbox.close()
        if self.driver is not None:
            self.driver.close()
        self.driver = None


_local = threading.local()
_desks: list[_Desk] = []
_lock = threading.Lock()


@dataclass(frozen=True)
class Outcome:
    """An episode after all tries.

    Attributes:
        played: the last try.
        failures: why earlier ones failed.
        browser: names and versions of browser and driver; empty where none could be started.
    """

    played: Played
    failures: list[str]
    browser: str


def attempted(
    task: Task, agent: Agent, conditions: Conditions, *, pictures: bool = False
) -> Outcome:
    """Play an episode in this thread's browser; where that fails, again in a new one."""
    desk = _mine(conditions)
    failures: list[str] = []
    while True:
        played = _once(desk, task, agent, conditions, pictures)
        if played.checked is not None or len(failures) + 1 >= conditions.attempts:
            return Outcome(played, failures, desk.driver.version if desk.driver else "")
        failures.append(played.reason or "no result")
        if desk.driver is not None:
            desk.driver.close()
            desk.driver = None


def _once(desk: _Desk, task: Task, agent: Agent, conditions: Conditions, pictures: bool) -> Played:
    if desk.driver is not None and desk.driver.episodes >= conditions.recycle:
        desk.driver.close()
        desk.driver = None
    try:
        desk.driver = desk.driver or Driver(conditions.run)
    except BrowserFailed as error:
        return Played(task, agent.name, reason=str(error))
    return play(desk.driver, desk.sandbox, task, agent, conditions.limits, pictures=pictures)


def _mine(conditions: Conditions) -> _Desk:
    desk: _Desk | None = getattr(_local, "desk", None)
    if desk is None or desk.run != conditions.run or desk not in _desks:
        desk = _Desk(
            Sandbox(conditions.program_seconds, conditions.without_sandbox), conditions.run
        )
        with _lock:
            _desks.append(desk)
        _local.desk = desk
    return desk


def close_all(run: str) -> None:
    """Close the browsers and sandboxes that this process has for a run."""
    with _lock:
        desks = [desk for desk in _desks if desk.run == run]
        _desks[:] = [desk for desk in _desks if desk.run != run]
    for desk in desks:
        desk.close()
