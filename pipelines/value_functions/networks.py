"""Several small networks at once: one a seed, stacked, so that a step is one product a layer.

Every seed has its own weights and its own batch; nothing is shared, and a sum of their losses gives
each its own gradient. A trunk, a last hidden layer with ReLU, then a head. The trunk of a seed
begins the same under every loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.value_functions import moe, resnet, transformer
from pipelines.value_functions.layers import Weights, add, linear
from pipelines.value_functions.net import Net

if TYPE_CHECKING:
    from torch import Tensor

HEAD = "2"
_TRUNKS = {"moe": moe, "resnet": resnet, "transformer": transformer}


def beginning(net: Net, seeds: int, *words: str | int, device: str = "cpu") -> Weights:
    """Weights of ``seeds`` networks, float32, each layer within 1 / sqrt(numbers that go in).

    Args:
        net: what they look like.
        seeds: networks S.
        words: of the seed; the trunk depends on these and its sizes, the head on its size too.
        device: where they lie.

    Returns:
        By name, each with S first; ``w2`` and ``b2`` are the head's, (S, width, outputs) and
        (S, 1, outputs).
    """
    found: Weights = {}
    if net.trunk == "dense":
        add(found, "0", net.inputs, net.width, seeds, *words, device=device)
        add(found, "1", net.width, net.width, seeds, *words, device=device)
    else:
        _TRUNKS[net.trunk].begin(found, net, seeds, *words, device=device)
    add(found, HEAD, net.width, net.outputs, seeds, *words, net.outputs, device=device)
    return found


def features(net: Net, weights: Weights, x: Tensor) -> Tensor:
    """(S, B, width) activities of the last hidden layer.

    Args:
        net: what the networks look like.
        weights: of S networks.
        x: (S, B, inputs), or (B, inputs) where all see the same; any kind of number.
    """
    if x.dim() == 2:
        x = x.expand(len(weights["w" + HEAD]), *x.shape)
    x = x.float()
    if net.scale != 1:
        x = x * net.scale
    if net.trunk == "dense":
        return linear(weights, "1", linear(weights, "0", x).relu()).relu()
    return _TRUNKS[net.trunk].features(weights, net, x)


def outputs(net: Net, weights: Weights, x: Tensor) -> Tensor:
    """(S, B, outputs) of the head; see :func:`features`."""
    return linear(weights, HEAD, features(net, weights, x))


def by_action(out: Tensor, n: int, spelled: Tensor | None = None) -> Tensor:
    """(S, B, A, m) from what a head puts out.

    Without letters the head has its own numbers for every action. With them it has numbers for
    every letter in every place, and a word's are the sum of its letters': what is learned of one
    word is known of others.

    Args:
        out: (S, B, n * m).
        n: actions, or letters in their places.
        spelled: (A, L) which of the n a word is made of, or None.
    """
    from torch.nn import functional

    s, b = out.shape[:2]
    parts = out.view(s, b, n, -1)
    if spelled is None:
        return parts
    # Summed where each part is one long row: lookups of a few numbers each take ten times as long.
    rows = parts.float().permute(2, 0, 1, 3).reshape(n, -1)
    found = functional.embedding_bag(spelled, rows, mode="sum")
    return found.view(len(spelled), s, b, -1).permute(1, 2, 0, 3)
