"""Values that are known: from exact targets every loss finds them, from noisy ones in the mean."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.value_functions.losses import Head
from pipelines.value_functions.supports import Support
from pipelines.value_functions.worlds import chain_values
from schemas.value_functions.params import LOSSES, Chain, Loss

KNOWN = torch.tensor(chain_values(Chain(kind="chain", id="c", states=5)).ravel())


def fitted(loss: Loss, y: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """(10,) what a table of logits says once it is fitted to (10, n) targets."""
    head = Head(loss, Support.around(low, high, 51), float(KNOWN.mean()), float(KNOWN.std()))
    out = torch.zeros(10, 1, head.outputs, dtype=torch.float64, requires_grad=True)
    steps = torch.optim.Adam([out], lr=0.05)
    for _ in range(1200):
        steps.zero_grad()
        head.losses(out.expand(-1, y.shape[1], -1), y).mean(1).sum().backward()
        steps.step()
    return head.value(out).detach()[:, 0]


@pytest.mark.parametrize("loss", LOSSES)
def test_exact_targets_give_the_known_values(loss: Loss) -> None:
    low, high = float(KNOWN.min()), float(KNOWN.max())
    found = fitted(loss, KNOWN[:, None], low, high)
    spread = high - low
    assert float((found - KNOWN).abs().max()) < 0.02 * spread


@pytest.mark.integration
def test_noisy_targets_give_them_in_the_mean() -> None:
    losses: tuple[Loss, ...] = ("mse", "mse_softmax", "two_hot", "hl_gauss", "c51")
    errors = []
    for n in (16, 256):
        noise = np.random.default_rng(n).uniform(-0.5, 0.5, (10, n))
        y = KNOWN[:, None] + torch.tensor(noise)
        found = torch.stack([fitted(loss, y, -0.5, 1.5) for loss in losses])
        # One truth of the sample, its mean, for all: they differ from it and so from each other.
        assert float((found - y.mean(1)).abs().max()) < 0.01
        errors.append(float((found - KNOWN).square().mean().sqrt()))
    assert errors[1] < errors[0] / 2
