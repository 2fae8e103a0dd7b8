"""Planning problems as text, and plans judged by executing them.

Blocksworld has the four classical operators (Gupta & Nau 1992, Artificial Intelligence 56,
223-254); Logistics those of the AIPS-98 planning competition, with one truck a city and one
airplane. unified-planning models and executes; Fast Downward solves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from measurand.errors import InfraError, InputError

Details = Mapping[str, Any]


@dataclass(frozen=True)
class Execution:
    """What executing a plan showed.

    Attributes:
        reached: every step could be executed and the goal holds at the end.
        executable: share of the steps before the first that could not be executed; 0 where there
            are no steps and the goal does not hold.
        reason: why the goal was not reached.
    """

    reached: bool
    executable: float
    reason: str | None = None


def validate(details: Details, text: str) -> Execution:
    """Execute a plan such as ``unstack a b; put-down a``.

    Args:
        details: the problem, as :mod:`pipelines.many_shot.tasks.planning` makes it.
        text: the plan: steps separated by semicolons, an action and its objects each; empty where
            nothing needs to be done. Case does not count.
    """
    world = _world(json.dumps(dict(details), sort_keys=True))
    steps = [step.split() for step in text.casefold().rstrip(" .;").split(";") if step.strip()]
    state = world.simulator.get_initial_state()
    for at, (name, *objects) in enumerate(steps):
        problem = world.fault(name, objects)
        if problem is None:
            after = world.after(state, name, objects)
            if after is None:
                problem = f"{name} {' '.join(objects)} is not possible there"
            else:
                state = after
        if problem is not None:
            return Execution(False, at / len(steps), f"step {at + 1}: {problem}")
    if world.simulator.is_goal(state):
        return Execution(True, 1.0)
    return Execution(False, 1.0 if steps else 0.0, "the goal is not reached")


def solve(details: Details) -> str:
    """An optimal plan (Fast Downward, A* with LM-cut), as :func:`validate` reads it.

    Raises:
        InfraError: the planner failed or found no plan.
    """
    return _solve(json.dumps(dict(details), sort_keys=True))


@lru_cache(maxsize=4096)
def _solve(problem: str) -> str:
    from unified_planning.engines import PlanGenerationResultStatus

    world = _world(problem)
    with _planner() as planner:
        found = planner.solve(world.problem)
    solved = (
        PlanGenerationResultStatus.SOLVED_OPTIMALLY,
        PlanGenerationResultStatus.SOLVED_SATISFICING,
    )
    if found.status not in solved:
        raise InfraError(f"Fast Downward found no plan: {found.status.name}", hint="see its log")
    return "; ".join(
        " ".join([step.action.name, *map(str, step.actual_parameters)])
        for step in found.plan.actions
    )


def _planner() -> Any:
    """Fast Downward with every file in the temporary folder of its plan.

    Left alone it translates into the working directory, where two processes read each other's
    problem.
    """
    from up_fast_downward.fast_downward import FastDownwardOptimalPDDLPlanner

    class Apart(FastDownwardOptimalPDDLPlanner):  # type: ignore[misc]
        def _base_cmd(self, plan_filename: str) -> list[str]:
            return [*super()._base_cmd(plan_filename), "--sas-file", f"{plan_filename}.sas"]

    return Apart()


def pddl(details: Details) -> tuple[str, str]:
    """The problem in PDDL: (domain, problem), for judges other than ours."""
    from unified_planning.io import PDDLWriter

    writer = PDDLWriter(_world(json.dumps(dict(details), sort_keys=True)).problem)
    return writer.get_domain(), writer.get_problem()


class _World:
    """A problem, and what executes its actions."""

    def __init__(self, problem: Any) -> None:
        from unified_planning.shortcuts import SequentialSimulator

        self.problem = problem
        self.simulator = SequentialSimulator(problem=problem)

    def after(self, state: Any, name: str, objects: list[str]) -> Any:
        """The state after an action, None where it is not possible."""
        from unified_planning.exceptions import UPInvalidActionError

        arguments = [self.problem.object(o) for o in objects]
        try:
            return self.simulator.apply(state, self.problem.action(name), arguments)
        except UPInvalidActionError:
            # Raised instead where no state at all allows it: a road that does not exist.
            return None

    def fault(self, name: str, objects: list[str]) -> str | None:
        """Why an action cannot even be named so."""
        if not self.problem.has_action(name):
            return f"no action {name!r}"
        action = self.problem.action(name)
        if len(objects) != len(action.parameters):
            return f"{name} takes {len(action.parameters)} objects, not {len(objects)}"
        for word, parameter in zip(objects, action.parameters, strict=True):
            if not self.problem.has_object(word):
                return f"no object {word!r}"
            if not parameter.type.is_compatible(self.problem.object(word).type):
                return f"{word} is no {parameter.type.name}"
        return None


@lru_cache(maxsize=4096)
def _world(problem: str) -> _World:
    from unified_planning.shortcuts import get_environment

    # The package prints its engines' credits at every call otherwise.
    get_environment().credits_stream = None
    details = json.loads(problem)
    makers = {"blocksworld": _blocksworld, "logistics": _logistics}
    if details.get("domain") not in makers:
        raise InputError(f"unknown world {details.get('domain')!r}", hint=f"one of {list(makers)}")
    return _World(makers[details["domain"]](details))


def _blocksworld(details: Details) -> Any:
    from unified_planning.shortcuts import (
        BoolType,
        Fluent,
        InstantaneousAction,
        Object,
        Problem,
        UserType,
    )

    block = UserType("block")
    on = Fluent("on", BoolType(), x=block, y=block)
    table, clear, holding = (
        Fluent(n, BoolType(), x=block) for n in ("on-table", "clear", "holding")
    )
    empty = Fluent("hand-empty", BoolType())
    problem = Problem("blocksworld")
    for fluent in (on, table, clear, holding, empty):
        problem.add_fluent(fluent, default_initial_value=False)

    def action(name: str, *names: str) -> tuple[Any, list[Any]]:
        made = InstantaneousAction(name, **dict.fromkeys(names, block))
        problem.add_action(made)
        return made, [made.parameter(n) for n in names]

    for name, takes in (("pick-up", True), ("put-down", False)):
        made, [x] = action(name, "x")
        needed = [clear(x), table(x), empty()] if takes else [holding(x)]
        for condition in needed:
            made.add_precondition(condition)
        for effect in (clear(x), table(x), empty()):
            made.add_effect(effect, not takes)
        made.add_effect(holding(x), takes)
    for name, takes in (("unstack", True), ("stack", False)):
        made, [x, y] = action(name, "x", "y")
        needed = [clear(x), on(x, y), empty()] if takes else [holding(x), clear(y)]
        for condition in needed:
            made.add_precondition(condition)
        for effect in (clear(x), on(x, y), empty()):
            made.add_effect(effect, not takes)
        for effect in (holding(x), clear(y)):
            made.add_effect(effect, takes)

    things = {name: Object(name, block) for name in sorted(details["start"])}
    problem.add_objects(things.values())
    problem.set_initial_value(empty(), True)
    for name, below in details["start"].items():
        where = table(things[name]) if below == "table" else on(things[name], things[below])
        problem.set_initial_value(where, True)
        problem.set_initial_value(clear(things[name]), name not in details["start"].values())
    for name, below in details["goal"].items():
        where = table(things[name]) if below == "table" else on(things[name], things[below])
        problem.add_goal(where)
    return problem


def _logistics(details: Details) -> Any:
    from unified_planning.shortcuts import (
        BoolType,
        Fluent,
        InstantaneousAction,
        Object,
        Problem,
        UserType,
    )

    thing, place = UserType("thing"), UserType("place")
    package, vehicle = UserType("package", thing), UserType("vehicle", thing)
    truck, airplane = UserType("truck", vehicle), UserType("airplane", vehicle)
    airport = UserType("airport", place)
    at = Fluent("at", BoolType(), x=thing, p=place)
    inside = Fluent("in", BoolType(), x=package, v=vehicle)
    road = Fluent("road", BoolType(), a=place, b=place)
    problem = Problem("logistics")
    for fluent in (at, inside, road):
        problem.add_fluent(fluent, default_initial_value=False)

    def action(name: str, **types: Any) -> tuple[Any, list[Any]]:
        made = InstantaneousAction(name, **types)
        problem.add_action(made)
        return made, [made.parameter(n) for n in types]

    for name, loads in (("load", True), ("unload", False)):
        made, [x, v, p] = action(name, x=package, v=vehicle, p=place)
        made.add_precondition(at(v, p))
        made.add_precondition(at(x, p) if loads else inside(x, v))
        made.add_effect(at(x, p), not loads)
        made.add_effect(inside(x, v), loads)
    for name, kind, where in (("drive", truck, place), ("fly", airplane, airport)):
        made, [v, a, b] = action(name, v=kind, a=where, b=where)
        made.add_precondition(at(v, a))
        if name == "drive":
            made.add_precondition(road(a, b))
        made.add_effect(at(v, a), False)
        made.add_effect(at(v, b), True)

    kinds = {"package": package, "truck": truck, "plane": airplane, "airport": airport}
    names = sorted({*details["at"], *(p for city in details["cities"] for p in city)})
    things = {n: Object(n, kinds.get(n.rstrip("0123456789"), place)) for n in names}
    problem.add_objects(things.values())
    for city in details["cities"]:
        for a in city:
            for b in city:
                if a != b:
                    problem.set_initial_value(road(things[a], things[b]), True)
    for name, where in details["at"].items():
        problem.set_initial_value(at(things[name], things[where]), True)
    for name, where in details["goal"].items():
        problem.add_goal(at(things[name], things[where]))
    return problem
