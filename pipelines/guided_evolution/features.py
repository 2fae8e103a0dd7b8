"""Programs as padded arrays of numbers: what an encoder reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.guided_evolution.programs import Program

Floats = npt.NDArray[np.float32]
WALKS = 8
"""Steps of the random walk whose chances of return say where a node stands."""
OWN = 5
"""Numbers of a node beside its operation and its walks."""


class Arrays(NamedTuple):
    """B programs of at most N nodes.

    Attributes:
        nodes: (B, N, F) operation as one of k, asinh of the constant, depth, number of arguments
            and of readers, whether it is the output, and chances of return; 0 in padding.
        edges: (B, 2, N, N) 1 where a node (row) reads another one (column): any argument, and any
            but the first.
    """

    nodes: Floats
    edges: Floats


def width(n_ops: int) -> int:
    """Numbers F of a node."""
    return n_ops + OWN + WALKS


def arrays(programs: Sequence[Program], n_ops: int, max_nodes: int) -> Arrays:
    """Features of programs, padded to ``max_nodes``.

    Chances of return are those of a random walk on the graph without directions (Dwivedi et al.
    2022, ICLR, arXiv 2110.07875, eq. 3).

    Args:
        programs: the programs, in any form whose arguments come first.
        n_ops: operations that there are.
        max_nodes: most nodes N.
    """
    count, n = len(programs), max_nodes
    nodes = np.zeros((count, n, width(n_ops)), np.float32)
    edges = np.zeros((count, 2, n, n), np.float32)
    for at, program in enumerate(programs):
        size = len(program.ops)
        mine = nodes[at]
        mine[range(size), program.ops] = 1.0
        mine[size - 1, n_ops + 4] = 1.0
        depths: list[int] = []
        for node, read in enumerate(program.args):
            depths.append(1 + max([depths[a] for a in read], default=-1))
            if read:
                edges[at, 0, node, read] = 1.0
                edges[at, 1, node, read[1:]] = 1.0
        mine[:size, n_ops] = np.arcsinh(program.consts)
        mine[:size, n_ops + 1] = depths
    mine = nodes[:, :, n_ops : n_ops + OWN]
    mine[:, :, 1] /= n
    mine[:, :, 2] = edges[:, 0].sum(2) / 2
    mine[:, :, 3] = np.log1p(edges[:, 0].sum(1))
    nodes[:, :, n_ops + OWN :] = _returns(edges[:, 0])
    return Arrays(nodes, edges)


def _returns(reads: Floats) -> Floats:
    """(B, N, WALKS) chance that a walk of 1, 2, ... steps ends where it began."""
    both = np.maximum(reads, reads.transpose(0, 2, 1))
    step = both / np.maximum(both.sum(2, keepdims=True), 1.0)
    walk, found = step, []
    for _ in range(WALKS):
        found.append(walk.diagonal(axis1=1, axis2=2))
        walk = walk @ step
    out: Floats = np.stack(found, axis=2)
    return out
