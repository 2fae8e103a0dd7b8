from __future__ import annotations

import numpy as np
import pytest
from guided_evolution_small import Chains

from pipelines.guided_evolution.discriminator import Discriminator, Learning
from pipelines.guided_evolution.judging import Network, Oracle, odds
from pipelines.guided_evolution.population import Member, fate


@pytest.mark.parametrize("accuracy", [0.5, 0.6, 0.8, 1.0])
def test_an_oracle_is_as_often_right_as_it_should_be(accuracy: float, chains: Chains) -> None:
    rng = np.random.default_rng(0)
    oracle = Oracle(chains, accuracy, np.random.default_rng(1))
    right = []
    for _ in range(400):
        some = [chains.space.random(rng) for _ in range(10)]
        other = chains.space.random(rng)
        than = Member(other, fate(chains.measure(other)))
        true = np.array([fate(chains.measure(p)) > than.fitness for p in some])
        right += list((oracle.better(some, than) == 1) == true)
    assert abs(np.mean(right) - accuracy) < 0.03


def test_a_network_compares_by_its_scores(chains: Chains) -> None:
    rng = np.random.default_rng(0)
    made = Discriminator(Learning(hidden=16, layers=1), 4, 12, ("t",))
    some = [chains.space.random(rng) for _ in range(6)]
    judge = Network(made)
    p = judge.better(some[1:], Member(some[0], 0.0))
    s = made.scores(some)
    np.testing.assert_allclose(p, 1 / (1 + np.exp(s[0] - s[1:])), atol=1e-6)
    assert judge.seconds > 0


def test_odds_do_not_overflow() -> None:
    np.testing.assert_allclose(odds(np.array([1e4, -1e4, 0.0]), 0.0), [1, 0, 0.5], atol=1e-99)
