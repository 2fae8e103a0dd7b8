"""Several small networks at once: one a seed, stacked, so that a step is one matrix product.

Every seed has its own weights and its own batch; nothing is shared, and a sum of their losses gives
each its own gradient. Two hidden layers with ReLU, then a head. The trunk of a seed begins the same
under every loss.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from measurand.stats.resample import rng_for

if TYPE_CHECKING:
    from torch import Tensor

Weights = dict[str, Any]


def beginning(
    inputs: int, width: int, outputs: int, seeds: int, *words: str | int, device: str = "cpu"
) -> Weights:
    """Weights of ``seeds`` networks, uniform within 1 / sqrt(inputs of the layer), float32.

    Args:
        inputs: numbers that go in.
        width: units of each hidden layer.
        outputs: numbers that come out.
        seeds: networks S.
        words: of the seed; the trunk depends on these and the network, the head on its size too.
        device: where they lie.

    Returns:
        ``w0``, ``w1``, ``w2`` of shape (S, in, out) and ``b0``, ``b1``, ``b2`` of (S, 1, out).
    """
    import torch

    found: Weights = {}
    sizes = ((inputs, width), (width, width), (width, outputs))
    for layer, (n_in, n_out) in enumerate(sizes):
        size = (outputs,) if layer == len(sizes) - 1 else ()
        drawn = []
        for seed in range(seeds):
            rng = rng_for("value_functions", *words, "weights", layer, *size, seed)
            bound = 1 / math.sqrt(n_in)
            drawn.append(rng.uniform(-bound, bound, (n_in + 1, n_out)))
        both = torch.tensor(np.stack(drawn), dtype=torch.float32, device=device)
        found[f"w{layer}"] = both[:, :-1].contiguous().requires_grad_()
        found[f"b{layer}"] = both[:, -1:].contiguous().requires_grad_()
    return found


def features(weights: Weights, x: Tensor) -> Tensor:
    """(S, B, width) activities of the last hidden layer.

    Args:
        weights: of S networks.
        x: (S, B, inputs), or (B, inputs) where all see the same.
    """
    import torch

    if x.dim() == 2:
        x = x.expand(len(weights["w0"]), *x.shape)
    for layer in (0, 1):
        x = torch.baddbmm(weights[f"b{layer}"], x, weights[f"w{layer}"]).relu()
    return x


def outputs(weights: Weights, x: Tensor) -> Tensor:
    """(S, B, outputs) of the head; see :func:`features`."""
    import torch

    return torch.baddbmm(weights["b2"], features(weights, x), weights["w2"])


def by_action(out: Tensor, spelled: Tensor | None, actions: int) -> Tensor:
    """(S, B, A, m) from what a head puts out.

    Without letters the head has its own numbers for every action. With them it has numbers for
    every letter in every place, and a word's are the sum of its letters': what is learned of one
    word is known of others.

    Args:
        out: (S, B, n * m), n actions or letters.
        spelled: (A, n) letters of the actions, or None.
        actions: how many A.
    """
    s, b = out.shape[:2]
    n = actions if spelled is None else spelled.shape[1]
    parts = out.view(s, b, n, -1)
    return parts if spelled is None else spelled.to(parts.dtype) @ parts
