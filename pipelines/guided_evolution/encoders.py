"""Networks that give every program one number; of two programs, the higher is said to be better.

``mlp`` reads the flattened arrays; ``gcn`` is Kipf & Welling (2017, arXiv 1609.02907, eq. 2);
``gin`` Xu et al. (2019, arXiv 1810.00826, eq. 4.1), here with own weights for what a node reads,
for its readers, and for arguments after the first; ``gps`` Rampasek et al. (2022, arXiv 2205.12454,
eq. 2 to 4): the same messages beside attention among all nodes, then a network. Graphs are small,
so matrices are dense. The mean over nodes and the output node make the score.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.guided_evolution.features import OWN, WAYS, width

KINDS = ("mlp", "gcn", "gin", "gps")
HEADS = 4


def encoder(kind: str, n_ops: int, max_nodes: int, hidden: int, layers: int) -> Any:
    """A module of (nodes, edges), as :class:`.features.Arrays` has them, to (B,) scores.

    Args:
        kind: one of :data:`KINDS`.
        n_ops: operations that there are.
        max_nodes: most nodes.
        hidden: width; with ``gps`` a multiple of 4.
        layers: how many.
    """
    if kind == "mlp":
        return Flat(max_nodes * (width(n_ops) + WAYS * max_nodes), hidden, layers)
    return Graph(kind, n_ops, hidden, layers)


class Flat(nn.Module):  # type: ignore[misc]
    """A network on everything at once."""

    def __init__(self, inputs: int, hidden: int, layers: int) -> None:
        super().__init__()
        sizes = pairwise([inputs, *[hidden] * layers])
        steps = [part for a, b in sizes for part in (nn.Linear(a, b), nn.ReLU())]
        self.steps = nn.Sequential(*steps, nn.Linear(hidden, 1))

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        """(B,) scores."""
        return self.steps(torch.cat([nodes.flatten(1), edges.flatten(1)], 1))[:, 0]


class Messages(nn.Module):  # type: ignore[misc]
    """What comes from neighbours: (B, N, hidden) to the same."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(hidden, WAYS * hidden)
        self.second = nn.Linear(hidden, hidden)

    def forward(self, h: Tensor, edges: Tensor) -> Tensor:
        """Own value, what is read, who reads, and later arguments, each with its own weights."""
        count, n, hidden = h.shape
        # A row a neighbour and kind here, a column there: one product gathers all.
        sent = self.first(h).view(count, n * WAYS, hidden)
        found = torch.bmm(edges.flatten(2), sent)
        return self.second(functional.relu(found))


class Convolution(nn.Module):  # type: ignore[misc]
    """Neighbours and oneself, each divided by the roots of both degrees."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.weights = nn.Linear(hidden, hidden)

    def forward(self, h: Tensor, edges: Tensor) -> Tensor:
        """(B, N, hidden) to the same."""
        both = edges[..., 1] + edges[..., 2] + torch.eye(h.shape[1])
        scale = both.sum(2).rsqrt()
        return functional.relu(scale[:, :, None] * both * scale[:, None, :] @ self.weights(h))


class Attention(nn.Module):  # type: ignore[misc]
    """Every node sees every other one."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.inner = nn.Linear(hidden, 3 * hidden)
        self.outer = nn.Linear(hidden, hidden)

    def forward(self, h: Tensor, there: Tensor) -> Tensor:
        """(B, N, hidden) to the same; what is not ``there`` is not seen."""
        q, k, v = self.inner(h).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        mask = there[:, None, None, :]
        seen = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.outer(seen.transpose(1, 2).flatten(2))


class Layer(nn.Module):  # type: ignore[misc]
    """Messages, beside attention where asked for; residual, normalised."""

    def __init__(self, kind: str, hidden: int) -> None:
        super().__init__()
        self.messages = Convolution(hidden) if kind == "gcn" else Messages(hidden)
        self.norm = nn.LayerNorm(hidden)
        self.attention = None
        if kind == "gps":
            self.attention = Attention(hidden)
            self.wide = nn.Sequential(
                nn.Linear(hidden, 2 * hidden), nn.ReLU(), nn.Linear(2 * hidden, hidden)
            )
            self.last = nn.LayerNorm(hidden)

    def forward(self, h: Tensor, edges: Tensor, there: Tensor | None) -> Tensor:
        """(B, N, hidden) to the same."""
        added = h + self.messages(h, edges)
        if self.attention is None:
            return self.norm(added)
        added = self.norm(added + self.attention(h, there))
        return self.last(added + self.wide(added))


class Graph(nn.Module):  # type: ignore[misc]
    """Layers on nodes; the mean of all and the output node make the score.

    Nodes of padding have values too; nobody reads them, and their share in the mean is 0.
    """

    def __init__(self, kind: str, n_ops: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.last, self.attends = n_ops + OWN - 2, kind == "gps"
        self.first = nn.Linear(width(n_ops), hidden)
        self.layers = nn.ModuleList(Layer(kind, hidden) for _ in range(layers))
        self.head = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        """(B,) scores."""
        h = self.first(nodes)
        # Whether a node is the output, and its share in the mean.
        shares = nodes[:, :, self.last : self.last + 2]
        there = shares[:, :, 1] > 0 if self.attends else None
        for layer in self.layers:
            h = layer(h, edges, there)
        return self.head(torch.bmm(shares.transpose(1, 2), h).flatten(1))[:, 0]
