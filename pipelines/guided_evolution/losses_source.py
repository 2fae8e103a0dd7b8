"""Losses for people: as mathematics, and as a PyTorch function that runs without this project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipelines.guided_evolution.formulas import shortened
from pipelines.guided_evolution.loss_graphs import GRAMMAR, TINY, FloatArray, Loss
from pipelines.guided_evolution.programs import Program
from pipelines.guided_evolution.rl_losses import probe

_CODE: Mapping[str, str] = {
    "at": "{0}.gather(-1, {1}[..., None])[..., 0]",
    "highest": "{}.max(-1).values",
    "average": "{}.mean(-1)",
    "logsumexp": "{}.logsumexp(-1)",
    "argmax": "{}.argmax(-1)",
    "softmax": "{}.softmax(-1)",
    "expected": "({} * {}).sum(-1)",
    "entropy": f"-({{0}} * {{0}}.clamp(min={TINY!r}).log()).sum(-1)",
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{} * {}",
    "minimum": "torch.minimum({}, {})",
    "maximum": "torch.maximum({}, {})",
    "square": "{0} * {0}",
    "abs": "{}.abs()",
}
_READS = ("q", "q_next", "target", "action", "reward", "discount")
_WORDS: Mapping[str, str] = {
    "q": "Q(s)",
    "q_next": "Q(s')",
    "target": "Q'(s')",
    "action": "a",
    "reward": "r",
    "discount": "gamma",
    "at": "{0}[{1}]",
    "highest": "max({})",
    "average": "mean({})",
    "logsumexp": "logsumexp({})",
    "argmax": "argmax({})",
    "softmax": "softmax({})",
    "expected": "sum({}*{})",
    "entropy": "entropy({})",
}
"""What is a symbol of its own in a formula; ``Q'`` is the copy that lags behind."""


def source(program: Program) -> str:
    """Python that defines ``loss``, a function of tensors; its mean is to be minimised."""
    lines, said = [], []
    for at, (op, mine, number) in enumerate(
        zip(program.ops, program.args, program.consts, strict=True)
    ):
        known = GRAMMAR.ops[op]
        if known.is_input:
            said.append(known.name)
            continue
        # As a tensor of the others' type: a minimum takes no plain number.
        code = f"reward.new_tensor({number!r})" if known.constant else _CODE[known.name]
        lines.append(
            f"    t{at} = {code if known.constant else code.format(*(said[a] for a in mine))}"
        )
        said.append(f"t{at}")
    body = "\n".join([*lines, f"    return {said[-1]}"])
    return f'''import torch


def loss({", ".join(_READS)}):
    """Loss of each of n steps.

    q, q_next: (n, actions) values by the network before and behind a step; target: (n, actions)
    those by its copy behind it, without a gradient; action: (n,) int64; reward: (n,); discount:
    (n,) 0 where the episode ended.
    """
{body}
'''


def difference(program: Program, values: int) -> float:
    """Largest difference between source and program, of losses and of their gradients.

    Above 1 it is relative to the larger of the two.

    Args:
        program: the loss.
        values: steps on which they are compared.
    """
    import torch

    made: dict[str, Any] = {}
    exec(source(program), made)
    batch, loss = probe(values, "source"), Loss(program)
    given = [torch.from_numpy(np.array(x)) for x in batch]
    for values_of in given[:2]:
        values_of.requires_grad_()
    theirs = made["loss"](*given)
    pairs = [(loss.values(batch), theirs.detach().numpy())]
    if loss.learns:
        theirs.sum().backward()
        for mine, x in zip(loss.slopes(batch), given, strict=False):
            if mine is not None or x.grad is not None:
                pairs.append((_filled(mine, batch.q), _filled(x.grad, batch.q)))
    return max(_apart(a, b) for a, b in pairs)


def _filled(slope: Any, like: FloatArray) -> FloatArray:
    return np.zeros_like(like) if slope is None else np.asarray(slope)


def _apart(a: FloatArray, b: FloatArray) -> float:
    with np.errstate(invalid="ignore"):
        size = np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        return float(np.max(np.where(same, 0.0, np.abs(a - b) / size)))


def formula(program: Program) -> str:
    """A loss as sympy writes it, shorter where terms cancel."""
    import sympy

    does = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "minimum": sympy.Min,
        "maximum": sympy.Max,
        "square": lambda a: a**2,
        "abs": sympy.Abs,
    }
    said: list[Any] = []
    for op, mine, number in zip(program.ops, program.args, program.consts, strict=True):
        known, read = GRAMMAR.ops[op], [said[a] for a in mine]
        if known.constant:
            said.append(sympy.Float(number))
        elif known.name in does:
            said.append(does[known.name](*read))
        else:
            word = _WORDS[known.name].format(*read)
            said.append(sympy.Symbol(word, real=True) if known.gives == "number" else word)
    return shortened(said[-1])
