from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from measurand.errors import InputError
from pipelines.guided_evolution.growing import random_program
from pipelines.guided_evolution.programs import (
    Grammar,
    Op,
    Packed,
    Program,
    fault,
    joined,
    text,
    tidy,
)


def _shuffled(
    space: Grammar, program: Program, rng: np.random.Generator
) -> tuple[list[int], list[list[int]], list[float], int]:
    """The same graph spelled otherwise: nodes renumbered, doubled and dead, arguments swapped."""
    n = len(program.ops)
    ops, consts = [*program.ops, *program.ops], [*program.consts, *program.consts]
    args = [[a + n * int(rng.random() < 0.5) for a in mine] for mine in program.args] * 2
    ops, args, consts = [*ops, program.ops[0]], [*args, []], [*consts, 0.0]
    for op, mine in zip(ops, args, strict=True):
        if space.ops[op].commutes and rng.random() < 0.5:
            mine.reverse()
    order = rng.permutation(len(ops))
    place = np.argsort(order)
    return (
        [ops[i] for i in order],
        [[int(place[a]) for a in args[i]] for i in order],
        [consts[i] for i in order],
        int(place[n - 1]),
    )


@pytest.mark.parametrize("name", ["formulas", "typed"])
def test_every_spelling_of_a_graph_is_the_same_program(
    name: str, request: pytest.FixtureRequest, rng: np.random.Generator
) -> None:
    space: Grammar = request.getfixturevalue(name)
    for _ in range(300):
        program = random_program(space, rng)
        assert tidy(space, *_shuffled(space, program, rng)) == program
        assert fault(space, program) is None


def _made(space: Grammar, *nodes: tuple[str, Sequence[int], float]) -> Program:
    ops, args, consts = zip(*nodes, strict=True)
    return tidy(space, [space.place(op) for op in ops], args, consts, len(ops) - 1)


def test_order_counts_where_an_operation_does_not_commute(formulas: Grammar) -> None:
    x, y = ("x", (), 0.0), ("y", (), 0.0)
    for name, same in (("add", True), ("mul", True), ("sub", False), ("div", False)):
        one, other = (_made(formulas, x, y, (name, at, 0.0)) for at in ((0, 1), (1, 0)))
        assert (one.key == other.key) is same


def test_a_constant_is_part_of_the_graph_and_other_numbers_are_not(formulas: Grammar) -> None:
    keys = {
        _made(formulas, ("x", (), stray), ("number", (), c), ("add", (0, 1), 0.0)).key
        for c in (0.5, 0.25)
        for stray in (0.0, 9.0)
    }
    assert len(keys) == 2


def test_what_is_computed_twice_is_one_node(formulas: Grammar) -> None:
    x = ("x", (), 0.0)
    program = _made(formulas, x, x, ("sin", (0,), 0), ("sin", (1,), 0), ("mul", (2, 3), 0))
    assert len(program.ops) == 3
    assert text(formulas, program) == "mul(sin(x), sin(x))"


def test_faults_are_named(typed: Grammar) -> None:
    g, rate, scale, plus = (typed.place(n) for n in ("g", "rate", "scale", "plus"))

    def of(ops: list[int], args: list[tuple[int, ...]]) -> str | None:
        packed = Packed(b"", b"", b"", b"", b"")
        return fault(typed, Program(tuple(ops), tuple(args), (0.0,) * len(ops), b"", packed))

    assert of([g], [()]) is None
    assert of([rate], [()]) == "wrong_types"
    assert of([rate, g, scale], [(), (), (1, 0)]) == "wrong_types"
    assert of([g, plus], [(), (0, 1)]) == "not_in_order"
    assert of([g, *[plus] * 12], [(), *[(i, i) for i in range(12)]]) == "too_many_nodes"
    assert of([typed.place("c")], [()]) == "wrong_types"


def test_a_program_that_reads_no_input_is_none(formulas: Grammar) -> None:
    assert fault(formulas, _made(formulas, ("number", (), 2.0), ("sin", (0,), 0.0))) == "no_input"


def test_many_programs_are_joined_node_after_node(
    formulas: Grammar, rng: np.random.Generator
) -> None:
    some = [random_program(formulas, rng) for _ in range(30)]
    many = joined(some)
    assert many.ops.tolist() == [op for p in some for op in p.ops]
    assert many.arity.tolist() == [len(mine) for p in some for mine in p.args]
    assert many.args.tolist() == [a for p in some for mine in p.args for a in mine]
    assert many.consts.tolist() == [c for p in some for c in p.consts]
    assert many.sizes.tolist() == [len(p.ops) for p in some]
    at = 0
    for p in some:
        depths = many.depths[at : at + len(p.ops)]
        for node, mine in enumerate(p.args):
            assert depths[node] == max((depths[a] + 1 for a in mine), default=0)
        at += len(p.ops)


def test_grammars_that_have_no_programs_are_refused(formulas: Grammar) -> None:
    with pytest.raises(InputError, match="no graph has type vector"):
        Grammar((Op("x"), Op("f", ("vector",))))
    with pytest.raises(InputError, match="stands twice"):
        Grammar((Op("x"), Op("x")))
    with pytest.raises(InputError, match="no operation 'tan'"):
        formulas.place("tan")
