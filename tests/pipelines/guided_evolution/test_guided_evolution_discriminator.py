from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipelines.guided_evolution.discriminator import Discriminator, Learning, _ranks
from pipelines.guided_evolution.growing import random_program
from pipelines.guided_evolution.judging import odds
from pipelines.guided_evolution.programs import Grammar, Program


def _programs(formulas: Grammar, n: int, seed: int = 0) -> list[Program]:
    rng = np.random.default_rng(seed)
    found: dict[bytes, Program] = {}
    while len(found) < n:
        program = random_program(formulas, rng)
        found[program.key] = program
    return list(found.values())


def _sines(formulas: Grammar, program: Program) -> float:
    """Something that can be learned from the graph alone."""
    return sum(op == formulas.place("sin") for op in program.ops) - 0.1 * len(program.ops)


def _taught(
    formulas: Grammar,
    learning: Learning,
    scale: Callable[[float], float] = float,
    seed: int = 0,
    trainings: int = 12,
) -> Discriminator:
    made = Discriminator(learning, len(formulas.ops), 30, ("test", seed))
    for program in _programs(formulas, 200):
        made.add(program, scale(_sines(formulas, program)), None)
    for _ in range(trainings):
        assert made.train() is not None
    return made


def _right(formulas: Grammar, made: Discriminator) -> float:
    some = _programs(formulas, 300, seed=1)
    s, y = made.scores(some), np.array([_sines(formulas, p) for p in some])
    left, right = np.random.default_rng(0).integers(0, len(some), (2, 4000))
    apart = y[left] != y[right]
    return float(((s[left] > s[right]) == (y[left] > y[right]))[apart].mean())


@pytest.mark.parametrize("kind", ["mlp", "gin"])
@pytest.mark.parametrize("head", ["pairs", "regression"])
def test_it_learns_which_of_two_is_better(kind: str, head: str, formulas: Grammar) -> None:
    learning = Learning(encoder=kind, hidden=16, layers=1, head=head)  # type: ignore[arg-type]
    assert _right(formulas, _taught(formulas, learning)) > 0.75


@pytest.mark.integration
def test_shuffled_labels_teach_nothing(formulas: Grammar) -> None:
    rights = [
        _right(formulas, _taught(formulas, Learning(hidden=16, layers=1, shuffled=True), seed=s))
        for s in range(5)
    ]
    assert 0.35 < np.mean(rights) < 0.65


def test_both_orders_add_up_to_one(formulas: Grammar) -> None:
    s = _taught(formulas, Learning(hidden=16, layers=1)).scores(_programs(formulas, 60))
    both = odds(s[:30], s[30:]) + odds(s[30:], s[:30])
    assert np.abs(both - 1).max() < 1e-12


@pytest.mark.parametrize("scale", [lambda x: 1e3 * x - 5, np.exp, lambda x: x**3])
def test_fitness_on_another_scale_gives_the_same_network(
    scale: Callable[[float], float], formulas: Grammar
) -> None:
    learning = Learning(hidden=16, layers=1)
    one, other = (_taught(formulas, learning, f, trainings=3) for f in (float, scale))
    assert one.digest() == other.digest()


def test_it_is_the_same_network_at_every_run_and_another_for_other_words(
    formulas: Grammar,
) -> None:
    learning = Learning(hidden=16, layers=1)
    one, same, other = (_taught(formulas, learning, seed=s, trainings=2) for s in (0, 0, 1))
    assert one.digest() == same.digest() != other.digest()


def test_failed_programs_are_worse_than_all_others(formulas: Grammar) -> None:
    made = Discriminator(Learning(hidden=16, layers=1), len(formulas.ops), 30, ("fail",))
    sine = formulas.place("sin")
    some = _programs(formulas, 200)
    for program in some:
        made.add(program, None if sine in program.ops else 1.0, None)
    for _ in range(15):
        made.train()
    new = _programs(formulas, 200, seed=2)
    s = made.scores(new)
    bad = np.array([sine in p.ops for p in new])
    assert s[bad].mean() < s[~bad].mean() - 1


def test_nothing_is_learned_where_all_are_equal(formulas: Grammar) -> None:
    made = Discriminator(Learning(hidden=16, layers=1), len(formulas.ops), 30, ("flat",))
    assert made.train() is None
    for program in _programs(formulas, 20):
        made.add(program, 1.0, None)
    assert made.train() is None


def test_memory_forgets_the_oldest_and_parents_that_are_gone(formulas: Grammar) -> None:
    some = _programs(formulas, 30)
    made = Discriminator(Learning(hidden=16, layers=1, memory=8), len(formulas.ops), 30, ("m",))
    for at, program in enumerate(some):
        made.add(program, float(at), some[at - 1] if at else None)
    assert made.seen == 30
    assert sorted(made._fitness) == [float(x) for x in range(22, 30)]
    left, right = made._pairs(made._fitness)
    assert len(left) > 0
    assert (made._fitness[left] != made._fitness[right]).all()
    children = made._fitness[left[:16]] - made._fitness[right[:16]]
    assert (children == 1).sum() > 8


def test_ranks_of_equals_are_equal() -> None:
    np.testing.assert_allclose(
        _ranks(np.array([5.0, 1.0, 5.0, -np.inf])), [2 / 3, -1 / 3, 2 / 3, -1]
    )
