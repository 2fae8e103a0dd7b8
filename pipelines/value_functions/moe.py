"""A trunk whose hidden layer is a soft mixture of experts over the cells of a board.

Source: Puigcerver et al. 2023, "From Sparse to Soft Mixtures of Experts" (arXiv 2308.00951, section
2.1): every slot of every expert reads a weighted mean of all cells, and every cell a weighted mean
of what the slots became; lengths are taken out of both sides of the weights. In a value network in
place of the layer before the last: Obando-Ceron et al. 2024 (arXiv 2402.08609). There are as many
slots as cells, so more experts have more weights and as much to compute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.value_functions.layers import Weights, add, cells, convolved, linear
from pipelines.value_functions.net import Net

if TYPE_CHECKING:
    from torch import Tensor


def slots(net: Net) -> int:
    """Slots of every expert."""
    return -(-net.cells // net.experts)


def begin(found: Weights, net: Net, seeds: int, *words: str | int, device: str) -> None:
    """Add the trunk's weights; see :func:`pipelines.value_functions.networks.beginning`."""
    import torch

    inputs = net.channels * (9 if net.side else 1)
    add(found, "_cells", inputs, net.width, seeds, *words, device=device)
    add(found, "_slots", net.width, net.experts * slots(net), seeds, *words, device=device)
    for expert in range(net.experts):
        add(found, f"_expert{expert}", net.width, net.width, seeds, *words, device=device)
    add(found, "_last", net.cells * net.width, net.width, seeds, *words, device=device)
    del found["b_slots"]
    found["scale"] = torch.ones(seeds, 1, 1, device=device, requires_grad=True)


def features(weights: Weights, net: Net, x: Tensor) -> Tensor:
    """(S, B, width) of inputs (S, B, inputs)."""
    s, b = x.shape[:2]
    if net.side:
        planes = x.reshape(s, b, net.channels, net.side, net.side)
        seen = convolved(weights, "_cells", planes).flatten(3).transpose(-1, -2).relu()
    else:
        seen = linear(weights, "_cells", cells(net, x)).relu()
    mixed = mix(weights, net, seen)
    return linear(weights, "_last", mixed.flatten(2)).relu()


def mix(weights: Weights, net: Net, seen: Tensor) -> Tensor:
    """(S, B, cells, width) of cells of the same shape."""
    import torch

    unit = torch.nn.functional.normalize
    # (S, B, cells, experts * slots)
    likes = unit(seen, dim=-1) @ (weights["scale"] * unit(weights["w_slots"], dim=1))[:, None]
    read = likes.softmax(2).transpose(-1, -2) @ seen
    parts = read.unflatten(2, (net.experts, -1))
    done = [linear(weights, f"_expert{at}", parts[:, :, at]).relu() for at in range(net.experts)]
    return likes.softmax(3) @ torch.cat(done, 2)
