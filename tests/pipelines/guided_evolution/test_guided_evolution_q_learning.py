from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.guided_evolution.environments import grid
from pipelines.guided_evolution.loss_graphs import GRAMMAR, Loss, known
from pipelines.guided_evolution.mazes import Maze
from pipelines.guided_evolution.optimisers import Rule
from pipelines.guided_evolution.optimisers import known as adam
from pipelines.guided_evolution.programs import tidy
from pipelines.guided_evolution.q_learning import HIDDEN, LOOKS, Adam, Network, luck, trained

CORRIDOR = grid("corridor", Maze(("x.S..G",)))


def test_the_networks_gradient_is_that_of_torch() -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(2, 3 * HIDDEN + HIDDEN + HIDDEN * 2 + 2))
    x, slope = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 5, 2))
    network = Network(weights, 3, 2)
    h, values = network.layers(x)
    found = network.gradient(x, h, slope)
    for run in range(2):
        w = torch.from_numpy(weights[run].copy()).requires_grad_()
        first, bias, last, end = w.split([3 * HIDDEN, HIDDEN, HIDDEN * 2, 2])
        hidden = torch.relu(torch.from_numpy(x[run]) @ first.reshape(3, HIDDEN) + bias)
        theirs = hidden @ last.reshape(HIDDEN, 2) + end
        (theirs * torch.from_numpy(slope[run])).sum().backward()
        np.testing.assert_allclose(values[run], theirs.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(found[run], w.grad.numpy(), rtol=1e-10, atol=1e-12)


def test_adam_is_the_update_rule_of_that_name() -> None:
    """That rule is held against torch's in its own test."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(2, 4))
    other, ours, rule = weights.copy(), Adam(weights, 0.01), Rule(adam("adam", 0.01), 8, 20)
    for _ in range(20):
        gradient = rng.normal(size=(2, 4))
        ours.step(gradient)
        other -= rule(other.ravel(), gradient.ravel()).reshape(2, 4)
    np.testing.assert_allclose(weights, other, rtol=1e-6)


def test_what_changes_weights_changes_the_network() -> None:
    weights = np.zeros((1, 3 * HIDDEN + HIDDEN + HIDDEN * 2 + 2))
    network = Network(weights, 3, 2)
    weights[0, -1] = 7
    assert network(np.ones((1, 1, 3))).tolist() == [[[0, 7]]]


@pytest.mark.parametrize("name", ["dqn", "double_dqn", "dqn_reg"])
def test_a_good_loss_reaches_what_value_iteration_knows(name: str) -> None:
    returned = trained(Loss(known(name)), CORRIDOR, 300, 2, 1e-2, "test")
    assert returned is not None
    assert returned.shape == (LOOKS, 2)
    assert CORRIDOR.share(returned[-1]).min() > 0.98
    assert CORRIDOR.scale[1] > 0.8


def test_a_loss_that_knows_no_reward_does_not() -> None:
    ops, args = ["q", "action", "at", "square"], [(), (), (0, 1), (2,)]
    loss = Loss(tidy(GRAMMAR, [GRAMMAR.place(op) for op in ops], args, [0.0] * 4, 3))
    returned = trained(loss, CORRIDOR, 300, 2, 1e-2, "test")
    assert returned is not None
    assert CORRIDOR.share(returned[-1]).mean() < 0.9


def test_the_same_training_has_the_same_bits() -> None:
    def run(word: str) -> bytes:
        luck.cache_clear()
        found = trained(Loss(known("dqn")), CORRIDOR, 40, 2, 1e-2, word)
        assert found is not None
        return found.tobytes()

    assert run("one") == run("one") != run("other")


def test_weights_that_overflow_are_noticed() -> None:
    assert trained(Loss(known("dqn")), CORRIDOR, 40, 1, 1e200, "test") is None
