"""The Gaussian bottleneck: a token is d numbers, sampled in training, their mean afterwards.

Kingma & Welling 2014 (arXiv 1312.6114), equation 10 for the divergence, with the bounds and weight
of ElasticTok. The divergence counts kept slots only.
"""

from __future__ import annotations

from typing import Any

LOWEST, HIGHEST = -30.0, 20.0
"""Bounds of the logarithm of the variance."""

Tensor = Any


def moments(h: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log variance, (..., d) each, of (..., 2d) network outputs."""
    mean, logvar = h.chunk(2, dim=-1)
    return mean, logvar.clamp(LOWEST, HIGHEST)


def sample(mean: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    """A draw, (..., d); ``noise`` is standard normal."""
    return mean + (0.5 * logvar).exp() * noise


def divergence(mean: Tensor, logvar: Tensor, kept: Tensor, slots: int) -> Tensor:
    """KL(q | N(0, 1)) in nats, summed over kept slots and channels of a block, mean over blocks.

    Args:
        mean: (B, L, d).
        logvar: (B, L, d).
        kept: (B, L) which slots count.
        slots: slots K of a block; L is a multiple.
    """
    each = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).sum(-1)
    blocks = each.shape[0] * (each.shape[1] // slots)
    return (each * kept).sum() / blocks
