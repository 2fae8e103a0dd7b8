from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from pipelines.elastictok import vae


def test_divergence_is_that_of_torch_over_kept_slots() -> None:
    mean, logvar = vae.moments(torch.randn(2, 8, 10, dtype=torch.float64))
    kept = torch.rand(2, 8) < 0.5
    each = kl_divergence(Normal(mean, (0.5 * logvar).exp()), Normal(0.0, 1.0)).sum(-1)
    found = vae.divergence(mean, logvar, kept, slots=4)
    # Two sequences of two blocks: the mean is over four.
    assert float(found) == pytest.approx(float((each * kept).sum() / 4))
    assert float(vae.divergence(mean, logvar, torch.zeros(2, 8), slots=4)) == 0


def test_log_variance_is_clipped() -> None:
    _, logvar = vae.moments(torch.tensor([[0.0, -100.0], [0.0, 100.0]]))
    assert logvar.flatten().tolist() == [-30, 20]


def test_samples_have_the_moments() -> None:
    mean, logvar = torch.tensor(2.0), torch.tensor(0.5)
    noise = torch.randn(200_000, generator=torch.Generator().manual_seed(0))
    drawn = vae.sample(mean, logvar, noise)
    assert float(drawn.mean()) == pytest.approx(2, abs=0.02)
    assert float(drawn.var()) == pytest.approx(float(logvar.exp()), rel=0.02)
