from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from measurand.errors import ParamsError
from pipelines.many_shot.tasks import arithmetic, wanted
from schemas.many_shot.params import Task


def task(terms: int, digits: int, train: int = 100, test: int = 20) -> Task:
    source = {"kind": "arithmetic", "terms": terms, "digits": digits}
    curves = [{"shots": [0], "seeds": 1}]
    sizes = {"train": train, "dev": 0, "test": test}
    return Task.model_validate({"id": "sums", "source": source, **sizes, "curves": curves})


@pytest.mark.parametrize(("terms", "digits"), [(2, 1), (3, 2), (12, 6)])
def test_targets_are_what_python_computes(terms: int, digits: int) -> None:
    sized = task(terms, digits, 50)
    drawn = arithmetic.draw(sized, 0, Path())
    assert len({e.input for e in drawn.examples}) == min(wanted(sized), 81)
    for example in drawn.examples:
        expression = example.input.removeprefix("What is ").removesuffix("?")
        assert set(expression) <= set("0123456789+- ")
        assert example.target == str(eval(expression))
        assert arithmetic.answer(example.input) == example.target
        assert all(len(word) == digits for word in expression.split()[::2])
        assert len(expression.split()[::2]) == terms


def test_solutions_are_running_totals() -> None:
    assert arithmetic.solution("17 + 25 - 8") == ("17 + 25 = 42, 42 - 8 = 34.", 34)
    assert arithmetic.solution("3 - 9 + 1") == ("3 - 9 = -6, -6 + 1 = -5.", -5)


def test_every_solution_has_right_steps_and_none_with_one_digit_changed() -> None:
    rng = np.random.default_rng(0)
    for example in arithmetic.draw(task(4, 3, 900, 100), 0, Path()).examples:
        text = str(example.rationale)
        assert arithmetic.steps_valid(text)
        places = [i for i, c in enumerate(text) if c.isdigit()]
        at = int(rng.choice(places))
        wrong = text[:at] + str((int(text[at]) + int(rng.integers(1, 10))) % 10) + text[at + 1 :]
        assert not arithmetic.steps_valid(wrong), wrong


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("3 + 4 = 7.", True),
        ("3+4=7, 7-9=-2", True),
        ("First 3 + 4 - 2 = 5. Then 5 + 1 = 6. The answer is 6", True),
        ("3 + 4 = 7 + 2 = 9", False),
        ("3 + 4 = 7.5", False),
        ("0.3 + 4 = 4", False),
        ("3 + 4 = 7, x = 2", False),
        ("3 + 4 = 7, 2 * 3 = 6", False),
        ("The answer is 7.", False),
        ("", False),
        (f"1 + 1 = {'9' * 5000}", False),
    ],
)
def test_steps_valid(text: str, valid: bool) -> None:
    assert arithmetic.steps_valid(text) is valid


def test_more_than_half_of_all_sums_are_refused() -> None:
    assert len(arithmetic.draw(task(2, 1, 61, 20), 0, Path()).examples) == 81
    with pytest.raises(ParamsError, match="82 examples, there are 162 sums"):
        arithmetic.draw(task(2, 1, 62, 20), 0, Path())
