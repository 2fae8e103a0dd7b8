from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from pipelines.guided_evolution import losses_source
from pipelines.guided_evolution.growing import random_program
from pipelines.guided_evolution.loss_graphs import GRAMMAR, Loss, known
from pipelines.guided_evolution.losses_source import difference, formula, source
from pipelines.guided_evolution.programs import tidy
from pipelines.guided_evolution.rl_losses import probe


def test_the_source_of_random_losses_gives_their_values_and_gradients() -> None:
    rng = np.random.default_rng(0)
    some = [random_program(GRAMMAR, rng, 5) for _ in range(120)]
    assert {GRAMMAR.ops[op].name for p in some for op in p.ops} == {op.name for op in GRAMMAR.ops}
    assert max(difference(program, 200) for program in some) < 1e-12


@pytest.mark.parametrize(
    ("right", "wrong"), [("max(-1).values", "mean(-1)"), ("t9 * t9", "t9 + t9")]
)
def test_a_source_that_is_wrong_differs(
    monkeypatch: pytest.MonkeyPatch, right: str, wrong: str
) -> None:
    program = known("dqn")
    assert right in source(program)
    monkeypatch.setattr(losses_source, "source", lambda p: source(p).replace(right, wrong))
    assert difference(program, 200) > 0.1


def test_a_source_with_another_gradient_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    program = known("dqn")
    monkeypatch.setattr(
        losses_source, "source", lambda p: source(p).replace("q.gather", "q.detach().gather")
        .replace("return t", "return 0 * q.sum() + t")
    )  # fmt: skip
    assert difference(program, 200) > 0.1


def test_formulas_are_short_and_readable() -> None:
    assert formula(known("dqn")) == "(Q(s)[a] - gamma*max(Q'(s')) - r)**2"
    assert formula(known("double_dqn")) == "(-Q'(s')[argmax(Q(s'))]*gamma + Q(s)[a] - r)**2"
    nodes = [("q", ()), ("softmax", (0,)), ("entropy", (1,)), ("expected", (1, 0)), ("sub", (3, 2))]
    ops, args = zip(*nodes, strict=True)
    program = tidy(GRAMMAR, [GRAMMAR.place(op) for op in ops], args, [0.0] * 5, 4)
    assert formula(program) == "-entropy(softmax(Q(s))) + sum(softmax(Q(s))*Q(s))"


@pytest.mark.integration
def test_the_source_runs_alone() -> None:
    batch = probe(3, "alone")
    arrays = ", ".join(
        f"torch.tensor({x.tolist()}{', dtype=torch.float64' if x.dtype == float else ''})"
        for x in batch
    )
    code = source(known("huber")) + f"print(loss({arrays}).tolist())\n"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    wanted = Loss(known("huber")).values(batch)
    assert [float(x) for x in done.stdout.strip("[]\n").split(",")] == pytest.approx(wanted)
