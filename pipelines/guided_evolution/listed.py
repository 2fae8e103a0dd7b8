"""A table of the user's: graphs with their fitness, so that an evaluation is a look into it.

Programs are drawn from the table's rows, and a child that is no row of it is no program.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from measurand import rows
from measurand.errors import InputError
from pipelines.guided_evolution.growing import pick
from pipelines.guided_evolution.programs import Grammar, Op, Program, tidy
from pipelines.guided_evolution.spaces import Graphs
from schemas.guided_evolution.params import Listed

MOST_NODES = 64
Row = dict[str, Any]
Rejected = tuple[str, str, str]
"""Number of a row, the rule that it broke, and what was wrong."""


@dataclass(frozen=True)
class Drawn(Graphs):
    """The programs of a table.

    Attributes:
        programs: all that there are.
    """

    programs: tuple[Program, ...] = field(default=(), repr=False)

    def random(self, rng: np.random.Generator) -> Program:
        """A random row."""
        return self.programs[pick(rng, len(self.programs))]


def space(kept: Sequence[Row], commutes: Sequence[str]) -> Drawn:
    """The programs of rows that :func:`read` kept.

    Args:
        kept: rows with ``ops`` and ``args``.
        commutes: operations whose arguments may come in any order.
    """
    grammar = _grammar({op: n for row in kept for op, n in _arities(row)}, commutes)
    return Drawn(grammar, programs=tuple(_program(grammar, row) for row in kept))


def read(source: Listed) -> tuple[list[Row], list[Rejected]]:
    """Rows of the user's file in canonical form, and those that are left out, each with why.

    Raises:
        InputError: the file is not there, lacks a column or holds no graph.
    """
    columns = ["ops", "args", "fitness", *([source.fresh] if source.fresh else [])]
    rejected: list[Rejected] = []
    found: list[tuple[str, Row]] = []
    arities: dict[str, int] = {}
    for key, row, _ in rows.read(rows.locate(source.file), columns):
        if isinstance(row, rows.Unreadable):
            rejected.append((key, row.reason, row.detail))
            continue
        try:
            made = _graph(row, source.fresh)
            for op, n in _arities(made):
                if arities.setdefault(op, n) != n:
                    raise ValueError(f"{op} reads {n} nodes here and {arities[op]} in another row")
            found.append((key, made))
        except (ValueError, TypeError) as error:
            rejected.append((key, "no_graph", str(error)))
    if not found:
        raise InputError(
            f"{source.file} holds no graph: {rows.left_out(rejected)}",
            hint="a row is: ops, a list of names; args, a list of node numbers for each; fitness",
        )
    grammar = _grammar(arities, source.commutes)
    return _once(grammar, found, rejected), rejected


def _grammar(arities: dict[str, int], commutes: Sequence[str]) -> Grammar:
    if unknown := sorted(set(commutes) - set(arities)):
        raise InputError(
            f"commutes: no row has {', '.join(unknown)}", hint=f"known: {', '.join(arities)}"
        )
    ops = [Op(op, ("real",) * n, commutes=op in commutes) for op, n in sorted(arities.items())]
    return Grammar(tuple(ops), max_nodes=MOST_NODES)


def _arities(row: Row) -> Iterator[tuple[str, int]]:
    return ((op, len(mine)) for op, mine in zip(row["ops"], row["args"], strict=True))


def _program(grammar: Grammar, row: Row) -> Program:
    ops = [grammar.place(op) for op in row["ops"]]
    return tidy(grammar, ops, row["args"], [0.0] * len(ops), len(ops) - 1)


def _once(grammar: Grammar, found: list[tuple[str, Row]], rejected: list[Rejected]) -> list[Row]:
    """Every graph once, in canonical form; the first of two rows counts."""
    kept: dict[bytes, tuple[str, Row]] = {}
    for key, row in found:
        program = _program(grammar, row)
        before = kept.get(program.key)
        if before is None:
            ops = [grammar.ops[op].name for op in program.ops]
            args = [list(mine) for mine in program.args]
            same = {"program": program.key.hex(), "ops": ops, "args": args}
            kept[program.key] = key, row | same
            continue
        alike = before[1]["validation"] == row["validation"]
        reason = "repeated" if alike else "two_fitnesses"
        rejected.append((key, reason, f"{before[0]} is the same graph"))
    return [row for _, row in kept.values()]


def _graph(row: rows.Row, fresh: str | None) -> Row:
    """A row's graph and numbers.

    Raises:
        ValueError: it is none.
    """
    ops, args = (_parsed(row.get(name), name) for name in ("ops", "args"))
    if not ops or not all(isinstance(op, str) and op for op in ops):
        raise ValueError("ops is no list of names")
    if len(args) != len(ops) or len(ops) > MOST_NODES:
        raise ValueError(f"{len(ops)} ops, {len(args)} lists of args, at most {MOST_NODES}")
    for at, mine in enumerate(args):
        whole = isinstance(mine, list) and all(type(a) is int for a in mine)
        if not whole or not all(0 <= a < at for a in mine):
            raise ValueError(f"args of node {at} are no list of earlier nodes")
    return {
        "ops": ops,
        "args": args,
        "validation": _number(row.get("fitness"), "fitness"),
        "test": _number(row.get(fresh), fresh) if fresh else None,
    }


def _parsed(value: Any, name: str) -> list[Any]:
    """A list; in text formats it is written as JSON."""
    found = json.loads(value) if isinstance(value, str) else value
    if not isinstance(found, list):
        raise ValueError(f"{name} is no list")
    return found


def _number(value: Any, name: str) -> float:
    if value is None or isinstance(value, bool) or not math.isfinite(number := float(value)):
        raise ValueError(f"{name} is {value}, no finite number")
    return number
