"""Layers of several networks at once: weights (S, in, out) and biases (S, 1, out), one S a seed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from measurand.stats.resample import rng_for
from pipelines.value_functions.net import Net

if TYPE_CHECKING:
    from torch import Tensor

Weights = dict[str, Any]


def add(
    found: Weights,
    name: str,
    n_in: int,
    n_out: int,
    seeds: int,
    *words: str | int,
    device: str = "cpu",
) -> None:
    """Add a layer: ``w<name>`` (S, in, out) and ``b<name>`` (S, 1, out), uniform, float32.

    Args:
        found: weights that it is added to.
        name: of the layer; part of its seed.
        n_in: numbers that go in; weights lie within 1 / sqrt of it.
        n_out: numbers that come out.
        seeds: networks S.
        words: of the seed.
        device: where it lies.
    """
    import torch

    bound, drawn = 1 / math.sqrt(n_in), []
    for seed in range(seeds):
        rng = rng_for("value_functions", *words, "weights", name, n_in, n_out, seed)
        drawn.append(rng.uniform(-bound, bound, (n_in + 1, n_out)))
    both = torch.tensor(np.stack(drawn), dtype=torch.float32, device=device)
    found[f"w{name}"] = both[:, :-1].contiguous().requires_grad_()
    found[f"b{name}"] = both[:, -1:].contiguous().requires_grad_()


def linear(weights: Weights, name: str, x: Tensor) -> Tensor:
    """(S, ..., out) from (S, ..., in)."""
    import torch

    flat = x.reshape(len(x), -1, x.shape[-1])
    found = torch.baddbmm(weights[f"b{name}"], flat, weights[f"w{name}"])
    return found.view(*x.shape[:-1], -1)


def cells(net: Net, x: Tensor) -> Tensor:
    """(S, B, cells, channels) of inputs (S, B, inputs); a row is filled up with zeros."""
    import torch

    s, b, n = x.shape
    if net.side:
        return x.reshape(s, b, net.channels, -1).transpose(-1, -2)
    x = torch.nn.functional.pad(x, (0, net.cells * net.channels - n))
    return x.view(s, b, net.cells, net.channels)


def convolved(weights: Weights, name: str, planes: Tensor) -> Tensor:
    """(S, B, out, H, W) of 3 x 3 patches of planes (S, B, in, H, W); a layer of 9 * in numbers."""
    import torch

    s, b, c, h, w = planes.shape
    kernel = weights[f"w{name}"].transpose(1, 2).reshape(-1, c, 3, 3)
    bias = weights[f"b{name}"].reshape(-1)
    side_by_side = planes.transpose(0, 1).reshape(b, s * c, h, w)
    found = torch.nn.functional.conv2d(side_by_side, kernel, bias, padding=1, groups=s)
    return found.view(b, s, -1, h, w).transpose(0, 1)
