from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from measurand.errors import InputError
from pipelines.guided_evolution.own import OwnPrograms
from pipelines.guided_evolution.programs import Program, tidy
from schemas.guided_evolution.params import Operation, Own

CODE = """
import os, sys, time

def score(program):
    n = len(program["ops"])
    print("measuring", program)
    if n == 2:
        raise RuntimeError("two nodes are too few")
    if n == 3:
        return float("nan")
    if n == 4:
        time.sleep(60)
    if n == 5:
        os._exit(3)
    if n == 6:
        return "many"
    return program["ops"].count("f") - program["constants"][0]
"""


@pytest.fixture
def task(tmp_path: Path) -> Iterator[OwnPrograms]:
    (tmp_path / "mine.py").write_text(CODE)
    source = Own(
        kind="own",
        evaluate=f"{tmp_path / 'mine.py'}:score",
        operations=(Operation(name="c", constant=True), Operation(name="x"),
                    Operation(name="f", takes=("real",))),
        max_nodes=9,
        timeout_s=0.7,
    )  # fmt: skip
    made = OwnPrograms(source)
    yield made
    made.close()


def _chain(task: OwnPrograms, n: int) -> Program:
    space = task.space.grammar
    ops = [space.place("x"), *[space.place("f")] * (n - 1)]
    return tidy(space, ops, [(), *[(i,) for i in range(n - 1)]], [0.0] * n, n - 1)


def test_every_way_to_fail_has_its_reason_and_the_next_program_is_measured(
    task: OwnPrograms,
) -> None:
    wanted = {
        2: "RuntimeError: two nodes are too few",
        3: "it returned nan",
        4: "no answer in 0.7 s",
        5: "its process ended with 3",
        6: "it returned str, which is no number",
    }
    for n, reason in wanted.items():
        found = task.measure(_chain(task, n))
        assert (found.fitness, found.status, found.reason) == (None, "failed", reason)
        assert task.measure(_chain(task, 7)).fitness == 6.0


def test_the_function_sees_names_arguments_and_constants(task: OwnPrograms) -> None:
    space = task.space.grammar
    program = tidy(space, [space.place("c"), space.place("f")], [(), (0,)], [2.5, 0.0], 1)
    assert task.plain(program) == {"ops": ["c", "f"], "args": [[], [0]], "constants": [2.5, 0.0]}
    assert task.function(program) == program.key
    assert task.space.random(np.random.default_rng(0)).ops


@pytest.mark.parametrize("place", ["mine.py:score", "no_such_module:score", "math:no_such"])
def test_a_function_that_is_not_there_is_refused(place: str) -> None:
    source = Own(kind="own", evaluate=place, operations=(Operation(name="x"),))
    task = OwnPrograms(source)
    with pytest.raises(InputError, match="cannot be loaded") as error:
        task.measure(_chain_of_one(task))
    assert error.value.code == "bad_evaluator"


def _chain_of_one(task: OwnPrograms) -> Program:
    return tidy(task.space.grammar, [0], [()], [0.0], 0)
