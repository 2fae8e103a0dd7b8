from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.guided_evolution.optimisers import (
    FLOOR,
    GRAMMAR,
    RATES,
    Optimisers,
    Rule,
    final_loss,
    fitness,
    known,
    tuned,
)
from pipelines.guided_evolution.problems import held_out, searched
from pipelines.guided_evolution.programs import fault, tidy

MOONS = searched()[1]


@pytest.mark.parametrize(("name", "decay"), [("adam", 0.0), ("adamw", 0.01)])
def test_the_known_rules_are_those_of_torch(name: str, decay: float) -> None:
    rate = 0.05
    rule, w = Rule(known(name, rate), len(MOONS.start), 30), MOONS.start.copy()
    other = torch.from_numpy(MOONS.start.copy())
    made = torch.optim.AdamW([other], lr=rate, weight_decay=decay, eps=1e-12)
    for step in range(30):
        other.grad = torch.from_numpy(MOONS.gradient(other.numpy(), step))
        made.step()
        w = w - rule(w, MOONS.gradient(w, step))
    np.testing.assert_allclose(w, other.numpy(), rtol=1e-6, atol=1e-8)


def test_momentum_is_a_running_mean() -> None:
    rule = Rule(known("momentum", 0.5), 1, 10)
    mean = 0.0
    for step, g in enumerate((1.0, -2.0, 3.0)):
        mean += 0.1 * (g - mean)
        taken = rule(np.zeros(1), np.array([g]))
        assert taken[0] == pytest.approx(0.5 * mean / (1 - 0.9 ** (step + 1)))


def test_a_rule_remembers_its_own_average_and_sees_what_is_left() -> None:
    names = ["gradient", "average", "left", "scale"]
    program = tidy(GRAMMAR, [GRAMMAR.place(n) for n in names], [(), (0,), (), (2, 1)], [0] * 4, 3)
    rule = Rule(program, 1, 4)
    taken = [float(rule(np.zeros(1), np.array([1.0]))[0]) for _ in range(4)]
    averages = [0.1, 0.19, 0.271, 0.3439]
    wanted = [a * left for a, left in zip(averages, (1, 0.75, 0.5, 0.25), strict=True)]
    assert taken == pytest.approx(wanted)


def test_fitness_is_minus_the_mean_logarithm_of_the_losses() -> None:
    program = known("adam", 0.1)
    losses = [final_loss(program, p, 20) for p in searched()]
    wanted = -np.mean(np.log10(np.array(losses, float) + FLOOR))
    assert fitness(program, searched(), 20).fitness == pytest.approx(wanted)


def test_a_rule_that_diverges_fails_and_says_where() -> None:
    found = fitness(known("momentum", 1e4), searched(), 20)
    assert found.status == "failed"
    assert str(found.reason).startswith("diverged on")


def test_tuned_is_the_best_of_all_rates() -> None:
    program, best = tuned("momentum", 20)
    every = [fitness(known("momentum", r), searched(), 20).fitness for r in RATES]
    assert best == max(x for x in every if x is not None)
    assert fault(GRAMMAR, program) is None


def test_equal_rules_have_one_function_and_fresh_problems_are_others() -> None:
    task = Optimisers(20)
    one = known("momentum", 0.1)
    names = ["mean", "constant", "scale", "square", "sqrt", "sign", "mul"]
    args: list[tuple[int, ...]] = [(), (), (1, 0), (2,), (3,), (2,), (4, 5)]
    numbers = [0, 0.1, 0, 0, 0, 0, 0]
    other = tidy(GRAMMAR, [GRAMMAR.place(n) for n in names], args, numbers, 6)
    assert one.key != other.key
    assert task.function(one) == task.function(other) != task.function(known("adam", 0.1))
    assert task.fresh(one) == fitness(one, held_out(), 20) != task.measure(one)
    assert task.space.random(np.random.default_rng(0)).ops
