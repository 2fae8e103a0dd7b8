"""Random programs, and random parts of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from measurand.errors import InputError
from pipelines.guided_evolution.programs import Grammar, Program, fault, tidy

TRIES = 1000


@dataclass
class Draft:
    """A graph under construction: nodes in any order, the last of all decides nothing.

    Attributes:
        ops: operation of each node.
        args: nodes that each node reads.
        consts: number of each node.
    """

    ops: list[int] = field(default_factory=list)
    args: list[list[int]] = field(default_factory=list)
    consts: list[float] = field(default_factory=list)

    def add(self, op: int, args: list[int], value: float = 0.0) -> int:
        """A further node; its number."""
        self.ops.append(op)
        self.args.append(args)
        self.consts.append(value)
        return len(self.ops) - 1


def pick(rng: np.random.Generator, n: int) -> int:
    """One of 0..n-1; several times faster than ``rng.integers``."""
    return int(rng.random() * n)


def constant(grammar: Grammar, rng: np.random.Generator) -> float:
    """A number, log-uniform in size."""
    low, high = grammar.constants
    size = math.exp(math.log(low) + rng.random() * math.log(high / low))
    return -size if grammar.signed and rng.random() < 0.5 else size


def grow(grammar: Grammar, draft: Draft, kind: str, depth: int, rng: np.random.Generator) -> int:
    """Add a random graph of a type, at most ``depth`` deep where the grammar allows it.

    Half of the places above the last level are leaves, where the type has any.
    """
    room = max(depth, grammar.cheapest[kind])
    fits = [
        op
        for op in grammar.by_type[kind]
        if all(grammar.cheapest[t] < room for t in grammar.ops[op].takes)
    ]
    leaves = [op for op in fits if not grammar.ops[op].takes]
    if leaves and (len(leaves) == len(fits) or rng.random() < 0.5):
        fits = leaves
    elif leaves:
        fits = [op for op in fits if grammar.ops[op].takes]
    op = fits[pick(rng, len(fits))]
    mine = [grow(grammar, draft, t, room - 1, rng) for t in grammar.ops[op].takes]
    return draft.add(op, mine, constant(grammar, rng) if grammar.ops[op].constant else 0.0)


def random_program(grammar: Grammar, rng: np.random.Generator, depth: int = 5) -> Program:
    """A random program that keeps to the grammar.

    Raises:
        InputError: none was found in 1,000 draws.
    """
    for _ in range(TRIES):
        draft = Draft()
        root = grow(grammar, draft, grammar.gives, 1 + pick(rng, depth), rng)
        program = tidy(grammar, draft.ops, draft.args, draft.consts, root)
        if fault(grammar, program) is None:
            return program
    raise InputError(f"{TRIES} random programs broke the grammar's limits", hint="raise max_nodes")
