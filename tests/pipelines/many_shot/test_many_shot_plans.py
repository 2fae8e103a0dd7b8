"""Plans are judged by unified-planning; here by hand-written worlds of towers and of positions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.stats.resample import rng_for
from pipelines.many_shot import plans
from pipelines.many_shot.tasks import planning
from schemas.many_shot.params import Planning

Details = dict[str, Any]
State = tuple[Any, ...]
DOMAINS = ("blocksworld", "logistics")
ROOT = Path(__file__).parents[3]
SIZES = {"blocksworld": 4, "logistics": 2}


class Towers:
    """A table with towers, each from the bottom up, and a hand."""

    def __init__(self, details: Details) -> None:
        self.blocks, self.goal = sorted(details["start"]), details["goal"]
        self.start: State = (frozenset(map(tuple, planning._towers(details["start"]))), "")

    def after(self, state: State, step: str) -> State | None:
        """The state after a step, None where it is not possible."""
        towers, hand = state
        name, x, *rest = step.split()
        if name in ("pick-up", "unstack"):
            for tower in towers:
                if not hand and tower[-1] == x and tower[:-1][-1:] == tuple(rest):
                    return towers - {tower} | ({tower[:-1]} - {()}), x
        elif hand == x and name == "put-down":
            return towers | {(x,)}, ""
        elif hand == x and name == "stack":
            for tower in towers:
                if tower[-1] == rest[0]:
                    return towers - {tower} | {(*tower, x)}, ""
        return None

    def reached(self, state: State) -> bool:
        below = {b: a for tower in state[0] for a, b in zip(("table", *tower), tower, strict=False)}
        return all(below.get(block) == under for block, under in self.goal.items())

    def steps(self) -> Iterator[str]:
        for x, y in product(self.blocks, repeat=2):
            yield from (f"stack {x} {y}", f"unstack {x} {y}")
        for x in self.blocks:
            yield from (f"pick-up {x}", f"put-down {x}")


class Map:
    """Where everything is: at a place, or in a vehicle."""

    def __init__(self, details: Details) -> None:
        self.things, self.goal = sorted(details["at"]), details["goal"]
        self.city = {place: i for i, city in enumerate(details["cities"]) for place in city}
        self.start: State = tuple(details["at"][thing] for thing in self.things)

    def after(self, state: State, step: str) -> State | None:
        """The state after a step, None where it is not possible."""
        name, a, b, c = step.split()
        at = dict(zip(self.things, state, strict=True))
        allowed = {
            "load": at[a] == at.get(b) == c,
            "unload": at[a] == b and at.get(b) == c,
            "drive": at[a] == b != c and self.city.get(b) == self.city[c],
            "fly": at[a] == b,
        }
        if not allowed[name]:
            return None
        at[a] = b if name == "load" else c
        return tuple(at[thing] for thing in self.things)

    def reached(self, state: State) -> bool:
        at = dict(zip(self.things, state, strict=True))
        return all(at[thing] == where for thing, where in self.goal.items())

    def steps(self) -> Iterator[str]:
        vehicles = [t for t in self.things if not t.startswith("package")]
        for package, vehicle, place in product(self.goal, vehicles, self.city):
            yield from (f"{name} {package} {vehicle} {place}" for name in ("load", "unload"))
        for vehicle, a, b in product(vehicles, self.city, self.city):
            if vehicle.startswith("truck"):
                yield f"drive {vehicle} {a} {b}"
            elif a.startswith("airport") and b.startswith("airport"):
                yield f"fly {vehicle} {a} {b}"


World = Towers | Map


def world_of(details: Details) -> World:
    return Towers(details) if details["domain"] == "blocksworld" else Map(details)


def drawn(domain: str, rng: np.random.Generator, objects: int | None = None) -> Details:
    source = Planning.model_validate(
        {"kind": "planning", "domain": domain, "objects": objects or SIZES[domain]}
    )
    make: Callable[..., Details] = (
        planning._blocks if domain == "blocksworld" else planning._logistics
    )
    return make(rng, source)


def possible(world: World, state: State) -> list[tuple[str, State]]:
    found = ((step, world.after(state, step)) for step in world.steps())
    return [(step, after) for step, after in found if after is not None and after != state]


def walk(details: Details, rng: np.random.Generator) -> tuple[Details, list[str]]:
    """A problem whose goal is where a random walk ends, and the walk. The last step is needed."""
    while True:
        world = world_of(details)
        state, steps = world.start, []
        for _ in range(16):
            ways = possible(world, state)
            step, state = ways[rng.integers(len(ways))]
            steps.append(step)
            goal = _settled(world, state)
            if goal and step.split()[0] in ("put-down", "stack", "unload"):
                ended = details | {"goal": goal}
                if len(steps) > 3 and not world_of(ended).reached(world.start):
                    return ended, steps


def _settled(world: World, state: State) -> dict[str, str] | None:
    """Where everything is, None while something is in the hand or in a vehicle."""
    if isinstance(world, Map):
        at = dict(zip(world.things, state, strict=True))
        return (
            {p: at[p] for p in world.goal} if {at[p] for p in world.goal} <= {*world.city} else None
        )
    if state[1]:
        return None
    return {b: a for tower in state[0] for a, b in zip(("table", *tower), tower, strict=False)}


def judged(world: World, steps: list[str]) -> tuple[bool, float]:
    """(goal reached, share of the steps before the first impossible one)."""
    state = world.start
    for at, step in enumerate(steps):
        after = world.after(state, step)
        if after is None:
            return False, at / len(steps)
        state = after
    reached = world.reached(state)
    return reached, 1.0 if steps or reached else 0.0


def detour(world: World, steps: list[str], rng: np.random.Generator) -> list[str]:
    """The plan with a step, and the step back, put in somewhere."""
    cut = int(rng.integers(len(steps) + 1))
    state = world.start
    for step in steps[:cut]:
        after = world.after(state, step)
        assert after is not None
        state = after
    there, off = possible(world, state)[0]
    back = next(step for step, again in possible(world, off) if again == state)
    return [*steps[:cut], there, back, *steps[cut:]]


def spoiled(world: World, steps: list[str], rng: np.random.Generator) -> list[list[str]]:
    """Plans that a careless judge would let pass; each is wrong in the hand-written world."""
    state = world.start
    for step in steps:
        state = world.after(state, step) or state
    beyond = next(step for step, after in possible(world, state) if not world.reached(after))
    words = sorted({word for step in steps for word in step.split()[1:]})
    swaps = []
    for i, j in combinations(range(len(steps)), 2):
        swaps.append(list(steps))
        swaps[-1][i], swaps[-1][j] = steps[j], steps[i]
    possible_steps, changed = set(world.steps()), steps
    while judged(world, changed)[0]:
        i = int(rng.integers(len(steps)))
        name, *rest = steps[i].split()
        rest[rng.integers(len(rest))] = str(rng.choice(words))
        if (step := " ".join([name, *rest])) in possible_steps:
            changed = [*steps[:i], step, *steps[i + 1 :]]
    swapped = [p for p in swaps if not judged(world, p)[0]]
    return [steps[:-1], swapped[rng.integers(len(swapped))], changed, [], [*steps, beyond]]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.integration
def test_a_thousand_plans_are_judged_as_by_hand_written_worlds(domain: str) -> None:
    rng = rng_for("plans", domain)
    counts = {True: 0, False: 0}
    for _ in range(100):
        details, steps = walk(drawn(domain, rng), rng)
        world = world_of(details)
        right = [steps]
        right += [detour(world, right[-1], rng) for _ in range(4)]
        for correct, some in ((True, right), (False, spoiled(world, steps, rng))):
            for plan in some:
                truth = judged(world, plan)
                assert truth[0] is correct
                found = plans.validate(details, "; ".join(plan))
                assert (found.reached, found.executable) == truth, (details, plan)
                assert (found.reason is None) == correct
                counts[correct] += 1
    assert counts == {True: 500, False: 500}


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_single_step_is_possible_where_the_world_allows_it(domain: str) -> None:
    rng = rng_for("steps", domain)
    for _ in range(5):
        details = drawn(domain, rng)
        world = world_of(details)
        for step in world.steps():
            allowed = world.after(world.start, step) is not None
            assert plans.validate(details, step).executable == float(allowed), step


BLOCKS = {
    "domain": "blocksworld",
    "start": {"a": "b", "b": "table", "c": "table"},
    "goal": {"a": "c"},
}
ROADS = {
    "domain": "logistics",
    "cities": [["depot1", "airport1"], ["depot2", "airport2"]],
    "at": {
        "package1": "depot1",
        "plane1": "airport2",
        "truck1": "depot1",
        "truck2": "depot2",
    },
    "goal": {"package1": "airport1"},
}


@pytest.mark.parametrize(
    ("details", "text", "share", "reason"),
    [
        (BLOCKS, "unstack a b; stack a c", 1.0, None),
        (BLOCKS, "  Unstack A B ;\tstack  a c; .", 1.0, None),
        (BLOCKS, "unstack a b", 1.0, "the goal is not reached"),
        (BLOCKS, "", 0.0, "the goal is not reached"),
        (BLOCKS, "; ;", 0.0, "the goal is not reached"),
        (BLOCKS, "fly a b; stack a c", 0.0, "step 1: no action 'fly'"),
        (BLOCKS, "unstack a b; stack a", 0.5, "step 2: stack takes 2 objects, not 1"),
        (BLOCKS, "unstack a b; stack a z", 0.5, "step 2: no object 'z'"),
        (BLOCKS, "unstack a b; stack a table", 0.5, "step 2: no object 'table'"),
        (BLOCKS, "unstack a b; stack a a", 0.5, "step 2: stack a a is not possible there"),
        (BLOCKS, "unstack a b, stack a c", 0.0, "step 1: unstack takes 2 objects, not 5"),
        (BLOCKS, "Take a from b and put it on c.", 0.0, "step 1: no action 'take'"),
        (
            ROADS,
            "load package1 truck1 depot1; drive truck1 depot1 airport1; "
            "unload package1 truck1 airport1",
            1.0,
            None,
        ),
        # No road leads there at any time, and none from a place to itself.
        (ROADS, "drive truck1 depot1 depot2", 0.0, "step 1: drive truck1 depot1 depot2 is not"),
        (ROADS, "drive truck1 depot1 depot1", 0.0, "step 1: drive truck1 depot1 depot1 is not"),
        (ROADS, "fly plane1 airport2 depot1", 0.0, "step 1: depot1 is no airport"),
        (ROADS, "drive plane1 airport2 depot2", 0.0, "step 1: plane1 is no truck"),
        (ROADS, "load truck2 truck1 depot1", 0.0, "step 1: truck2 is no package"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(
    details: Details, text: str, share: float, reason: str | None
) -> None:
    found = plans.validate(details, text)
    assert (found.reached, found.executable) == (reason is None, share)
    assert (found.reason or "").startswith(reason or "")


def test_nothing_is_a_plan_where_nothing_needs_to_be_done() -> None:
    found = plans.validate(BLOCKS | {"goal": {"a": "b"}}, "")
    assert found == plans.Execution(True, 1.0)


def test_unknown_worlds_are_refused() -> None:
    with pytest.raises(InputError, match="unknown world 'hanoi'"):
        plans.validate({"domain": "hanoi"}, "move a b")


class PyvalJudge:
    """pddl-pyvalidator: reads PDDL files."""

    def __init__(self, folder: Path, details: Details) -> None:
        self.files = [folder / name for name in ("domain.pddl", "problem.pddl", "plan")]
        for file, text in zip(self.files[:2], plans.pddl(details), strict=True):
            file.write_text(text, encoding="utf-8")

    def __call__(self, plan: str) -> bool:
        import pyval

        steps = (step.strip() for step in plan.split(";") if step.strip())
        self.files[2].write_text("\n".join(f"({step})" for step in steps), encoding="utf-8")
        valid: bool = pyval.PDDLValidator().validate(*map(str, self.files)).is_valid
        return valid


@pytest.mark.integration
@pytest.mark.parametrize("domain", DOMAINS)
def test_the_problem_in_pddl_is_the_same_problem(domain: str, tmp_path: Path) -> None:
    rng = rng_for("pddl", domain)
    for _ in range(4):
        details, steps = walk(drawn(domain, rng), rng)
        second = PyvalJudge(tmp_path, details)
        for plan in [steps, *spoiled(world_of(details), steps, rng)]:
            text = "; ".join(plan)
            assert second(text) == plans.validate(details, text).reached, (details, plan)


def shortest(world: World) -> int:
    """Steps of the shortest plan, by breadth-first search."""
    seen, edge, length = {world.start}, [world.start], 0
    while not any(map(world.reached, edge)):
        new = {after for state in edge for _, after in possible(world, state)} - seen
        seen |= new
        edge, length = list(new), length + 1
    return length


@pytest.mark.integration
@pytest.mark.parametrize("domain", DOMAINS)
def test_targets_are_optimal_and_both_judges_accept_them_whole_only(
    domain: str, tmp_path: Path
) -> None:
    rng = rng_for("targets", domain)
    for _ in range(50):
        details = drawn(domain, rng)
        plan = plans.solve(details)
        steps = plan.split("; ")
        assert len(steps) == shortest(world_of(details))
        assert judged(world_of(details), steps) == (True, 1.0)
        second = PyvalJudge(tmp_path, details)
        for text, accepted in ((plan, True), ("; ".join(steps[:-1]), False)):
            assert plans.validate(details, text).reached is accepted
            assert second(text) is accepted


@pytest.mark.integration
def test_a_plan_is_computed_once_and_the_same_every_time() -> None:
    plans._solve.cache_clear()
    first = plans.solve(ROADS)
    # Equal problems, keys in another order.
    assert plans.solve(dict(reversed(ROADS.items()))) == first
    assert plans._solve.cache_info().misses == 1
    plans._solve.cache_clear()
    assert plans.solve(ROADS) == first


@pytest.mark.integration
def test_processes_that_plan_at_once_read_their_own_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = rng_for("at once")
    problems = [drawn(domain, rng) for _ in range(3) for domain in DOMAINS]
    code = "import json, sys; from pipelines.many_shot import plans as p; "
    code += "print(p.solve(json.load(sys.stdin)))"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in problems
    ]
    for one, details in zip(running, problems, strict=True):
        assert one.stdin is not None
        one.stdin.write(json.dumps(details))
        one.stdin.close()
    for one, details in zip(running, problems, strict=True):
        assert one.stdout is not None
        written = one.stdout.read().strip().splitlines()[-1]
        assert one.wait() == 0
        assert plans.validate(details, written).reached
    assert list(tmp_path.iterdir()) == []
