from __future__ import annotations

import numpy as np
import pytest

from measurand.errors import InputError
from pipelines.guided_evolution.expressions import (
    FUNCTIONS,
    divide,
    grammar,
    logarithm,
    root,
    significant,
    values,
    values_of_many,
)
from pipelines.guided_evolution.growing import random_program
from pipelines.guided_evolution.programs import Grammar, tidy


def test_protected_functions_are_the_usual_ones_away_from_zero() -> None:
    a = np.array([1.0, -2.0, 0.5, 3.0])
    b = np.array([2.0, 0.0, 5e-4, -1e-2])
    np.testing.assert_allclose(divide(a, b), [0.5, 1.0, 1.0, -300.0])
    np.testing.assert_allclose(logarithm(b), [np.log(2), 0.0, 0.0, np.log(1e-2)])
    np.testing.assert_allclose(root(a), np.sqrt(np.abs(a)))


def test_a_formula_has_the_values_of_numpy() -> None:
    space = grammar(["x", "y"], sorted(FUNCTIONS), constants=True)
    names = ["x", "y", "number", "mul", "sin", "add", "sqrt"]
    args: list[tuple[int, ...]] = [(), (), (), (0, 2), (1,), (3, 4), (5,)]
    program = tidy(space, [space.place(n) for n in names], args, [0, 0, 2.5, 0, 0, 0, 0], 6)
    x, y = np.random.default_rng(0).uniform(0, 1, (2, 50))
    wanted = np.sqrt(np.abs(2.5 * x + np.sin(y)))
    np.testing.assert_array_equal(values(space, program, np.array([x, y])), wanted)


def test_many_at_once_are_the_same_as_one_by_one(
    formulas: Grammar, rng: np.random.Generator
) -> None:
    some = [random_program(formulas, rng, 6) for _ in range(400)]
    points = rng.uniform(-3, 3, (2, 20))
    at_once = values_of_many(formulas, some, points)
    for row, program in zip(at_once, some, strict=True):
        np.testing.assert_array_equal(row, values(formulas, program, points))
    assert values_of_many(formulas, [], points).shape == (0, 20)


def test_a_constant_formula_has_one_value_everywhere() -> None:
    space = grammar(["x"], ["add"])
    program = tidy(space, [space.place("one"), space.place("add")], [(), (0, 0)], [0, 0], 1)
    np.testing.assert_array_equal(values(space, program, np.zeros((1, 4))), [2.0] * 4)


def test_significant_digits_do_not_depend_on_size() -> None:
    x = np.array([1.0, 1e-9, 1e12])
    near, far = x * (1 + 1e-9), x * (1 + 1e-4)
    np.testing.assert_array_equal(significant(x), significant(near))
    assert (significant(x) != significant(far)).all()
    assert not np.signbit(significant(np.array([-0.0])))[0]


def test_unknown_functions_are_refused() -> None:
    with pytest.raises(InputError, match="no function tan"):
        grammar(["x"], ["add", "tan"])
    with pytest.raises(InputError, match="stands twice"):
        grammar(["sin"], ["sin"])
