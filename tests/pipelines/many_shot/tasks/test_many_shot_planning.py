from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.errors import ParamsError
from measurand.stats.resample import rng_for
from pipelines.many_shot.splits import split_examples
from pipelines.many_shot.tasks import planning
from pipelines.many_shot.verifiers import verify
from schemas.many_shot.params import NearDuplicates, Planning, Task

Details = dict[str, Any]


def source(domain: str, objects: int, places: int = 2) -> Planning:
    made = {"kind": "planning", "domain": domain, "objects": objects, "places": places}
    return Planning.model_validate(made)


def task(domain: str, objects: int, train: int = 12, test: int = 4) -> Task:
    curves = [{"shots": [0], "seeds": 1}]
    world = source(domain, objects).model_dump()
    sizes = {"train": train, "dev": 2, "test": test}
    return Task.model_validate({"id": "p", "source": world, **sizes, "curves": curves})


def test_a_problem_in_words() -> None:
    blocks = {
        "domain": "blocksworld",
        "start": {"a": "b", "b": "table"},
        "goal": {"b": "a", "a": "table"},
    }
    assert planning.text(blocks) == "start: a on b, b on table; goal: a on table, b on a"


@given(st.sampled_from(["blocksworld", "logistics"]), st.integers(2, 8), st.integers(2, 4))
def test_problems_can_be_read_back_and_are_not_solved_at_the_start(
    domain: str, objects: int, places: int
) -> None:
    world = source(domain, objects, places)
    make = planning._blocks if domain == "blocksworld" else planning._logistics
    details = make(rng_for("read", domain, objects, places), world)
    assert (
        planning.parse(planning.text(details), world) == details == json.loads(json.dumps(details))
    )
    start = details["start" if domain == "blocksworld" else "at"]
    assert details["goal"].items() - start.items()
    assert len(details["goal"]) == objects


@pytest.mark.parametrize(("blocks", "states"), [(1, 1), (2, 3), (3, 13), (4, 73)])
def test_towers_reach_every_state(blocks: int, states: int) -> None:
    """Numbers of states: sets of lists, OEIS A000262."""
    rng = rng_for("states", blocks)
    assert len(_all_stacks(blocks)) == states
    found = {json.dumps(planning._stacks(rng, "abcd"[:blocks])) for _ in range(40 * states)}
    assert found == set(map(json.dumps, _all_stacks(blocks)))


def _all_stacks(blocks: int) -> list[dict[str, str]]:
    """Each block on the table or on another, no two on the same one, and no circles."""
    names = "abcd"[:blocks]
    found = []
    for under in product(["table", *names], repeat=blocks):
        below = dict(zip(names, under, strict=True))
        on = [u for u in under if u != "table"]
        if len(set(on)) == len(on) and sum(map(len, planning._towers(below))) == blocks:
            found.append(below)
    return found


def partition(problems: Iterable[Details], key: Callable[[Details], str]) -> set[frozenset[str]]:
    classes = defaultdict(set)
    for details in problems:
        classes[key(details)].add(planning.text(details))
    return {frozenset(some) for some in classes.values()}


def renamed(details: Details, names: dict[str, str]) -> Details:
    """The same problem under other names; the goal's facts in any order."""
    return details | {
        part: {names.get(k, k): names.get(v, v) for k, v in details[part].items()}
        for part in ("start", "at", "goal")
        if part in details
    }


def test_twins_of_towers_are_exactly_those_that_a_renaming_makes_equal() -> None:
    stacks = _all_stacks(3)
    problems = [
        {"domain": "blocksworld", "start": a, "goal": b}
        for a, b in product(stacks, stacks)
        if a != b
    ]

    def smallest(details: Details) -> str:
        names = (dict(zip("abc", order, strict=True)) for order in permutations("abc"))
        return min(planning.text(renamed(details, some)) for some in names)

    classes = partition(problems, planning.twin)
    assert classes == partition(problems, smallest)
    # Burnside: no renaming but the identity leaves any of the 156 problems as it is.
    assert (len(problems), len(classes)) == (156, 156 // 6)


def test_twins_of_journeys_are_exactly_those_that_a_renaming_makes_equal() -> None:
    cities = planning._cities(source("logistics", 2))
    places = [place for city in cities for place in city]
    problems = [
        {
            "domain": "logistics",
            "cities": cities,
            "at": {"package1": a, "package2": b, "truck1": t, "truck2": u, "plane1": p},
            "goal": {"package1": c, "package2": d},
        }
        for a, b, c, d in product(places, repeat=4)
        for t, u, p in product(cities[0], cities[1], ["airport1", "airport2"])
        if (a, b) != (c, d)
    ]
    cities_changed = {
        f"{kind}{i}": f"{kind}{3 - i}" for kind in ("depot", "airport", "truck") for i in (1, 2)
    }
    packages_changed = {"package1": "package2", "package2": "package1"}

    def smallest(details: Details) -> str:
        changes = ({}, cities_changed, packages_changed, cities_changed | packages_changed)
        return min(planning.text(renamed(details, some)) for some in changes)

    assert len(problems) == 1920
    assert partition(problems, planning.twin) == partition(problems, smallest)


def test_a_world_with_too_few_problems_is_refused_before_planning() -> None:
    with pytest.raises(ParamsError, match="p: 6 different problems were found, too few"):
        planning.draw(task("blocksworld", 2), 0, Path())


@pytest.mark.integration
@pytest.mark.parametrize(("domain", "objects"), [("blocksworld", 3), ("logistics", 2)])
def test_drawn_problems_are_distinct_solved_and_split_without_twins(
    domain: str, objects: int
) -> None:
    sized = task(domain, objects)
    drawn = planning.draw(sized, 0, Path())
    assert len({e.input for e in drawn.examples}) == len(drawn.examples) >= 18
    for example in drawn.examples:
        details = json.loads(json.dumps(example.details))
        assert verify("plan", example.target, example.target, details).correct
        shorter = example.target.rpartition("; ")[0]
        assert not verify("plan", shorter, example.target, details).correct
        assert planning.parse(example.input, source(domain, objects)) == details
    assert planning.draw(sized, 0, Path()).examples == drawn.examples
    assert planning.draw(sized, 1, Path()).examples != drawn.examples
    split = split_examples(sized, drawn, 0, NearDuplicates())
    test = {planning.twin(e.details) for e in split.test}
    assert not test & {planning.twin(e.details) for e in split.train + split.dev}


@pytest.mark.integration
def test_the_planner_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    planning.draw(task("blocksworld", 3, train=2, test=1), 3, Path())
    assert capfd.readouterr().out == ""
