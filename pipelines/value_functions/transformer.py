"""A trunk of attention among the cells of a board, the letters of a word or the columns of a row.

Source: Vaswani et al. 2017 (arXiv 1706.03762) with normalisation before each part (Xiong et al.
2020, arXiv 2002.04745), places learned, the mean over cells at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.value_functions.layers import Weights, add, cells, linear
from pipelines.value_functions.net import Net

if TYPE_CHECKING:
    from torch import Tensor

HEAD = 16
"""Numbers a head of attention."""


def begin(found: Weights, net: Net, seeds: int, *words: str | int, device: str) -> None:
    """Add the trunk's weights; see :func:`pipelines.value_functions.networks.beginning`."""
    d = net.width
    add(found, "_cells", net.channels, d, seeds, *words, device=device)
    add(found, "_places", net.cells, d, seeds, *words, device=device)
    del found["b_places"]
    for block in range(net.blocks):
        sizes = {"see": (d, 3 * d), "say": (d, d), "wide": (d, 4 * d), "back": (4 * d, d)}
        for name, (n_in, n_out) in sizes.items():
            add(found, f"_{block}_{name}", n_in, n_out, seeds, *words, device=device)
    add(found, "_last", d, d, seeds, *words, device=device)


def features(weights: Weights, net: Net, x: Tensor) -> Tensor:
    """(S, B, width) of inputs (S, B, inputs)."""
    seen = linear(weights, "_cells", cells(net, x)) + weights["w_places"][:, None]
    for block in range(net.blocks):
        seen = seen + _attended(weights, f"_{block}", _normal(seen))
        inner = linear(weights, f"_{block}_wide", _normal(seen)).relu()
        seen = seen + linear(weights, f"_{block}_back", inner)
    return linear(weights, "_last", _normal(seen).mean(2)).relu()


def _normal(x: Tensor) -> Tensor:
    import torch

    return torch.nn.functional.layer_norm(x, x.shape[-1:])


def _attended(weights: Weights, name: str, x: Tensor) -> Tensor:
    import torch

    s, b, t, d = x.shape
    heads = max(1, d // HEAD) if d % HEAD == 0 else 1
    q, k, v = (
        part.reshape(s * b, t, heads, d // heads).transpose(1, 2)
        for part in linear(weights, f"{name}_see", x).chunk(3, -1)
    )
    out = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    return linear(weights, f"{name}_say", out.transpose(1, 2).reshape(s, b, t, d))
