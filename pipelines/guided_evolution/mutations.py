"""Six ways to change a program; every child keeps to the grammar and is in canonical form.

Real, Liang, So and Le (2020), AutoML-Zero, ICML, change arguments, insert, remove and replace at
random; changes of an operation and of a constant are usual in symbolic regression.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pipelines.guided_evolution.growing import Draft, constant, grow, pick
from pipelines.guided_evolution.programs import Grammar, Program, fault, tidy

DEPTH = 3
"""Depth of a graph that replaces another one, at most."""
STEP = 0.5
"""Standard deviation of a step of a constant's logarithm."""
REDRAWN = 0.2
"""Share of changes of a constant that draw it anew."""
TRIES = 200

Root = int | None
Change = Callable[[Grammar, Program, Draft, np.random.Generator], Root]


def mutate(
    grammar: Grammar, parent: Program, rng: np.random.Generator, kinds: tuple[str, ...] = ()
) -> tuple[Program, str] | None:
    """A child that differs from its parent, and the kind of change.

    A change that cannot be made, or whose child breaks the grammar, is drawn again.

    Args:
        grammar: the grammar.
        parent: the program; it stays as it is.
        rng: what is drawn from.
        kinds: the ways to choose from, evenly; all where empty.

    Returns:
        None where 200 draws gave no child.
    """
    names = kinds or KINDS
    for _ in range(TRIES):
        kind = names[pick(rng, len(names))]
        draft = Draft(list(parent.ops), [list(a) for a in parent.args], list(parent.consts))
        root = _CHANGES[kind](grammar, parent, draft, rng)
        if root is None:
            continue
        child = tidy(grammar, draft.ops, draft.args, draft.consts, root)
        if child.key != parent.key and fault(grammar, child) is None:
            return child, kind
    return None


def _of_nodes(fits: list[int], rng: np.random.Generator) -> int | None:
    return fits[pick(rng, len(fits))] if fits else None


def _op(grammar: Grammar, parent: Program, draft: Draft, rng: np.random.Generator) -> Root:
    """Another operation of the same types."""
    node = _of_nodes([i for i, op in enumerate(parent.ops) if grammar.alike[op]], rng)
    if node is None:
        return None
    others = grammar.alike[parent.ops[node]]
    draft.ops[node] = others[pick(rng, len(others))]
    if grammar.ops[draft.ops[node]].constant:
        draft.consts[node] = constant(grammar, rng)
    return len(parent.ops) - 1


def _rewire(grammar: Grammar, parent: Program, draft: Draft, rng: np.random.Generator) -> Root:
    """Another earlier node as an argument."""
    node = _of_nodes([i for i, mine in enumerate(parent.args) if mine], rng)
    if node is None:
        return None
    slot = pick(rng, len(parent.args[node]))
    old = parent.args[node][slot]
    wanted = grammar.ops[parent.ops[node]].takes[slot]
    fits = [j for j in range(node) if j != old and grammar.ops[parent.ops[j]].gives == wanted]
    new = _of_nodes(fits, rng)
    if new is None:
        return None
    draft.args[node][slot] = new
    return len(parent.ops) - 1


def _insert(grammar: Grammar, parent: Program, draft: Draft, rng: np.random.Generator) -> Root:
    """An operation between a node and one of its readers, or after the output."""
    last = len(parent.ops) - 1
    below = pick(rng, last + 1)
    kind = grammar.ops[parent.ops[below]].gives
    fits = [op for op in grammar.by_type[kind] if kind in grammar.ops[op].takes]
    if not fits:
        return None
    op = fits[pick(rng, len(fits))]
    takes = grammar.ops[op].takes
    slots = [s for s, t in enumerate(takes) if t == kind]
    through = slots[pick(rng, len(slots))]
    mine = []
    for slot, wanted in enumerate(takes):
        earlier = [j for j in range(below) if grammar.ops[parent.ops[j]].gives == wanted]
        if slot == through:
            mine.append(below)
        elif earlier and rng.random() < 0.5:
            mine.append(earlier[pick(rng, len(earlier))])
        else:
            mine.append(grow(grammar, draft, wanted, 0, rng))
    new = draft.add(op, mine, constant(grammar, rng) if grammar.ops[op].constant else 0.0)
    readers = [
        (i, s) for i, args in enumerate(parent.args) for s, a in enumerate(args) if a == below
    ]
    if below == last:
        return new
    reader, slot = readers[pick(rng, len(readers))]
    draft.args[reader][slot] = new
    return last


def _delete(grammar: Grammar, parent: Program, draft: Draft, rng: np.random.Generator) -> Root:
    """A node goes; what read it reads one of its arguments instead."""

    def passes(node: int) -> list[int]:
        kind = grammar.ops[parent.ops[node]].gives
        return [a for a in parent.args[node] if grammar.ops[parent.ops[a]].gives == kind]

    node = _of_nodes([i for i in range(len(parent.ops)) if passes(i)], rng)
    if node is None:
        return None
    heirs = passes(node)
    heir = heirs[pick(rng, len(heirs))]
    draft.args = [[heir if a == node else a for a in mine] for mine in draft.args]
    last = len(parent.ops) - 1
    return heir if node == last else last


def _constant(grammar: Grammar, parent: Program, draft: Draft, rng: np.random.Generator) -> Root:
    """A constant a log-normal step away, or drawn anew."""
    node = _of_nodes([i for i, op in enumerate(parent.ops) if grammar.ops[op].constant], rng)
    if node is None:
        return None
    if rng.random() < REDRAWN:
        draft.consts[node] = constant(grammar, rng)
    else:
        draft.consts[node] *= math.exp(STEP * rng.standard_normal())
    return len(parent.ops) - 1


def _replace(grammar: Grammar, parent: Program, draft: Draft, rng: np.random.Generator) -> Root:
    """A random graph in the place of a node."""
    node, last = pick(rng, len(parent.ops)), len(parent.ops) - 1
    kind = grammar.ops[parent.ops[node]].gives
    new = grow(grammar, draft, kind, pick(rng, DEPTH + 1), rng)
    draft.args[: last + 1] = [
        [new if a == node else a for a in mine] for mine in draft.args[: last + 1]
    ]
    return new if node == last else last


_CHANGES: dict[str, Change] = {
    "op": _op,
    "rewire": _rewire,
    "insert": _insert,
    "delete": _delete,
    "constant": _constant,
    "replace": _replace,
}
KINDS = tuple(_CHANGES)
"""The six ways."""
