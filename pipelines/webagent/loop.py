"""One episode: look, plan, cut, write, guard, run, record, until the planner or a limit ends it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from measurand.errors import InfraError
from measurand.stats.resample import seed_for
from measurand.web.browser import BrowserFailed
from measurand.web.film import Picture
from pipelines.webagent import guard
from pipelines.webagent.checker import Checked, check
from pipelines.webagent.driver import Driver
from pipelines.webagent.goals import Task
from pipelines.webagent.html import count
from pipelines.webagent.page import Seen
from pipelines.webagent.relay import Relay
from pipelines.webagent.rules import END, Plan, Written
from pipelines.webagent.sandbox import Ran, Sandbox
from pipelines.webagent.sessions import Asked, Session

Row = dict[str, Any]


class Planner(Protocol):
    """Who says what is to be done next, and with which elements."""

    name: str

    def plan(self, task: Task, history: Sequence[str], page: Seen) -> Plan:
        """The next sub-instruction; of a task only oracles may read more than its text."""
        ...


class Writer(Protocol):
    """Who writes the program."""

    name: str

    def write(self, said: str, snippet: str, error: str = "") -> Written:
        """A program for a sub-instruction; ``error`` is what the last one failed with."""
        ...


@dataclass(frozen=True)
class Agent:
    """A planner and a writer.

    Attributes:
        name: in tables.
        planner: None for none: the writer is given the instruction itself at every step, and ends
            the episode by an empty program.
        summariser: whether the writer sees the snippet; otherwise the page from its beginning.
        writer: of programs.
    """

    name: str
    planner: Planner | None
    writer: Writer
    summariser: bool = True


@dataclass(frozen=True)
class Limits:
    """When an episode ends, and how a step is made; see ``schemas.webagent.params.Evaluate``."""

    max_steps: int = 15
    max_errors: int = 3
    retry_error: bool = False
    snippet_tokens: int = 1000
    timeout_s: float = 300.0
    shuffle: int = 0


@dataclass
class Step:
    """One step, and what became of it; see ``tables.STEPS``."""

    history: list[str]
    url: str
    page: Seen
    plan: Plan
    snippet: str
    program: str
    ran: Ran
    before: str
    after: str
    tokens: tuple[int | None, int | None] = (None, None)


@dataclass
class Played:
    """An episode.

    Attributes:
        task: what was asked.
        agent: who acted.
        steps: in order.
        checked: what the server's state says; None where the browser failed.
        ending: of ``tables.ENDINGS``.
        foreign: requests elsewhere.
        log: requests of its session.
        last: the page at its end.
        pictures: one before each step and one at the end, where they were asked for.
        reason: why there is no result.
        ms: spent in planning, writing and running.
        seconds: of the whole episode.
    """

    task: Task
    agent: str
    steps: list[Step] = field(default_factory=list)
    checked: Checked | None = None
    ending: str = "infra"
    foreign: list[str] = field(default_factory=list)
    log: list[Asked] = field(default_factory=list)
    last: Seen | None = None
    pictures: list[Picture] = field(default_factory=list)
    reason: str | None = None
    ms: dict[str, float] = field(default_factory=lambda: {"plan": 0.0, "write": 0.0, "run": 0.0})
    seconds: float = 0.0


def play(
    driver: Driver,
    sandbox: Sandbox,
    task: Task,
    agent: Agent,
    limits: Limits,
    *,
    pictures: bool = False,
) -> Played:
    """Play an episode; a browser that fails leaves it without a result."""
    played, start = Played(task, agent.name), time.monotonic()
    try:
        session = driver.begin(task.setting)
        _steps(driver, sandbox, session, agent, limits, played, pictures)
        played.checked = check(task.goal, session.state, driver.sites.strangers)
        played.log, played.foreign = list(session.log), driver.foreign()
    except BrowserFailed as error:
        played.ending, played.reason = "infra", str(error)
    except InfraError as error:
        played.ending, played.reason = "infra", f"{error.code}: {error}"
    played.seconds = time.monotonic() - start
    return played


def _steps(
    driver: Driver,
    sandbox: Sandbox,
    session: Session,
    agent: Agent,
    limits: Limits,
    played: Played,
    pictures: bool,
) -> None:
    history: list[str] = []
    errors, end = 0, time.monotonic() + limits.timeout_s
    sandbox.warm()
    while True:
        url, html = driver.observe(numbering(limits, played.task, len(played.steps)))
        page = played.last = Seen(html)
        plan = _timed(played, "plan", partial(_plan, agent, played.task, history, page))
        ended = _ended(plan, len(played.steps), errors, end, limits)
        if pictures:
            said = "" if ended else plan.sub_instruction
            box = driver.box(plan.refs[-1]) if plan.refs and not ended else None
            played.pictures.append(Picture(driver.picture(), said, _scaled(box)))
        if ended:
            played.ending = ended
            return
        step = _step(driver, sandbox, session, agent, limits, played, (history, url, page, plan))
        played.steps.append(step)
        errors = 0 if step.ran.what == "ok" else errors + 1
        if step.ran.what == "ok":
            history = [*history, plan.sub_instruction]
        if agent.planner is None and not step.program.strip():
            played.ending = "planner_end"
            return


def numbering(limits: Limits, task: Task, step: int) -> int:
    """What the numbers of elements are mixed by: another order for each instruction and step.

    Were it one order, pages of equal length would have equal numbers, and a planner would know by
    heart what it should read. All agents on an instruction see the same numbers.

    Returns:
        0 for the order of the page, otherwise 1 to 2**32 - 1.
    """
    if not limits.shuffle:
        return 0
    return seed_for("webagent numbers", limits.shuffle, task.id, step) % (2**32 - 1) + 1


def _ended(plan: Plan, steps: int, errors: int, end: float, limits: Limits) -> str:
    if plan.sub_instruction == END:
        return "planner_end"
    if errors >= limits.max_errors:
        return "program_errors"
    if steps >= limits.max_steps:
        return "step_limit"
    return "timeout" if time.monotonic() > end else ""


def _step(
    driver: Driver,
    sandbox: Sandbox,
    session: Session,
    agent: Agent,
    limits: Limits,
    played: Played,
    seen: tuple[list[str], str, Seen, Plan],
) -> Step:
    history, url, page, plan = seen
    snippet = _snippet(agent, plan, page, limits)
    said, before = plan.sub_instruction, session.state.sha256
    written = _timed(played, "write", lambda: agent.writer.write(said, snippet))
    ran = _timed(played, "run", lambda: run(driver, sandbox, written.program))
    if ran.what == "exception" and limits.retry_error:
        failed = ran.error or ""
        written = _timed(played, "write", lambda: agent.writer.write(said, snippet, failed))
        ran = _timed(played, "run", lambda: run(driver, sandbox, written.program))
    tokens = (
        _sum(plan.prompt_tokens, written.prompt_tokens),
        _sum(plan.completion_tokens, written.completion_tokens),
    )
    driver.settle()
    return Step(
        history,
        url,
        page,
        plan,
        snippet,
        written.program,
        ran,
        before,
        session.state.sha256,
        tokens,
    )


def run(driver: Driver, sandbox: Sandbox, program: str) -> Ran:
    """Guard a program, and run it where it may."""
    refused = guard.refusal(program)
    if refused is not None:
        return Ran("guard", refused.rule, refused.detail, sandbox.place)
    return sandbox.run(program, Relay(driver.execute))


def _plan(agent: Agent, task: Task, history: list[str], page: Seen) -> Plan:
    if agent.planner is None:
        return Plan(task.text)
    return agent.planner.plan(task, history, page)


def _snippet(agent: Agent, plan: Plan, page: Seen, limits: Limits) -> str:
    if agent.summariser:
        return page.snippet(plan.refs, limits.snippet_tokens)
    return beginning(page.html, limits.snippet_tokens)


def beginning(html: str, tokens: int) -> str:
    """The first words and signs of a page."""
    if count(html) <= tokens:
        return html
    low, high = 0, len(html)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(html[:middle]) <= tokens else (low, middle - 1)
    return html[:low]


def _timed(played: Played, what: str, work: Any) -> Any:
    start = time.monotonic()
    try:
        return work()
    finally:
        played.ms[what] += 1000 * (time.monotonic() - start)


def _sum(*some: int | None) -> int | None:
    known = [one for one in some if one is not None]
    return sum(known) if known else None


def _scaled(box: list[float] | None) -> list[float] | None:
    return None if box is None else [0.6 * one for one in box]
