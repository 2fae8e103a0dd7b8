"""Programs as typed directed acyclic graphs, each in one canonical form with its own key.

A program is a list of nodes; a node is an operation and the nodes that it reads, all before it; the
last node is the output. :func:`tidy` leaves out what the output does not reach, merges nodes that
compute the same, sorts the arguments of commutative operations, and numbers nodes by a walk from
the output. Two graphs that differ in these ways alone are then the same arrays with the same key, a
Merkle tree's root (Merkle 1987, CRYPTO '87, 369-378).
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError

KEY_BYTES = 16
Shorts = npt.NDArray[np.uint16]
_PACKED = attrgetter("packed")


@dataclass(frozen=True)
class Op:
    """One operation.

    Attributes:
        name: its name in every table.
        takes: types of its arguments; none for a leaf: an input, or a constant.
        gives: type of its value.
        commutes: whether the order of its arguments means nothing.
        constant: whether each node of it holds a number of its own.
    """

    name: str
    takes: tuple[str, ...] = ()
    gives: str = "real"
    commutes: bool = False
    constant: bool = False

    @property
    def is_input(self) -> bool:
        """A leaf whose value comes from outside."""
        return not self.takes and not self.constant


class Packed(NamedTuple):
    """A graph as bytes, so that many are put together without a look at their nodes.

    Attributes:
        ops: (n,) operation of each node, as 16 bits without a sign; so are the others.
        arity: (n,) how many nodes each reads.
        args: what nodes read, one node after another.
        depths: (n,) longest way from each node down to a leaf.
        consts: (n,) number of each node, in 64 bits.
    """

    ops: bytes
    arity: bytes
    args: bytes
    depths: bytes
    consts: bytes


class Program(NamedTuple):
    """A graph in canonical form; :func:`program` makes one.

    Attributes:
        ops: (n,) operation of each node, its place in the grammar.
        args: nodes that each node reads, all with smaller numbers.
        consts: (n,) the node's own number; 0 where it has none.
        key: 16 bytes, the same for the same graph.
        packed: the same once more.
    """

    ops: tuple[int, ...]
    args: tuple[tuple[int, ...], ...]
    consts: tuple[float, ...]
    key: bytes
    packed: Packed


def program(
    ops: Sequence[int], args: Sequence[tuple[int, ...]], consts: Sequence[float], key: bytes
) -> Program:
    """A program from nodes that are in canonical form already."""
    depths: list[int] = []
    for mine in args:
        depths.append(1 + max([depths[a] for a in mine]) if mine else 0)
    packed = Packed(
        array("H", ops).tobytes(),
        array("H", map(len, args)).tobytes(),
        array("H", chain.from_iterable(args)).tobytes(),
        array("H", depths).tobytes(),
        array("d", consts).tobytes(),
    )
    return Program(tuple(ops), tuple(args), tuple(consts), key, packed)


@dataclass(frozen=True)
class Grammar:
    """Which programs there are.

    Attributes:
        ops: the operations.
        gives: type of a program's value.
        max_nodes: most nodes of a program in canonical form.
        constants: least and largest size of a constant that is drawn, log-uniformly.
        signed: whether constants may be negative.
        inputs: leaves without which a program is no function of anything; all inputs where empty.
        cheapest: least depth of a graph of each type, 0 for a leaf.

    Raises:
        InputError: a name stands twice, an operation takes or gives a type that no graph has.
    """

    ops: tuple[Op, ...]
    gives: str = "real"
    max_nodes: int = 30
    constants: tuple[float, float] = (0.01, 10.0)
    signed: bool = True
    inputs: tuple[str, ...] = ()
    cheapest: dict[str, int] = field(init=False, repr=False, compare=False)
    by_type: dict[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)
    alike: tuple[tuple[int, ...], ...] = field(init=False, repr=False, compare=False)
    _words: tuple[bytes, ...] = field(init=False, repr=False, compare=False)
    _needed: frozenset[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [op.name for op in self.ops]
        if len(set(names)) != len(names):
            raise InputError("an operation stands twice in the grammar", hint="rename one")
        depths = _cheapest(self.ops)
        lacking = {kind for op in self.ops for kind in (*op.takes, op.gives)} | {self.gives}
        if lacking := lacking - set(depths):
            raise InputError(
                f"no graph has type {', '.join(sorted(lacking))}",
                hint="add a leaf, or an operation that gives it",
            )
        places = range(len(self.ops))
        by_type = {
            kind: tuple(i for i in places if self.ops[i].gives == kind) for kind in sorted(depths)
        }
        alike = tuple(
            tuple(
                j
                for j in places
                if j != i and (a.takes, a.gives) == (self.ops[j].takes, self.ops[j].gives)
            )
            for i, a in enumerate(self.ops)
        )
        wanted = set(self.inputs) or {op.name for op in self.ops if op.is_input}
        for name, value in {
            "cheapest": depths,
            "by_type": by_type,
            "alike": alike,
            "_words": tuple(op.name.encode() + b"\0" for op in self.ops),
            "_needed": frozenset(i for i in places if self.ops[i].name in wanted),
        }.items():
            object.__setattr__(self, name, value)

    def place(self, name: str) -> int:
        """Place of an operation.

        Raises:
            InputError: there is none of that name.
        """
        for i, op in enumerate(self.ops):
            if op.name == name:
                return i
        raise InputError(f"no operation {name!r}", hint=f"known: {[op.name for op in self.ops]}")


def _cheapest(ops: Sequence[Op]) -> dict[str, int]:
    found: dict[str, int] = {}
    for depth in range(len(ops) + 1):
        for op in ops:
            if op.gives not in found and all(found.get(k, depth) < depth for k in op.takes):
                found[op.gives] = depth
    return found


class Joined(NamedTuple):
    """Many graphs, their nodes one after another: fields of :class:`Packed` and ``sizes``.

    Attributes:
        ops: operations.
        arity: how many nodes each reads.
        args: what they read, counted in their own graph.
        depths: longest way down to a leaf.
        consts: numbers.
        sizes: (programs,) nodes of each.
    """

    ops: Shorts
    arity: Shorts
    args: Shorts
    depths: Shorts
    consts: npt.NDArray[np.float64]
    sizes: npt.NDArray[np.int64]


def joined(programs: Sequence[Program]) -> Joined:
    """Many graphs as one; at least one."""
    columns = list(zip(*map(_PACKED, programs), strict=True))
    *shorts, consts = (b"".join(column) for column in columns)
    ops, arity, args, depths = (np.frombuffer(part, np.uint16) for part in shorts)
    sizes = np.array(list(map(len, columns[0])), np.int64) // 2
    return Joined(ops, arity, args, depths, np.frombuffer(consts, np.float64), sizes)


def tidy(
    grammar: Grammar,
    ops: Sequence[int],
    args: Sequence[Sequence[int]],
    consts: Sequence[float],
    root: int,
) -> Program:
    """The canonical form of what ``root`` computes.

    Args:
        grammar: the grammar; names and commutativity of its operations enter the key.
        ops: (n,) operation of each node.
        args: nodes that each node reads, in any order but without a circle.
        consts: (n,) number of each node, read where the operation has one.
        root: the output.
    """
    digests: dict[int, bytes] = {}
    ordered: dict[int, Sequence[int]] = {}
    known, words = grammar.ops, grammar._words

    def digest(node: int) -> bytes:
        made = digests.get(node)
        if made is not None:
            return made
        op, mine = ops[node], args[node]
        if not mine:
            text = words[op]
            if known[op].constant:
                text += struct.pack("<d", consts[node])
        else:
            parts = [digest(a) for a in mine]
            if known[op].commutes and len(mine) > 1:
                mine = [a for _, a in sorted(zip(parts, mine, strict=True))]
                parts.sort()
            text = words[op] + b"".join(parts)
        ordered[node] = mine
        made = digests[node] = blake2b(text, digest_size=KEY_BYTES).digest()
        return made

    key = digest(root)
    numbers: dict[bytes, int] = {}
    new_ops: list[int] = []
    new_args: list[tuple[int, ...]] = []
    new_consts: list[float] = []

    def number(node: int) -> int:
        found = numbers.get(digests[node])
        if found is None:
            mine = tuple([number(a) for a in ordered[node]])
            found = numbers[digests[node]] = len(new_ops)
            new_ops.append(ops[node])
            new_args.append(mine)
            new_consts.append(consts[node] if known[ops[node]].constant else 0.0)
        return found

    number(root)
    return program(new_ops, new_args, new_consts, key)


def fault(grammar: Grammar, program: Program) -> str | None:
    """Why a program does not keep to the grammar; None where it does.

    Types are checked too, so that a graph from outside is found out.
    """
    if len(program.ops) > grammar.max_nodes:
        return "too_many_nodes"
    known = grammar.ops
    for at, (op, mine) in enumerate(zip(program.ops, program.args, strict=True)):
        if any(not 0 <= a < at for a in mine):
            return "not_in_order"
        if tuple(known[program.ops[a]].gives for a in mine) != known[op].takes:
            return "wrong_types"
    if known[program.ops[-1]].gives != grammar.gives:
        return "wrong_types"
    if grammar._needed.isdisjoint(program.ops):
        return "no_input"
    return None


def text(grammar: Grammar, program: Program) -> str:
    """A program as nested calls; a shared node is written at every place where it is read."""
    said: list[str] = []
    for op, mine, value in zip(program.ops, program.args, program.consts, strict=True):
        known = grammar.ops[op]
        if known.constant:
            said.append(repr(value))
        elif mine:
            said.append(f"{known.name}({', '.join(said[a] for a in mine)})")
        else:
            said.append(known.name)
    return said[-1]
