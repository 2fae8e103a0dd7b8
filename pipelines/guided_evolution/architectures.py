"""Architectures of graph neural networks as trees of four layers, in one canonical form.

The space of Qin, Zhang, Wang, Zhang and Zhu (2022), NAS-Bench-Graph, NeurIPS datasets track: each
of four nodes applies one operation to the input or to one earlier node, and leaves are joined. An
architecture is therefore a rooted tree, and a ``skip`` is no layer: it is taken out of its branch
and stands, as one of the four, between the input and the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from pipelines.guided_evolution.growing import pick
from pipelines.guided_evolution.programs import KEY_BYTES, Program, program

LAYERS = 4
SKIP = "skip"
OPS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", SKIP)
OPS_OF_PROTEINS = ("gcn", "sage", "arma", "fc", SKIP)
LINKS = (
    (0, 0, 0, 0),
    (0, 0, 0, 1),
    (0, 0, 1, 1),
    (0, 0, 1, 2),
    (0, 0, 1, 3),
    (0, 1, 1, 1),
    (0, 1, 1, 2),
    (0, 1, 2, 2),
    (0, 1, 2, 3),
)
"""The nine rooted trees with four nodes below the root: the node that each reads, 0 the input."""


@dataclass(frozen=True)
class Trees:
    """The architectures over some operations.

    Attributes:
        ops: names of the operations, ``skip`` among them.
    """

    ops: tuple[str, ...] = OPS

    @property
    def names(self) -> tuple[str, ...]:
        """The input, then the operations."""
        return ("input", *self.ops)

    @property
    def max_nodes(self) -> int:
        """The input and four layers."""
        return LAYERS + 1

    def make(self, links: Sequence[int], ops: Sequence[str]) -> Program:
        """The canonical form of an architecture in any spelling.

        Args:
            links: the node that each node reads: 0 the input, else the 1-based number of a node
                that stands before it.
            ops: operation of each node.
        """
        return _made(self.ops, tuple(links), tuple(ops))

    def random(self, rng: np.random.Generator) -> Program:
        """Random layers on random links."""
        links = [pick(rng, i + 1) for i in range(LAYERS)]
        return self.make(links, [self.ops[pick(rng, len(self.ops))] for _ in range(LAYERS)])

    def mutate(self, parent: Program, rng: np.random.Generator) -> tuple[Program, str] | None:
        """Another operation of one node, or another earlier node that it reads."""
        for _ in range(100):
            links, ops = links_of(parent), [self.names[op] for op in parent.ops[1:]]
            node = pick(rng, LAYERS)
            kind = "op" if rng.random() < 0.5 else "rewire"
            if kind == "op":
                ops[node] = self.ops[pick(rng, len(self.ops))]
            else:
                links[node] = pick(rng, node + 1)
            child = self.make(links, ops)
            if child.key != parent.key:
                return child, kind
        return None

    def text(self, program: Program) -> str:
        """Layers and what they read: ``gcn(input) gat(1) ...``."""
        reads = ["input" if link == 0 else str(link) for link in links_of(program)]
        ops = (self.names[op] for op in program.ops[1:])
        return " ".join(f"{op}({link})" for op, link in zip(ops, reads, strict=True))


@lru_cache(maxsize=1 << 15)
def _made(known: tuple[str, ...], links: tuple[int, ...], ops: tuple[str, ...]) -> Program:
    below, skips = _without_skips(links, ops)
    places = {name: at for at, name in enumerate(known, start=1)}
    made_ops, made_args = [0], [(), *((at,) for at in range(skips))]
    made_ops += [places[SKIP]] * skips
    for op, parent in _walk(below, ops, 0, skips, [skips]):
        made_ops.append(places[op])
        made_args.append((parent,))
    key = blake2b(f"{skips}{_text(below, ops, 0)}".encode(), digest_size=KEY_BYTES).digest()
    return program(made_ops, made_args, (0.0,) * len(made_ops), key)


def links_of(program: Program) -> list[int]:
    """The node that each layer reads, 0 the input."""
    return [mine[0] for mine in program.args[1:]]


def _without_skips(links: Sequence[int], ops: Sequence[str]) -> tuple[dict[int, list[int]], int]:
    """Children of the input (0) and of each layer once skips are taken out, and how many were.

    A skip that is read, that nothing stands beside, or that ends a branch from the input itself
    is no branch of its own; one beside a layer is: it joins what it reads to the output.
    """
    parents = dict(enumerate(links, start=1))
    skips = 0
    for node in range(1, len(ops) + 1):
        if ops[node - 1] != SKIP:
            continue
        over = parents[node]
        sons = [i for i, p in parents.items() if p == node]
        beside = any(p == over for i, p in parents.items() if i != node)
        if sons or not beside or over == 0:
            for son in sons:
                parents[son] = over
            del parents[node]
            skips += 1
    below: dict[int, list[int]] = {node: [] for node in (0, *parents)}
    for node, over in parents.items():
        below[over].append(node)
    return below, skips


def _text(below: dict[int, list[int]], ops: Sequence[str], node: int) -> str:
    inside = "".join(sorted(_text(below, ops, son) for son in below[node]))
    return f"({ops[node - 1] if node else ''}{inside})"


def _walk(
    below: dict[int, list[int]], ops: Sequence[str], node: int, at: int, last: list[int]
) -> Iterator[tuple[str, int]]:
    """Layers below a node, each with the number of what it reads, in canonical order."""
    for son in sorted(below[node], key=lambda s: _text(below, ops, s)):
        last[0] += 1
        mine = last[0]
        yield ops[son - 1], at
        yield from _walk(below, ops, son, mine, last)
