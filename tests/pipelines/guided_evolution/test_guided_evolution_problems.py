from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from pipelines.guided_evolution.problems import BATCH, Problem, held_out, searched

EVERY = (*searched(), *held_out())


def test_no_problem_is_searched_and_held_out() -> None:
    assert len({p.name for p in EVERY}) == 8


@pytest.mark.parametrize("problem", EVERY, ids=lambda p: p.name)
def test_gradients_are_those_of_the_loss(problem: Problem) -> None:
    """The mean gradient over many batches against differences of the whole loss."""
    rng = np.random.default_rng(0)
    w = problem.start + 0.1 * rng.normal(size=len(problem.start))
    mean = np.mean([problem.gradient(w, step) for step in range(1000)], 0)
    way = rng.normal(size=len(w))
    slope = (problem.loss(w + 1e-5 * way) - problem.loss(w - 1e-5 * way)) / 2e-5
    spread = np.std([problem.gradient(w, step) @ way for step in range(1000)])
    assert abs(mean @ way - slope) < 4 * spread / np.sqrt(1000) + 1e-4 * abs(slope) + 1e-6


def test_rosenbrock_is_scipys() -> None:
    problem = next(p for p in EVERY if p.name == "rosenbrock_10")
    w = np.random.default_rng(1).normal(size=10)
    assert problem.loss(w) == pytest.approx(rosen(w))
    np.testing.assert_allclose(problem.gradient(w, 0), rosen_der(w))


def test_a_step_sees_the_same_rows_at_every_run() -> None:
    for problem in EVERY:
        np.testing.assert_array_equal(
            problem.gradient(problem.start, 3), problem.gradient(problem.start, 3)
        )
    assert BATCH == 32
