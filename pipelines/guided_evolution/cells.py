"""Small convolutional networks as graphs: every cell of at most so many nodes.

After NAS-Bench-101 (Ying et al. 2019, ICML, arXiv 1902.09635): convolutions of 3 x 3 and 1 x 1 and
max pooling on a directed acyclic graph. Branches are added here instead of concatenated, and all
maps have one size, so that every graph is a network. Branches that do the same to the same map are
one branch: weights belong to nodes. Few nodes make a space that can be listed whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from pipelines.guided_evolution.growing import Draft
from pipelines.guided_evolution.listed import Drawn
from pipelines.guided_evolution.programs import Grammar, Op, Program, tidy

STEM, ADD = "stem", "add"
ON_ONE = ("conv3", "conv1", "pool3")
Term = tuple[Any, ...]
"""An operation and the terms that it reads."""


@cache
def space(nodes: int) -> Drawn:
    """All cells of at most ``nodes`` nodes, the stem among them; none adds a map to itself.

    There are 16 of up to three nodes, 79 of four, 499 of five and 3,934 of six.
    """
    ops = (
        Op(STEM, gives="map"),
        *(Op(name, ("map",), "map") for name in ON_ONE),
        Op(ADD, ("map", "map"), "map", commutes=True),
    )
    grammar = Grammar(ops, gives="map", max_nodes=nodes)
    return Drawn(grammar, programs=tuple(_program(grammar, term) for term in _terms(nodes)))


def _terms(nodes: int) -> Iterator[Term]:
    """Every term once, those of fewer nodes first."""
    # With each term all that it is made of, itself included: a node each.
    known: dict[Term, frozenset[Term]] = {(STEM,): frozenset({(STEM,)})}
    for size in range(2, nodes + 1):
        smaller = list(known.items())
        for inner, parts in smaller:
            if len(parts) == size - 1:
                for name in ON_ONE:
                    known[name, inner] = parts | {(name, inner)}
        for at, (left, mine) in enumerate(smaller):
            for right, others in smaller[:at]:
                if len(parts := mine | others) == size - 1:
                    known[ADD, right, left] = parts | {(ADD, right, left)}
    return iter(known)


def _program(grammar: Grammar, term: Term) -> Program:
    draft = Draft()

    def node(term: Term) -> int:
        name, *inner = term
        return draft.add(grammar.place(name), [node(one) for one in inner])

    root = node(term)
    return tidy(grammar, draft.ops, draft.args, draft.consts, root)
