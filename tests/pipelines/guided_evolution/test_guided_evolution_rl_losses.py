from __future__ import annotations

import numpy as np
import pytest

from pipelines.guided_evolution import rl_losses
from pipelines.guided_evolution.environments import grid, searched
from pipelines.guided_evolution.loss_graphs import GRAMMAR, KNOWN, Loss, known
from pipelines.guided_evolution.mazes import Maze
from pipelines.guided_evolution.programs import Program, tidy
from pipelines.guided_evolution.q_learning import trained
from pipelines.guided_evolution.rl_losses import RATES, RlLosses, fitness

TASK = RlLosses(20, 1, 0.01)
PLACES = (grid("corridor", Maze(("S.G",))), grid("corner", Maze(("S.", ".G"))))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two grids to search on and one that no search sees, so that a training takes milliseconds."""
    monkeypatch.setattr(rl_losses, "searched", lambda: PLACES)
    monkeypatch.setattr(rl_losses, "held_out", lambda: (grid("row", Maze(("S..G",))),))
    rl_losses._tuned.cache_clear()


def _more(name: str, *nodes: tuple[str, tuple[int, ...], float]) -> Program:
    """A known loss with further nodes behind it."""
    every = [*KNOWN[name], *nodes]
    ops, args, numbers = zip(*every, strict=True)
    return tidy(GRAMMAR, [GRAMMAR.place(op) for op in ops], args, numbers, len(ops) - 1)


def test_fitness_is_the_mean_share_of_returns() -> None:
    program = known("dqn")
    shares = [
        place.share(returned).mean()
        for place in PLACES
        if (returned := trained(Loss(program), place, 20, 2, 0.01, "w")) is not None
    ]
    assert fitness(program, PLACES, 20, 2, 0.01, "w").fitness == pytest.approx(np.mean(shares))


def test_losses_that_differ_in_size_or_by_what_is_not_learned_are_one_function() -> None:
    one = TASK.function(known("dqn"))
    twice = _more("dqn", ("add", (10, 10), 0))
    paid = _more("dqn", ("add", (10, 3), 0))
    assert one == TASK.function(twice) == TASK.function(paid) is not None
    others = {TASK.function(known(name)) for name in KNOWN}
    assert len(others) == len(KNOWN)


def test_a_loss_without_a_gradient_is_none() -> None:
    nothing = _more("dqn", ("sub", (10, 10), 0))
    assert TASK.function(nothing) is None
    ops, args = ["q", "argmax", "target", "at"], [(), (0,), (), (2, 1)]
    choice = tidy(GRAMMAR, [GRAMMAR.place(op) for op in ops], args, [0.0] * 4, 3)
    assert TASK.function(choice) is None
    assert TASK.measure(choice).reason == "nothing is learned"


def test_a_loss_that_overflows_fails_and_says_where() -> None:
    nodes = [("square", (at,), 0.0) for at in range(10, 19)]
    found = fitness(_more("dqn", *nodes), searched()[2:], 60, 1, 1e50, "w")
    assert (found.status, found.reason) == ("failed", "diverged in grid")


@pytest.mark.usefixtures("small")
def test_tuned_is_the_best_of_all_rates_and_fresh_is_elsewhere() -> None:
    rate, best = TASK.tuned("double_dqn")
    program = known("double_dqn")
    every = [fitness(program, PLACES, 20, 1, r, "searched").fitness for r in RATES]
    assert best == max(x for x in every if x is not None) == every[RATES.index(rate)]
    assert TASK.fresh(program) == TASK.fresh(program, 0.01) != TASK.measure(program)
