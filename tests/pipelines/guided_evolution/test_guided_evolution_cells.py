from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from pipelines.guided_evolution.cells import ADD, ON_ONE, STEM, space
from pipelines.guided_evolution.programs import Program, fault, tidy


def _every(nodes: int) -> Iterator[Program]:
    """All graphs whose nodes read earlier ones, in every spelling."""
    grammar = space(nodes).grammar
    choices = [
        [(name, (i,)) for name, i in product(ON_ONE, range(at))]
        + [(ADD, (i, j)) for i in range(at) for j in range(at)]
        for at in range(1, nodes)
    ]
    for size in range(nodes):
        for some in product(*choices[:size]):
            names, args = zip((STEM, ()), *some, strict=True)
            ops = [grammar.place(name) for name in names]
            yield tidy(grammar, ops, args, [0.0] * len(ops), size)


def _twice(program: Program) -> bool:
    return any(len(mine) > len(set(mine)) for mine in program.args)


def test_the_space_is_every_graph_that_adds_no_map_to_itself() -> None:
    wanted = {p.key for p in _every(4) if not _twice(p)}
    found = space(4).programs
    assert len(found) == len(wanted) == 79
    assert {p.key for p in found} == wanted


def test_sizes_are_those_that_are_documented() -> None:
    assert [len(space(nodes).programs) for nodes in (2, 3, 5)] == [4, 16, 499]
    for nodes in (2, 3, 5):
        cells = space(nodes)
        assert all(fault(cells.grammar, p) is None for p in cells.programs)
        assert max(len(p.ops) for p in cells.programs) == nodes


def test_changes_lead_to_every_cell() -> None:
    cells, rng = space(3), np.random.default_rng(0)
    keys = {p.key for p in cells.programs}
    at, met = cells.programs[0], {cells.programs[0].key}
    for _ in range(2000):
        found = cells.mutate(at, rng)
        if found is not None and found[0].key in keys:
            at = found[0]
            met.add(at.key)
    assert met == keys
