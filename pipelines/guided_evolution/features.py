"""Programs as padded arrays of numbers: what an encoder reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.guided_evolution.programs import Program, joined

Floats = npt.NDArray[np.float32]
WALKS = 8
"""Steps of the random walk whose chances of return say where a node stands."""
OWN = 6
"""Numbers of a node beside its operation and its walks."""
WAYS = 4
"""Kinds of neighbours, oneself among them."""


class Arrays(NamedTuple):
    """B programs of at most N nodes.

    Attributes:
        nodes: (B, N, F) operation as one of k, asinh of the constant, depth, number of arguments
            and of readings, whether it is the output, the share 1/n of its program's nodes, and
            chances of return after 2 to 8 steps; 0 in padding.
        edges: (B, N, N, 4) 1 where a node is the other one, reads it, is read by it, and reads it
            as an argument after the first.
    """

    nodes: Floats
    edges: Floats


def width(n_ops: int) -> int:
    """Numbers F of a node."""
    return n_ops + OWN + WALKS - 1


def arrays(programs: Sequence[Program], n_ops: int, scale: int, n: int | None = None) -> Arrays:
    """Features of programs.

    Chances of return are those of a random walk on the graph without directions (Dwivedi et al.
    2022, ICLR, arXiv 2110.07875, eq. 3). No edge leads from a node to itself: there is no return
    after one step.

    Args:
        programs: the programs.
        n_ops: operations that there are.
        scale: depth that counts as 1.
        n: nodes N to pad to; those of the longest program where None.
    """
    ops, arity, args, depths, consts, sizes = joined(programs)
    count, n = len(programs), int(sizes.max()) if n is None else n
    # Where each node stands among B x N places, and the first place of its program.
    firsts = np.arange(count) * n
    base = np.repeat(firsts, sizes)
    ends = np.cumsum(sizes)
    place = base + np.arange(len(ops)) - np.repeat(ends - sizes, sizes)
    reader, read = np.repeat(place, arity), np.repeat(base, arity) + args
    later = np.arange(len(args)) != np.repeat(np.cumsum(arity) - arity, arity)

    nodes = np.zeros((count * n, width(n_ops)), np.float32)
    nodes[place, ops] = 1.0
    nodes[place, n_ops] = np.arcsinh(consts)
    nodes[place, n_ops + 1] = depths / scale
    nodes[place, n_ops + 2] = arity / 2
    nodes[:, n_ops + 3] = np.log1p(np.bincount(read, minlength=count * n))
    nodes[firsts + sizes - 1, n_ops + 4] = 1.0
    nodes[place, n_ops + 5] = np.repeat(1 / sizes, sizes)

    edges = np.zeros(count * n * n * WAYS, np.float32)
    edges[(place * n + place % n) * WAYS] = 1.0
    down = (reader * n + read % n) * WAYS
    edges[down + 1] = 1.0
    edges[(read * n + reader % n) * WAYS + 2] = 1.0
    edges[down[later] + 3] = 1.0
    made = Arrays(nodes.reshape(count, n, -1), edges.reshape(count, n, n, WAYS))
    _returns(made.edges, made.nodes[:, :, n_ops + OWN :])
    return made


def _returns(edges: Floats, out: Floats) -> None:
    """Write (B, N, 7) chances that a walk of 2 to 8 steps ends where it began.

    They are those of the walk scaled to be symmetric, and the diagonal of a product of symmetric
    matrices is a sum of products: four powers are enough for eight.
    """
    both = np.maximum(edges[..., 1], edges[..., 2])
    root = 1 / np.sqrt(np.maximum(both.sum(2), 1.0))
    step = both * root[:, :, None] * root[:, None, :]
    second = step @ step
    powers = (step, second, second @ step, second @ second)
    for at in range(WALKS - 1):
        left, right = powers[at // 2], powers[(at + 1) // 2]
        np.einsum("bij,bij->bi", left, right, out=out[:, :, at])
