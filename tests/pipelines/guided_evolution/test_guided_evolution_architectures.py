from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipelines.guided_evolution.architectures import LINKS, OPS, SKIP, Trees, links_of

TREES = Trees()


def test_every_order_of_the_same_tree_is_one_architecture() -> None:
    rng = np.random.default_rng(0)
    for links in LINKS:
        for _ in range(30):
            ops = [OPS[i] for i in rng.integers(0, len(OPS), 4)]
            made = TREES.make(links, ops)
            for order in itertools.permutations(range(1, 5)):
                place = {0: 0} | {node: order.index(node) + 1 for node in order}
                again = [place[links[node - 1]] for node in order]
                if all(link < at for at, link in enumerate(again, start=1)):
                    assert TREES.make(again, [ops[node - 1] for node in order]) == made


def test_the_canonical_form_is_its_own() -> None:
    rng = np.random.default_rng(1)
    for _ in range(500):
        made = TREES.random(rng)
        ops = [TREES.names[op] for op in made.ops[1:]]
        assert TREES.make(links_of(made), ops) == made


@pytest.mark.parametrize(
    ("links", "ops", "wanted"),
    [
        # A skip that is read, alone on its branch, or beside the input: no layer.
        ((0, 1, 2, 3), ["gcn", SKIP, "gat", "gin"], "skip(input) gcn(1) gat(2) gin(3)"),
        ((0, 1, 2, 3), ["gcn", "gat", "gin", SKIP], "skip(input) gcn(1) gat(2) gin(3)"),
        ((0, 0, 1, 2), ["gcn", SKIP, "gat", "gin"], "skip(input) gcn(1) gat(2) gin(1)"),
        ((0, 0, 0, 0), ["gcn", SKIP, "gat", SKIP], "skip(input) skip(1) gat(2) gcn(2)"),
        # Beside a layer it joins what it reads to the output.
        ((0, 1, 1, 2), ["gcn", "gat", SKIP, "gin"], "gcn(input) gat(1) gin(2) skip(1)"),
    ],
)
def test_a_skip_counts_where_it_is_a_branch(
    links: tuple[int, ...], ops: list[str], wanted: str
) -> None:
    assert TREES.text(TREES.make(links, ops)) == wanted


def test_children_differ_and_all_architectures_are_within_reach() -> None:
    rng = np.random.default_rng(2)
    small = Trees(("gcn", "fc", SKIP))
    every = {
        small.make(links, ops).key
        for links in LINKS
        for ops in itertools.product(small.ops, repeat=4)
    }
    at, seen, kinds = small.random(rng), set(), set()
    for _ in range(30_000):
        found = small.mutate(at, rng)
        assert found is not None
        assert found[0].key != at.key
        at = found[0]
        seen.add(at.key)
        kinds.add(found[1])
    assert seen == every
    assert kinds == {"op", "rewire"}
    assert small.max_nodes == len(at.ops) == 5
