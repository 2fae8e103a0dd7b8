"""Formulas as programs: their operations, and their values on many points.

Division and logarithm are protected as gplearn 0.4 has them (a divisor, or the argument of a
logarithm, within 0.001 of 0 gives 1, or 0); the root is that of the absolute value. ``exp`` is not
protected: a formula that overflows has no finite value, and fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError
from pipelines.guided_evolution.programs import Grammar, Joined, Op, Program, joined

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

    What several formulas hold is computed once, and a call of NumPy computes all nodes of one depth
    and operation.

    Args:
        space: the grammar.
        programs: the formulas.
        points: (variables, n) values of the inputs.

    Returns:
        (programs, n) values.
    """
    if not programs:
        return np.empty((0, points.shape[1]))
    many = joined(programs)
    roots, alike = _numbered(space, many)
    found, done = np.empty((len(many.ops), points.shape[1])), 0
    with np.errstate(all="ignore"):
        for op, left, right in alike:
            known, out = space.ops[op], slice(done, done + len(left))
            if known.takes:
                sides = (found[left], found[right])[: len(known.takes)]
                found[out] = FUNCTIONS[known.name](*sides)
            elif known.constant:
                found[out] = many.consts[left, None]
            else:
                found[out] = 1.0 if known.name == "one" else points[op]
            done += len(left)
    return found[roots]


def _numbered(
    space: Grammar, many: Joined
) -> tuple[IntArray, list[tuple[int, IntArray, IntArray]]]:
    """One number for all nodes that do the same with the same, from the leaves up.

    This is value numbering (Cocke & Schwartz 1970, Programming languages and their compilers).

    Returns:
        Numbers of the programs' outputs, and in the order of numbers those of one depth and
        operation together: the operation, and the numbers of what they read first and second; of
        a constant the place of a node that holds it.
    """
    ops, total, ends = many.ops.astype(np.int64), len(many.ops), np.cumsum(many.sizes)
    read = np.repeat(np.repeat(ends - many.sizes, many.sizes), many.arity) + many.args
    first = np.cumsum(many.arity, dtype=np.int64) - many.arity
    sides = np.zeros((2, total), np.int64)
    for side in range(2):
        there = many.arity > side
        sides[side, there] = read[first[there] + side]
    constants = np.flatnonzero(np.array([op.constant for op in space.ops])[ops])
    _, place, which = np.unique(
        many.consts[constants].view(np.int64), return_index=True, return_inverse=True
    )
    number = np.zeros(total, np.int64)
    found: list[tuple[int, IntArray, IntArray]] = []
    done, base = 0, total + 1
    order = np.argsort(many.depths, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(many.depths[order])) + 1):
        left, right = (np.where(many.arity[rows] > s, number[sides[s, rows]], 0) for s in range(2))
        if not many.arity[rows[0]]:
            number[constants] = constants[place][which]
            left = number[rows]
        keys, same = np.unique((ops[rows] * base + left) * base + right, return_inverse=True)
        number[rows] = done + same
        for some in np.split(keys, np.flatnonzero(np.diff(keys // base**2)) + 1):
            found.append((int(some[0] // base**2), some // base % base, some % base))
        done += len(keys)
    return number[ends - 1], found


def significant(x: FloatArray, digits: int = 6) -> FloatArray:
    """Numbers with so many significant binary-scaled digits, and no negative zero."""
    mantissa, exponent = np.frexp(x)
    scale = 10.0**digits
    out: FloatArray = np.ldexp(np.round(mantissa * scale) / scale, exponent) + 0.0
    return out
