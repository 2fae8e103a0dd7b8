from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from measurand.errors import ParamsError
from pipelines.many_shot.tasks import reasoning_gym_task, wanted
from pipelines.many_shot.verifiers import verify
from schemas.many_shot.params import Task


def task(generator: str, n: int = 10, **config: Any) -> Task:
    source = {"kind": "reasoning_gym", "generator": generator, "config": config}
    curves = [{"shots": [0], "seeds": 1}]
    return Task.model_validate(
        {"id": "rg", "source": source, "train": n, "dev": 0, "test": 5, "curves": curves}
    )


def test_examples_are_distinct_judged_and_plain_json() -> None:
    sized = task("chain_sum", 200)
    drawn = reasoning_gym_task.draw(sized, 0, Path())
    assert len({e.input for e in drawn.examples}) == len(drawn.examples) == wanted(sized)
    assert drawn.version == version("reasoning-gym")
    for example in drawn.examples:
        details = json.loads(json.dumps(example.details))
        assert details == example.details
        assert verify(example.verifier, example.target, example.target, details).correct
    again = reasoning_gym_task.draw(sized, 0, Path())
    assert again.examples == drawn.examples
    assert reasoning_gym_task.draw(sized, 1, Path()).examples != drawn.examples


def test_settings_reach_the_generator() -> None:
    drawn = reasoning_gym_task.draw(task("chain_sum", min_terms=5, max_terms=5), 0, Path())
    assert all(e.input.count(" + ") + e.input.count(" - ") == 4 for e in drawn.examples)


def test_a_source_with_repeats_is_read_on_until_there_is_enough() -> None:
    few = {"min_terms": 2, "max_terms": 2, "min_digits": 1, "max_digits": 1}
    sized = task("chain_sum", 60, **few)
    drawn = reasoning_gym_task.draw(sized, 0, Path())
    assert len(drawn.examples) == wanted(sized)
    assert {r.reason for r in drawn.rejected} == {"duplicate_question"}
    keys = [e.key for e in drawn.examples] + [r.key for r in drawn.rejected]
    assert sorted(keys) == sorted(f"chain_sum-{i}" for i in range(len(keys)))


@pytest.mark.parametrize(
    ("generator", "reasons"),
    [
        ("propositional_logic", {"no_answer"}),
        ("mini_sudoku", {"answer_of_several_lines"}),
        # Its judge compares with tuples, which JSON does not have.
        ("arc_agi", {"answer_of_several_lines", "answer_not_accepted"}),
    ],
)
@pytest.mark.integration
def test_entries_that_could_never_be_right_are_rejected(generator: str, reasons: set[str]) -> None:
    drawn = reasoning_gym_task.draw(task(generator, 1), 0, Path())
    assert drawn.examples == []
    assert {r.reason for r in drawn.rejected} == reasons
    assert len(drawn.rejected) == 8 * wanted(task(generator, 1))


def test_unknown_generators_and_settings_are_refused() -> None:
    with pytest.raises(ParamsError, match="refuses 'no_such_generator'"):
        reasoning_gym_task.draw(task("no_such_generator"), 0, Path())
    with pytest.raises(ParamsError, match="refuses 'chain_sum'"):
        reasoning_gym_task.draw(task("chain_sum", min_terms=9, max_terms=2), 0, Path())
    with pytest.raises(ParamsError, match="no_such_setting"):
        reasoning_gym_task.draw(task("chain_sum", no_such_setting=1), 0, Path())
