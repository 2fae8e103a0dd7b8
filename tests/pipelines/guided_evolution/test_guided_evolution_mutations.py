from __future__ import annotations

import numpy as np
import pytest

from pipelines.guided_evolution.growing import random_program
from pipelines.guided_evolution.mutations import KINDS, mutate
from pipelines.guided_evolution.programs import Grammar, Op, Program, fault, text, tidy


@pytest.mark.parametrize("name", ["formulas", "typed"])
@pytest.mark.parametrize("kind", KINDS)
def test_children_keep_to_the_grammar_differ_and_are_canonical(
    name: str, kind: str, request: pytest.FixtureRequest, rng: np.random.Generator
) -> None:
    space: Grammar = request.getfixturevalue(name)
    made = 0
    for _ in range(200):
        parent = random_program(space, rng)
        found = mutate(space, parent, rng, (kind,))
        if found is None:
            continue
        child, said = found
        made += 1
        assert said == kind
        assert fault(space, child) is None
        assert child.key != parent.key
        assert tidy(space, child.ops, child.args, child.consts, len(child.ops) - 1) == child
    assert made > 40


def _of(space: Grammar, *nodes: tuple[str, tuple[int, ...], float]) -> Program:
    ops, args, consts = zip(*nodes, strict=True)
    return tidy(space, [space.place(op) for op in ops], args, consts, len(ops) - 1)


def _children(space: Grammar, parent: Program, kind: str) -> set[str]:
    rng = np.random.default_rng(0)
    some = [mutate(space, parent, rng, (kind,)) for _ in range(300)]
    return {text(space, found[0]) for found in some if found}


def test_each_kind_does_what_its_name_says() -> None:
    space = Grammar((Op("x"), Op("f", ("real",)), Op("h", ("real",)), Op("sub", ("real", "real"))))
    x = ("x", (), 0.0)
    parent = _of(space, x, ("f", (0,), 0), ("sub", (0, 1), 0))
    assert text(space, parent) == "sub(x, f(x))"
    assert _children(space, parent, "op") == {"sub(x, h(x))"}
    assert _children(space, parent, "rewire") == {"sub(f(x), f(x))", "sub(x, x)"}
    assert _children(space, parent, "delete") == {"x", "f(x)", "sub(x, x)"}
    inserted = _children(space, parent, "insert")
    assert {"sub(x, f(h(x)))", "sub(h(x), f(x))", "h(sub(x, f(x)))"} <= inserted
    assert all("f" in child for child in inserted)
    assert _children(space, parent, "constant") == set()
    assert {"x", "h(x)", "sub(h(x), f(h(x)))"} <= _children(space, parent, "replace")


def test_a_constant_moves_by_a_log_normal_step(formulas: Grammar) -> None:
    parent = _of(formulas, ("x", (), 0), ("number", (), 2.0), ("mul", (0, 1), 0))
    rng = np.random.default_rng(1)
    moved = []
    for _ in range(2000):
        found = mutate(formulas, parent, rng, ("constant",))
        assert found is not None
        moved.append(next(c for c in found[0].consts if c))
    near = np.log(np.array([m for m in moved if m > 0]) / 2)
    assert abs(np.median(near)) < 0.1
    assert 0.3 < np.quantile(near, 0.84) < 0.6


def test_a_parent_without_children_has_none() -> None:
    space = Grammar((Op("x"),))
    parent = _of(space, ("x", (), 0.0))
    assert mutate(space, parent, np.random.default_rng(0)) is None


def test_a_walk_of_mutations_meets_every_program_there_is() -> None:
    """Chains of two functions, at most three long: 1 + 2 + 4 + 8 programs."""
    space = Grammar((Op("x"), Op("f", ("real",)), Op("h", ("real",))), max_nodes=4)
    rng = np.random.default_rng(5)
    at = random_program(space, rng)
    seen = {text(space, at)}
    for _ in range(2000):
        found = mutate(space, at, rng)
        assert found is not None
        at = found[0]
        seen.add(text(space, at))
    assert len(seen) == 15
