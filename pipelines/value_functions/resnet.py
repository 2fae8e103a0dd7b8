"""A trunk of residual blocks of convolutions over a board or a picture.

Source: the blocks and stages of Espeholt et al. 2018 (IMPALA, arXiv 1802.01561, figure 3): ReLU,
convolution, ReLU, convolution, added to what came in. A stage halves a side above 12, which boards
do not have and pictures do. A stage has a quarter of the network's width as channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.value_functions.layers import Weights, add, convolved, linear
from pipelines.value_functions.net import Net

if TYPE_CHECKING:
    from torch import Tensor

LARGEST = 12


def sides(net: Net) -> list[int]:
    """Side after every stage."""
    found = [net.side]
    while found[-1] > LARGEST:
        found.append(-(-found[-1] // 2))
    return found[1:] or found


def _channels(net: Net) -> int:
    return max(1, net.width // 4)


def begin(found: Weights, net: Net, seeds: int, *words: str | int, device: str) -> None:
    """Add the trunk's weights; see :func:`pipelines.value_functions.networks.beginning`."""
    c = _channels(net)
    for stage, _ in enumerate(sides(net)):
        before = c if stage else net.channels
        add(found, f"_{stage}", 9 * before, c, seeds, *words, device=device)
        for block in range(net.blocks):
            for half in "ab":
                add(found, f"_{stage}_{block}{half}", 9 * c, c, seeds, *words, device=device)
    add(found, "_last", c * sides(net)[-1] ** 2, net.width, seeds, *words, device=device)


def features(weights: Weights, net: Net, x: Tensor) -> Tensor:
    """(S, B, width) of inputs (S, B, inputs)."""
    import torch

    s, b = x.shape[:2]
    planes = x.reshape(s, b, net.channels, net.side, net.side)
    for stage, side in enumerate(sides(net)):
        planes = convolved(weights, f"_{stage}", planes)
        if side < planes.shape[-1]:
            pooled = torch.nn.functional.max_pool2d(planes.flatten(0, 1), 3, 2, 1)
            planes = pooled.unflatten(0, (s, b))
        for block in range(net.blocks):
            inner = convolved(weights, f"_{stage}_{block}a", planes.relu())
            planes = planes + convolved(weights, f"_{stage}_{block}b", inner.relu())
    return linear(weights, "_last", planes.relu().flatten(2)).relu()
