from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.many_shot.reader import Shot, Undefined
from pipelines.many_shot.rules import RULES, Case, solution
from schemas.many_shot.params import Task


def task_of(**source: Any) -> Task:
    curves = [{"shots": [0], "seeds": 1}]
    return Task.model_validate(
        {"id": "t", "source": source, "train": 1, "test": 1, "curves": curves}
    )


PARITY = task_of(kind="parity", bits=4)
SUM = task_of(kind="arithmetic", terms=2, digits=1)


def case(
    *answers: str, options: tuple[str, ...] | None = ("no", "yes"), task: Task = PARITY, **more: Any
) -> Case:
    shots = tuple(Shot(f"question {at}", answer) for at, answer in enumerate(answers))
    return Case(
        **{
            "task": task,
            "label_map": "default",
            "shots": shots,
            "question": "0 1 1 1",
            "options": options,
            "seed": 0,
            **more,
        }
    )


@given(st.lists(st.sampled_from(["no", "yes"]), max_size=9))
def test_majority_is_the_most_frequent_and_ties_go_to_the_first(answers: list[str]) -> None:
    yes = answers.count("yes") > len(answers) / 2
    assert RULES["majority"](case(*answers)) == ("yes" if yes else "no")
    assert RULES["majority"](case(*answers, options=("yes", "no"))) == ("yes" if yes else "no")


def test_majority_without_options_needs_an_answer_to_copy() -> None:
    assert RULES["majority"](case("7", "5", "7", options=None)) == "7"
    assert RULES["majority"](case("7", "5", options=None)) == "5"
    with pytest.raises(Undefined, match="no answer"):
        RULES["majority"](case(options=None))


@given(st.text(), st.integers(0, 3), st.permutations(["a", "b", "c"]))
def test_prior_depends_on_question_and_seed_alone(
    question: str, seed: int, options: list[str]
) -> None:
    drawn = RULES["prior"](case("a", question=question, seed=seed, options=tuple(options)))
    assert drawn in options
    assert drawn == RULES["prior"](case(question=question, seed=seed, options=("a", "b", "c")))


def test_prior_draws_every_option_about_equally_often() -> None:
    drawn = [
        RULES["prior"](case(question=str(at), options=("a", "b", "c", "d"))) for at in range(4000)
    ]
    # Chi-square with 3 degrees of freedom: 16.27 is its 99.9th percentile.
    assert sum((drawn.count(word) - 1000) ** 2 / 1000 for word in "abcd") < 16.27


def test_constant_says_one_thing() -> None:
    assert RULES["constant"](case("yes", "yes")) == "no"
    assert RULES["constant"](case(options=None)) == "Even Even Even Even"
    assert RULES["constant"](case(options=None, task=SUM)) == "0"


def test_copy_nearest_shares_most_letters() -> None:
    shots = (Shot("the cat sat", "animal"), Shot("the car ran", "machine"), Shot("x", "other"))
    near = case(shots=shots, question="the car stopped", options=None)
    assert RULES["copy_nearest"](near) == "machine"
    assert RULES["copy_nearest"](case(shots=shots, question="x", options=None)) == "other"


def test_solving_by_hand() -> None:
    assert RULES["solver"](case(options=None)) == "Even Odd Even Odd"
    assert RULES["parity"](case(options=None)) == "Even Odd Even Odd"
    assert RULES["solver"](case(options=None, task=SUM, question="What is 7 - 9?")) == "-2"
    assert solution(SUM, "What is 7 - 9?") == "7 - 9 = -2."
    assert solution(PARITY, "0 1") is None
