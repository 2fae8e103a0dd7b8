"""Planning problems in few words, with optimal plans from Fast Downward.

Agarwal et al. 2024, section 4, use Logistics with plans from the same planner. Problems that differ
in the names of their objects alone share a group: a renamed twin of a test problem is no shot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import permutations
from pathlib import Path
from typing import Any, cast

import numpy as np

from measurand.errors import ParamsError
from measurand.journal import canonical_json
from measurand.manifest import Source
from measurand.progress import Progress
from measurand.stats.resample import rng_for
from pipelines.many_shot import plans
from pipelines.many_shot.example import Drawn, Example
from schemas.many_shot.params import Planning, Task

Details = dict[str, Any]
_TRIES = 200


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """Distinct random problems with an optimal plan each; no goal holds at the start.

    Raises:
        ParamsError: the world has too few problems.
        InfraError: the planner failed.
    """
    source = cast(Planning, task.source)
    rng = rng_for("many_shot", task.id, seed)
    make = _blocks if source.domain == "blocksworld" else _logistics
    found: dict[str, Details] = {}
    needed = task.train + task.dev + task.test
    # Problems of a small world are near each other: of two cities and two packages one in ten is
    # too near to a test problem, or more.
    n = needed + max(needed // 3, 8)
    for _ in range(_TRIES * n):
        if len(found) == n:
            break
        details = make(rng, source)
        found.setdefault(text(details), details)
    if len(found) < needed:
        raise ParamsError(
            f"{task.id}: {len(found)} different problems were found, too few",
            hint="ask for fewer examples, or for more objects",
        )
    examples = []
    with Progress(f"plan {task.id}", len(found), "problems") as progress:
        for question, details in found.items():
            plan = plans.solve(details)
            examples.append(
                Example(question, plan, question, twin(details), verifier="plan", details=details)
            )
            progress.advance(1)
    planner = version("up-fast-downward")
    origin = Source(
        f"plans: up-fast-downward {planner}", "https://www.fast-downward.org", "GPL-3.0"
    )
    return Drawn(examples, "up-fast-downward", planner, sources=[origin])


def text(details: Mapping[str, Any]) -> str:
    """A problem in words: ``start: a on b, b on table; goal: b on a``."""
    verb = "on" if details["domain"] == "blocksworld" else "at"
    start = details["start"] if verb == "on" else details["at"]
    words = (
        ", ".join(f"{thing} {verb} {where}" for thing, where in sorted(facts.items()))
        for facts in (start, details["goal"])
    )
    return "start: {}; goal: {}".format(*words)


def parse(question: str, source: Planning) -> Details:
    """The problem that a question states; inverse of :func:`text`."""
    start, goal = (
        dict(fact.split(f" {'on' if source.domain == 'blocksworld' else 'at'} ") for fact in part)
        for part in (
            half.split(": ")[1].split(", ") for half in question.strip().split("; goal", 1)
        )
    )
    if source.domain == "blocksworld":
        return {"domain": "blocksworld", "start": start, "goal": goal}
    return {"domain": "logistics", "cities": _cities(source), "at": start, "goal": goal}


def twin(details: Mapping[str, Any]) -> str:
    """The problem without its names: equal for problems that differ in names alone.

    Blocks are renamed in the order in which the towers of the start list them, tallest tower first;
    towers of equal height are tried in every order and the smallest result counts. Cities are tried
    in every order, too; a package is where it stands and where it goes, so packages are sorted.
    """
    if details["domain"] != "blocksworld":
        return min(_journeys(details, order) for order in permutations(details["cities"]))
    return min(_renamed(details, order) for order in _tower_orders(_towers(details["start"])))


def _renamed(details: Mapping[str, Any], order: list[str]) -> str:
    name = {block: f"b{at}" for at, block in enumerate(order)} | {"table": "table"}
    return canonical_json(
        [
            {name[block]: name[below] for block, below in details[part].items()}
            for part in ("start", "goal")
        ]
    )


def _journeys(details: Mapping[str, Any], cities: Sequence[Sequence[str]]) -> str:
    """Where packages stand and go, where planes stand, and the trucks of each city."""
    name = {
        place: f"{at}.{which}" for at, city in enumerate(cities) for which, place in enumerate(city)
    }
    at, goal = details["at"], details["goal"]
    return canonical_json(
        [
            sorted([name[at[p]], name[goal[p]]] for p in goal),
            sorted(name[where] for thing, where in at.items() if thing.startswith("plane")),
            sorted(name[where] for thing, where in at.items() if thing.startswith("truck")),
        ]
    )


def _tower_orders(towers: list[list[str]]) -> Iterator[list[str]]:
    for order in permutations(towers):
        if [len(t) for t in order] == sorted((len(t) for t in towers), reverse=True):
            yield [block for tower in order for block in tower]


def _towers(below: Mapping[str, str]) -> list[list[str]]:
    """Towers from the bottom up."""
    above = {under: block for block, under in below.items() if under != "table"}
    towers = []
    for block in sorted(b for b, under in below.items() if under == "table"):
        tower = [block]
        while tower[-1] in above:
            tower.append(above[tower[-1]])
        towers.append(tower)
    return towers


def _blocks(rng: np.random.Generator, source: Planning) -> Details:
    names = "abcdefgh"[: source.objects]
    start = goal = _stacks(rng, names)
    while goal == start:
        goal = _stacks(rng, names)
    return {"domain": "blocksworld", "start": start, "goal": goal}


def _stacks(rng: np.random.Generator, names: str) -> dict[str, str]:
    """Blocks in random order, each on the table or on a tower, equally likely."""
    tops: list[str] = []
    below: dict[str, str] = {}
    for block in rng.permutation(list(names)).tolist():
        at = int(rng.integers(len(tops) + 1))
        if at == len(tops):
            below[block] = "table"
            tops.append(block)
        else:
            below[block] = tops[at]
            tops[at] = block
    return dict(sorted(below.items()))


def _cities(source: Planning) -> list[list[str]]:
    return [[f"depot{c}", f"airport{c}"] for c in range(1, source.places + 1)]


def _logistics(rng: np.random.Generator, source: Planning) -> Details:
    cities = _cities(source)
    places = [place for city in cities for place in city]
    at = {f"package{p}": str(rng.choice(places)) for p in range(1, source.objects + 1)}
    goal = dict(at)
    while goal == at:
        goal = {package: str(rng.choice(places)) for package in at}
    at |= {f"truck{c}": str(rng.choice(city)) for c, city in enumerate(cities, 1)}
    at["plane1"] = str(rng.choice([city[1] for city in cities]))
    return {"domain": "logistics", "cities": cities, "at": at, "goal": goal}
