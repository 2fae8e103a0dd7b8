from __future__ import annotations

import numpy as np
import pytest
import sympy

from pipelines.guided_evolution.programs import Program, tidy
from pipelines.guided_evolution.symbolic import TARGETS, Formulas


def _made(task: Formulas, *nodes: tuple[str, tuple[int, ...]]) -> Program:
    space = task.space.grammar
    ops, args = zip(*nodes, strict=True)
    return tidy(space, [space.place(o) for o in ops], args, [0.0] * len(ops), len(ops) - 1)


@pytest.mark.parametrize("name", TARGETS)
def test_the_written_formula_is_the_one_that_is_computed(name: str) -> None:
    task = Formulas(name, 0)
    points, truth = task.draw(50, "test")
    written = sympy.lambdify(list(task.target.ranges), sympy.sympify(task.target.written))
    np.testing.assert_allclose(written(*points), truth, rtol=1e-12)


@pytest.mark.parametrize("name", TARGETS)
def test_points_lie_in_their_ranges_and_belong_to_the_seed(name: str) -> None:
    task = Formulas(name, 0)
    points, _ = task.draw(200, "test")
    for (low, high), row in zip(task.target.ranges.values(), points, strict=True):
        assert low <= row.min() < low + 0.1 * (high - low)
        assert high - 0.1 * (high - low) < row.max() <= high
    np.testing.assert_array_equal(points, Formulas(name, 0).draw(200, "test")[0])
    assert (points != Formulas(name, 1).draw(200, "test")[0]).all()


X = ("x", ())


def test_the_true_formula_is_solved_and_another_is_not() -> None:
    task = Formulas("nguyen1", 0)
    true = _made(task, X, ("mul", (0, 0)), ("mul", (1, 0)), ("add", (0, 1)), ("add", (2, 3)))
    found = task.measure(true)
    assert found.status == "ok"
    assert found.fitness == pytest.approx(1, abs=1e-12)
    assert task.error(true, 1000, "fresh") == pytest.approx(0, abs=1e-12)
    wrong = task.measure(_made(task, X, ("mul", (0, 0))))
    assert wrong.fitness is not None
    assert wrong.fitness < 0.9


def test_the_mean_of_what_is_true_has_a_normalised_error_of_one() -> None:
    """1 / (1 + 1): a constant's root mean square error is the standard deviation at the mean."""
    task = Formulas("nguyen2", 3)
    _, truth, spread = task._seen
    assert len(truth) == 20
    zero = task.measure(_made(task, X, ("sub", (0, 0))))
    wanted = 1 / (1 + np.sqrt(np.square(truth).mean()) / spread)
    assert zero.fitness == pytest.approx(wanted)


def test_formulas_that_compute_the_same_have_the_same_function() -> None:
    task = Formulas("nguyen1", 0)
    twice = _made(task, X, ("add", (0, 0)))
    other = _made(task, X, ("one", ()), ("add", (1, 1)), ("mul", (0, 2)))
    assert twice.key != other.key
    assert task.function(twice) == task.function(other) != task.function(_made(task, X))


def test_a_formula_that_overflows_is_none() -> None:
    task = Formulas("nguyen1", 0)
    grown = [X, *[("exp", (i,)) for i in range(6)]]
    assert task.function(_made(task, *grown)) is None
    found = task.measure(_made(task, *grown))
    assert (found.status, found.reason) == ("failed", "not finite on the points")
    assert task.error(_made(task, *grown), 10, "fresh") is None
