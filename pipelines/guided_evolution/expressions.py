"""Formulas as programs: their operations, and their values on many points.

Division and logarithm are protected as gplearn 0.4 has them (a divisor, or the argument of a
logarithm, within 0.001 of 0 gives 1, or 0); the root is that of the absolute value. ``exp`` is not
protected: a formula that overflows has no finite value, and fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError
from pipelines.guided_evolution.programs import Grammar, Op, Program

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
NEAR = 1e-3
"""Below this size a divisor counts as none."""


def divide(a: FloatArray, b: FloatArray) -> FloatArray:
    """The quotient; 1 where the divisor is nearly 0."""
    far = np.abs(b) > NEAR
    out: FloatArray = np.where(far, a / np.where(far, b, 1.0), 1.0)
    return out


def logarithm(a: FloatArray) -> FloatArray:
    """The logarithm of the size; 0 where that is nearly 0."""
    size = np.abs(a)
    out: FloatArray = np.log(np.where(size > NEAR, size, 1.0))
    return out


def root(a: FloatArray) -> FloatArray:
    """The root of |a|."""
    out: FloatArray = np.sqrt(np.abs(a))
    return out


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": divide,
    "sin": np.sin,
    "cos": np.cos,
    "exp": np.exp,
    "log": logarithm,
    "square": np.square,
    "sqrt": root,
}
"""What each operation computes, element by element."""
_TWO = ("add", "sub", "mul", "div")
_COMMUTE = ("add", "mul")


def grammar(
    inputs: Sequence[str], functions: Sequence[str], *, constants: bool = False, max_nodes: int = 30
) -> Grammar:
    """The formulas in some variables.

    Args:
        inputs: names of the variables.
        functions: names of :data:`FUNCTIONS`.
        constants: whether a formula may hold numbers of its own; otherwise it has 1 alone.
        max_nodes: most nodes.

    Raises:
        InputError: there is no such function, or a variable has the name of one.
    """
    if unknown := sorted(set(functions) - set(FUNCTIONS)):
        raise InputError(f"no function {', '.join(unknown)}", hint=f"known: {', '.join(FUNCTIONS)}")
    leaves = [Op(name) for name in inputs]
    number = Op("number", constant=True) if constants else Op("one")
    inner = [
        Op(name, ("real",) * (2 if name in _TWO else 1), commutes=name in _COMMUTE)
        for name in functions
    ]
    return Grammar((*leaves, number, *inner), max_nodes=max_nodes, inputs=tuple(inputs))


def values(space: Grammar, program: Program, points: FloatArray) -> FloatArray:
    """A formula's values.

    Args:
        space: the grammar that the program belongs to.
        program: the formula.
        points: (variables, n) values of the inputs, in the grammar's order.

    Returns:
        (n,) values; infinite or NaN where the formula has none.
    """
    known = space.ops
    found: list[Any] = []
    with np.errstate(all="ignore"):
        for op, mine, number in zip(program.ops, program.args, program.consts, strict=True):
            if mine:
                found.append(FUNCTIONS[known[op].name](*[found[a] for a in mine]))
            elif known[op].constant:
                found.append(number)
            else:
                found.append(1.0 if known[op].name == "one" else points[op])
    out: FloatArray = np.broadcast_to(np.asarray(found[-1], float), points.shape[1:])
    return out


def values_of_many(space: Grammar, programs: Sequence[Program], points: FloatArray) -> FloatArray:
    """The values of many formulas at once: what :func:`values` gives, row by row.

    Nodes of one depth that do the same are computed together, so that the cost of a call is shared
    by all programs.

    Args:
        space: the grammar.
        programs: the formulas.
        points: (variables, n) values of the inputs.

    Returns:
        (programs, n) values.
    """
    sizes = np.array([len(p.ops) for p in programs], np.int64)
    ends = np.cumsum(sizes)
    total = int(sizes.sum())
    ops = np.fromiter(chain.from_iterable(p.ops for p in programs), np.int16, total)
    numbers = np.fromiter(chain.from_iterable(p.consts for p in programs), float, total)
    arity = np.array([len(op.takes) for op in space.ops])[ops] if total else np.zeros(0, int)
    read = np.fromiter(
        chain.from_iterable(chain.from_iterable(p.args for p in programs)), np.int64, arity.sum()
    )
    read += np.repeat(np.repeat(ends - sizes, sizes), arity)
    starts = np.cumsum(arity) - arity
    found = np.empty((total, points.shape[1]))
    with np.errstate(all="ignore"):
        for rows in _alike(ops, _depths(arity, starts, read)):
            known = space.ops[ops[rows[0]]]
            if known.takes:
                at = starts[rows]
                sides = [found[read[at + side]] for side in range(len(known.takes))]
                found[rows] = FUNCTIONS[known.name](*sides)
            elif known.constant:
                found[rows] = numbers[rows, None]
            else:
                found[rows] = 1.0 if known.name == "one" else points[ops[rows[0]]]
    return found[ends - 1]


def _depths(arity: IntArray, starts: IntArray, read: IntArray) -> IntArray:
    """(nodes,) longest way from each node down to a leaf."""
    depths = np.zeros(len(arity), np.int64)
    inner = [np.flatnonzero(arity > side) for side in range(int(arity.max(initial=0)))]
    while True:
        new = np.zeros_like(depths)
        for side, rows in enumerate(inner):
            new[rows] = np.maximum(new[rows], depths[read[starts[rows] + side]] + 1)
        if (new == depths).all():
            return depths
        depths = new


def _alike(ops: npt.NDArray[np.int16], depths: IntArray) -> Iterator[IntArray]:
    """Nodes of one depth and operation, the shallow ones first."""
    order = np.lexsort((ops, depths))
    if len(order):
        key = depths[order] * (int(ops.max()) + 1) + ops[order]
        yield from np.split(order, np.flatnonzero(np.diff(key)) + 1)


def significant(x: FloatArray, digits: int = 6) -> FloatArray:
    """Numbers with so many significant binary-scaled digits, and no negative zero."""
    mantissa, exponent = np.frexp(x)
    scale = 10.0**digits
    out: FloatArray = np.ldexp(np.round(mantissa * scale) / scale, exponent) + 0.0
    return out
