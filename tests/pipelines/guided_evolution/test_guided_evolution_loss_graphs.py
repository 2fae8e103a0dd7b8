from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from pipelines.guided_evolution.growing import random_program
from pipelines.guided_evolution.loss_graphs import GRAMMAR, KNOWN, Batch, Loss, known
from pipelines.guided_evolution.programs import Program, fault, tidy
from pipelines.guided_evolution.rl_losses import probe

Tensors = dict[str, torch.Tensor]
BATCH = probe(200, "test")


def _target(b: Tensors, values: torch.Tensor) -> torch.Tensor:
    return b["reward"] + b["discount"] * values


def _done(b: Tensors) -> torch.Tensor:
    return b["q"].gather(1, b["action"][:, None])[:, 0]


def _double(b: Tensors) -> torch.Tensor:
    best = b["q_next"].argmax(1, keepdim=True)
    return _target(b, b["target"].gather(1, best)[:, 0])


TORCH: dict[str, Callable[[Tensors], Any]] = {
    "dqn": lambda b: functional.mse_loss(_done(b), _target(b, b["target"].amax(1))),
    "double_dqn": lambda b: functional.mse_loss(_done(b), _double(b)),
    "huber": lambda b: functional.smooth_l1_loss(_done(b), _target(b, b["target"].amax(1))),
    "dqn_reg": lambda b: (
        0.1 * _done(b).mean() + functional.mse_loss(_done(b), _target(b, b["target"].amax(1)))
    ),
}


@pytest.mark.parametrize("name", list(KNOWN))
def test_known_losses_and_their_gradients_are_those_of_torch(name: str) -> None:
    loss = Loss(known(name))
    b = {key: torch.from_numpy(x.copy()) for key, x in BATCH._asdict().items()}
    b["q"].requires_grad_()
    theirs = TORCH[name](b)
    theirs.backward()
    assert loss.values(BATCH).mean() == pytest.approx(theirs.item(), rel=1e-12)
    slopes = loss.slopes(BATCH)
    assert slopes.q is not None
    assert slopes.q_next is None
    np.testing.assert_allclose(slopes.q / 200, b["q"].grad.numpy(), rtol=1e-12, atol=1e-15)
    assert fault(GRAMMAR, known(name)) is None


def test_gradients_are_differences_of_values() -> None:
    """Along random directions, of random losses that use every operation."""
    rng = np.random.default_rng(1)
    some = [random_program(GRAMMAR, rng, 5) for _ in range(150)]
    assert {GRAMMAR.ops[op].name for p in some for op in p.ops} == {op.name for op in GRAMMAR.ops}
    small = Batch._make(x[:40] for x in BATCH)._replace(
        q=rng.normal(size=(40, 3)), q_next=rng.normal(size=(40, 3)), target=rng.normal(size=(40, 3))
    )
    checked = 0
    for program in some:
        loss = Loss(program)
        ways, slopes = rng.normal(size=(2, 40, 3)), loss.slopes(small)
        step = 1e-6
        there, back = (
            loss.values(small._replace(q=small.q + s * ways[0], q_next=small.q_next + s * ways[1]))
            for s in (step, -step)
        )
        wanted = sum((g * way).sum(1) for g, way in zip(slopes, ways, strict=True) if g is not None)
        apart = np.abs((there - back) / (2 * step) - wanted) / (1 + np.abs(wanted))
        # Steps across a kink or to another best action have no slope.
        assert np.quantile(apart, 0.9) < 1e-5
        checked += loss.learns
    assert checked > 100


def _made(nodes: list[tuple[str, tuple[int, ...]]]) -> Program:
    ops, args = zip(*nodes, strict=True)
    places = [GRAMMAR.place(op) for op in ops]
    return tidy(GRAMMAR, places, args, [0.0] * len(ops), len(ops) - 1)


def test_a_choice_alone_teaches_nothing() -> None:
    chosen = Loss(_made([("q", ()), ("argmax", (0,)), ("target", ()), ("at", (2, 1))]))
    assert not chosen.learns
    assert chosen.slopes(BATCH) == (None, None)


def test_gradients_run_through_the_values_behind_a_step() -> None:
    nodes = [("q", ()), ("highest", (0,)), ("q_next", ()), ("highest", (2,)), ("sub", (1, 3))]
    slopes = Loss(_made(nodes)).slopes(BATCH)
    assert slopes.q is not None
    assert slopes.q_next is not None
    np.testing.assert_array_equal(slopes.q.sum(1), np.ones(200))
    np.testing.assert_array_equal(slopes.q_next.argmin(1), BATCH.q_next.argmax(1))


def test_equal_sides_share_a_gradient() -> None:
    q = np.array([[1.0, 2.0]])
    batch = Batch(q, q, q, np.array([0]), np.array([1.0]), np.array([0.9]))
    nodes = [("q", ()), ("action", ()), ("at", (0, 1)), ("reward", ()), ("maximum", (2, 3))]
    slopes = Loss(_made(nodes)).slopes(batch)
    assert slopes.q is not None
    assert slopes.q.tolist() == [[0.5, 0.0]]
