from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from value_functions_small import BREAKOUT, CHAIN, small

from pipelines.value_functions import material
from pipelines.value_functions.bootstrapped import Bootstrapped
from pipelines.value_functions.train import begin
from pipelines.value_functions.worlds import chain_values
from schemas.value_functions.params import LOSSES, Chain, Loss


def trial(built: Path, loss: Loss, source: str = "chain", **run: Any) -> Bootstrapped:
    given = {"id": "a", "source": source, "steps": 3, "batch": 8, "width": 16, **run}
    params = small([CHAIN, BREAKOUT], [given])
    found = material.load(params, source, built / "dataset")
    assert isinstance(found, material.Replay)
    own = Bootstrapped(params, params.train.runs[0], loss, found, "cpu")
    weights = begin(params, params.train.runs[0], own, "cpu")
    own.beside = {name: one.detach().clone() for name, one in weights.items()}
    return own


@pytest.mark.integration
def test_the_penalty_is_as_strong_as_the_loss_is_stiff(built: Path) -> None:
    own = trial(built, "hl_gauss", "breakout", conservative=1.0)
    free = trial(built, "hl_gauss", "breakout", conservative=0.0)
    weights = begin(own._params, own._run, own, "cpu")
    batch = own.batch(0)
    (with_, _), (without, _) = own.loss(weights, batch), free.loss(weights, batch)
    q = own.head.value(own.out(weights, own._state[batch[1]])) / own.head.spread
    penalty = q.logsumexp(-1) - q.gather(-1, own._action[batch[1]][..., None])[..., 0]
    torch.testing.assert_close(
        with_ - without, own.head.stiffness * penalty.mean(-1).sum(), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_step_down_on_a_game(built: Path, loss: Loss) -> None:
    own = trial(built, loss, "breakout", target_every=1000)
    weights = begin(own._params, own._run, own, "cpu")
    steps = torch.optim.Adam(weights.values(), lr=3e-3)
    batch, found = own.batch(0), []
    for _ in range(30):
        steps.zero_grad()
        total, figures = own.loss(weights, batch)
        total.backward()
        steps.step()
        found.append(float(figures["value"]))
    assert found[-1] < found[0]
    assert own.validate([weights]).shape == (2,)


def test_a_head_that_knows_nothing_says_the_mean_return(built: Path) -> None:
    own = trial(built, "hl_gauss", "breakout")
    support = own.head.support
    assert (support.low + support.high) / 2 == pytest.approx(own.head.mean)
    assert support.high > own._replay.returns.max()


def test_the_target_network_is_renewed_at_its_steps(built: Path) -> None:
    own = trial(built, "mse", target_every=2)
    weights = begin(own._params, own._run, own, "cpu")
    own.loss(weights, own.batch(0))
    with torch.no_grad():
        weights["b2"] += 1
    own.loss(weights, own.batch(1))
    assert not torch.equal(own.beside["b2"], weights["b2"])
    own.loss(weights, own.batch(2))
    assert torch.equal(own.beside["b2"], weights["b2"])


def test_the_penalty_pushes_down_what_was_not_done(built: Path) -> None:
    own = trial(built, "mse", "breakout", conservative=1.0)
    free = trial(built, "mse", "breakout", conservative=0.0)
    weights = begin(own._params, own._run, own, "cpu")
    batch = own.batch(0)
    with_, _ = own.loss(weights, batch)
    without, _ = free.loss(weights, batch)
    out = own.out(weights, own._state[batch[1]])
    q, action = own.head.value(out) / own.head.spread, own._action[batch[1]]
    wanted = (q.logsumexp(-1) - q.gather(-1, action[..., None])[..., 0]).mean(-1).sum()
    torch.testing.assert_close(with_ - without, wanted)


def test_noise_is_uniform_and_the_seeds_own(built: Path) -> None:
    own, more = trial(built, "mse", noise=0.5), trial(built, "mse", noise=1.0)
    apart = own._reward.numpy() - own._replay.reward
    assert np.abs(apart).max() <= 0.5
    assert not np.allclose(apart[0], apart[1])
    twice = more._reward.numpy() - own._replay.reward
    np.testing.assert_allclose(twice, 2 * apart, atol=1e-6)


def test_error_of_a_chain_is_in_units_of_its_largest_value(built: Path) -> None:
    own = trial(built, "mse")
    weights = begin(own._params, own._run, own, "cpu")
    with torch.no_grad():
        weights["w2"].zero_()
        weights["b2"].fill_(-own.head.mean / own.head.spread)
    known = chain_values(Chain(kind="chain", id="chain"))
    np.testing.assert_allclose(own.worst(weights)[0], -known.ravel(), atol=1e-6)
    assert own.validate([weights]).tolist() == pytest.approx([-1.0, -1.0])
