"""Agents as parameters name them, and planners of which a half is taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from measurand import runs
from measurand.errors import InputError
from measurand.stats.resample import rng_for
from pipelines.webagent import loop, planning, prompting
from pipelines.webagent.goals import Task
from pipelines.webagent.loop import Planner, Writer
from pipelines.webagent.page import Seen
from pipelines.webagent.prompting import Prompted
from pipelines.webagent.rules import END, Oracle, Plan, RandomClicks, Templates
from schemas.webagent.params import PLANNERS, WRITERS, Agent, Evaluate, Params
from schemas.webagent.training import TRAINED


class Shuffled:
    """Says what a planner says, and points at as many other elements of the page.

    Args:
        planner: whose words they are.
    """

    def __init__(self, planner: Planner) -> None:
        self.name = f"{planner.name}, shuffled"
        self._planner = planner

    def plan(self, task: Task, history: Sequence[str], page: Seen) -> Plan:
        """The planner's plan with other numbers, the same ones every time."""
        plan = self._planner.plan(task, history, page)
        others = sorted(page.refs - set(plan.refs))
        rng = rng_for("webagent shuffled", task.id, len(history))
        drawn = rng.permutation(len(others))[: len(plan.refs)]
        return replace(plan, refs=tuple(others[at] for at in drawn))


class Wordless:
    """Points at what a planner points at and ends when it ends, in the words of the instruction.

    The planner is told its own words as its history. One episode is played at a time.

    Args:
        planner: who points.
    """

    def __init__(self, planner: Planner) -> None:
        self.name = f"{planner.name}, without words"
        self._planner = planner
        self._said: list[str] = []
        self._last = ""

    def plan(self, task: Task, history: Sequence[str], page: Seen) -> Plan:
        """The instruction with the planner's numbers."""
        # The history grows by one with every step that comes off.
        self._said = [*self._said, self._last][: len(history)] if history else []
        plan = self._planner.plan(task, self._said, page)
        self._last = plan.sub_instruction
        return plan if plan.sub_instruction == END else replace(plan, sub_instruction=task.text)


def opened(spec: Agent, params: Params, data: Path) -> loop.Agent:
    """An agent, ready to act.

    Args:
        spec: the agent.
        params: parameters that planners were trained with.
        data: folder with ``dataset/`` and ``checkpoint/``, of which rules read nothing.

    Raises:
        InputError: code ``unknown_planner`` or ``bad_model``; a planner was trained with other
            code, data or parameters, or not at all.
        CapabilityError: the writer's model cannot write; code ``slow_writer``: it takes too long.
    """
    planner = None if spec.planner is None else _planner(spec.planner, params, data)
    if planner is not None and spec.shuffled:
        planner = Shuffled(planner)
    if planner is not None and not spec.plans:
        planner = Wordless(planner)
    return loop.Agent(spec.name, planner, _writer(spec.writer, params.evaluate), spec.summariser)


def close_all() -> None:
    """Release every model of writers."""
    prompting.close_all()


def asked_for(params: Params, name: str | None) -> tuple[Agent, ...]:
    """Agents of a run: those of the parameters, or the one of them that is named.

    Raises:
        InputError: code ``unknown_agent``.
    """
    listed = params.evaluate.agents
    if name is None:
        return listed
    found = tuple(one for one in listed if one.name == name)
    if not found:
        raise InputError(
            f"no agent {name!r}",
            hint=f"one of {', '.join(one.name for one in listed)}, or add it to evaluate.agents",
            code="unknown_agent",
        )
    return found


def identity(spec: Agent, ready: loop.Agent, params: Params, data: Path) -> str | None:
    """Identity of models that plan or write, and of how they are asked; None for rules.

    Args:
        spec: the agent.
        ready: the same, opened.
        params: as of :func:`opened`.
        data: as of :func:`opened`.
    """
    parts, planner = [], spec.planner or ""
    if planner.startswith(TRAINED):
        name = planner.removeprefix(TRAINED)
        parts.append(planning.identity(params.train, name, data / "dataset"))
    if isinstance(ready.writer, Prompted):
        parts.append(ready.writer.identity)
    return runs.run_id(*parts) if parts else None


def _planner(name: str, params: Params, data: Path) -> Planner:
    if name.startswith(TRAINED):
        own = name.removeprefix(TRAINED)
        return planning.load(params.train, own, data / "dataset", data / "checkpoint")
    if name not in PLANNERS:
        raise InputError(
            f"no planner {name!r}",
            hint=f"one of {', '.join(PLANNERS)}, or {TRAINED}NAME of train.finetuning.planners",
            code="unknown_planner",
        )
    return Oracle() if name == "oracle" else RandomClicks()


def _writer(name: str, given: Evaluate) -> Writer:
    if name in WRITERS:
        return Templates()
    return prompting.load(
        name, snippet_tokens=given.snippet_tokens, most_seconds=given.write_seconds
    )
