from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from pipelines.driving_sim import dynamics
from pipelines.driving_sim.spaces import SPACES, drawn


@pytest.mark.parametrize("name", SPACES)
def test_a_network_that_is_sure_does_what_it_was_shown(name: str) -> None:
    space = SPACES[name]
    numbers = len(space.scale)
    target = torch.tensor([[0.5, 0.01, 0.02], [1.5, -0.02, 0.0]])[:, :numbers]
    given = torch.zeros(2, space.outputs, requires_grad=True)
    optimiser = torch.optim.Adam([given], lr=0.3)
    for _ in range(400):
        optimiser.zero_grad()
        space.loss(given, target).backward()
        optimiser.step()
    found = space.act(given.detach(), torch.full((2, 4), 0.5))
    if space.values is None:
        assert torch.allclose(found, target, atol=1e-3)
    else:
        for part, values in enumerate(space.values):
            gap = max(np.diff(values))
            assert (found[:, part] - target[:, part]).abs().max() <= gap / 2 + 1e-6


def test_values_are_possible_and_as_many_as_stated() -> None:
    bicycle, delta = SPACES["bicycle_discrete"].values, SPACES["delta_discrete"].values
    assert bicycle is not None
    assert delta is not None
    assert [len(v) for v in bicycle] == [14, 15]
    assert [len(v) for v in delta] == [22, 13, 25]
    assert max(map(abs, bicycle[1])) <= dynamics.MOST_CURVATURE
    assert 0.0 in bicycle[1]


def test_draws_follow_the_logits() -> None:
    logits = torch.tensor([0.0, 1.0, -1.0, 2.0])
    u = torch.from_numpy(np.random.default_rng(0).random(20_000))
    found = drawn(logits.expand(20_000, 4).double(), u)
    counts = np.bincount(found.numpy(), minlength=4)
    assert stats.chisquare(counts, 20_000 * logits.double().softmax(0).numpy()).pvalue > 1e-3
    assert drawn(logits[None].double(), torch.tensor([1 - 1e-12])).item() == 3
