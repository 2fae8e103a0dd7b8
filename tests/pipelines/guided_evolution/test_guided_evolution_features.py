from __future__ import annotations

import numpy as np

from pipelines.guided_evolution.features import OWN, WALKS, arrays, width
from pipelines.guided_evolution.growing import random_program
from pipelines.guided_evolution.programs import Grammar, tidy


def test_a_small_graph_is_written_out(formulas: Grammar) -> None:
    """x - sin(x), with its constants and padding: every number by hand."""
    k = len(formulas.ops)
    names = ["x", "sin", "sub"]
    args: list[tuple[int, ...]] = [(), (0,), (0, 1)]
    program = tidy(formulas, [formulas.place(n) for n in names], args, [0.0] * 3, 2)
    nodes, edges = arrays([program], k, 5, 5)
    assert nodes.shape == (1, 5, width(k))
    assert not nodes[0, 3:].any()
    assert [int(row.argmax()) for row in nodes[0, :3, :k]] == [formulas.place(n) for n in names]
    own = nodes[0, :3, k : k + OWN]
    np.testing.assert_allclose(own[:, 1], np.array([0, 1, 2]) / 5)
    np.testing.assert_allclose(own[:, 2], np.array([0, 1, 2]) / 2)
    np.testing.assert_allclose(own[:, 3], np.log1p([2, 1, 0]), rtol=1e-6)
    np.testing.assert_array_equal(own[:, 4], [0, 0, 1])
    np.testing.assert_allclose(own[:, 5], [1 / 3] * 3)
    np.testing.assert_array_equal(edges[0, ..., 0], np.diag([1, 1, 1, 0, 0]))
    np.testing.assert_array_equal(np.argwhere(edges[0, ..., 1]), [[1, 0], [2, 0], [2, 1]])
    np.testing.assert_array_equal(edges[0, ..., 2], edges[0, ..., 1].T)
    np.testing.assert_array_equal(np.argwhere(edges[0, ..., 3]), [[2, 1]])
    # A triangle: half a chance of a way back in two steps, a quarter in three.
    returns = nodes[0, :3, k + OWN :]
    np.testing.assert_allclose(returns[:, :2], [[0.5, 0.25]] * 3, atol=1e-6)


def test_returns_are_powers_of_the_walk(formulas: Grammar, rng: np.random.Generator) -> None:
    k = len(formulas.ops)
    some = [random_program(formulas, rng) for _ in range(20)]
    nodes, edges = arrays(some, k, 30, 30)
    for at in range(len(some)):
        both = np.maximum(edges[at, ..., 1], edges[at, ..., 1].T).astype(float)
        step = both / np.maximum(both.sum(1, keepdims=True), 1)
        for t in range(2, WALKS + 1):
            wanted = np.linalg.matrix_power(step, t).diagonal()
            np.testing.assert_allclose(nodes[at, :, k + OWN + t - 2], wanted, atol=1e-6)


def test_a_constant_is_squashed(formulas: Grammar) -> None:
    k = len(formulas.ops)
    ops = [formulas.place(n) for n in ("x", "number", "add")]
    program = tidy(formulas, ops, [(), (), (0, 1)], [0, -50.0, 0], 2)
    nodes, _ = arrays([program], k, 4)
    assert np.isclose(nodes[0, :, k].min(), np.arcsinh(-50))


def test_a_block_is_padded_to_its_longest_program(
    formulas: Grammar, rng: np.random.Generator
) -> None:
    k = len(formulas.ops)
    some = [random_program(formulas, rng) for _ in range(20)]
    n = max(len(p.ops) for p in some)
    whole, cut = arrays(some, k, 30, 30), arrays(some, k, 30)
    assert cut.nodes.shape == (20, n, width(k))
    np.testing.assert_allclose(cut.nodes, whole.nodes[:, :n], atol=1e-6)
    np.testing.assert_array_equal(cut.edges, whole.edges[:, :n, :n])
    assert not whole.nodes[:, n:].any()
    assert not whole.edges[:, n:].any()
