"""Update rules as Python source that runs with NumPy alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipelines.guided_evolution.expressions import FloatArray
from pipelines.guided_evolution.optimisers import FIRST, FLOOR, GRAMMAR, SECOND, Rule
from pipelines.guided_evolution.programs import Program

SIZE = 20
"""Weights of the run on which source and rule are compared."""
_CODE: Mapping[str, str] = {
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{} * {}",
    "div": f"{{0}} / np.where(np.abs({{1}}) > {FLOOR!r}, {{1}}, {FLOOR!r})",
    "scale": "{} * {}",
    "sign": "np.sign({})",
    "sqrt": "np.sqrt(np.abs({}))",
    "square": "np.square({})",
    "product": "{} * {}",
}
_READ: Mapping[str, str] = {
    "gradient": "gradient",
    "mean": f"mean / (1 - {FIRST!r}**at)",
    "square_mean": f"square_mean / (1 - {SECOND!r}**at)",
    "weights": "weights",
    "left": "1 - (at - 1) / steps",
}


def source(program: Program) -> str:
    """Python that defines ``rule(size, steps)``: a function of weights and gradient.

    What that function returns is to be taken from the weights; it remembers what it has seen.
    """
    lines, kept = [], ["mean", "square_mean"]
    for at, (op, mine, number) in enumerate(
        zip(program.ops, program.args, program.consts, strict=True)
    ):
        known = GRAMMAR.ops[op]
        said = [f"t{a}" for a in mine]
        if known.constant:
            text = repr(number)
        elif known.name == "average":
            kept.append(f"kept{at}")
            lines.append(f"kept{at} += (1 - {FIRST!r}) * ({said[0]} - kept{at})")
            text = f"kept{at}.copy()"
        else:
            text = _CODE[known.name].format(*said) if mine else _READ[known.name]
        lines.append(f"t{at} = {text}")
    last = len(program.ops) - 1
    body = "\n".join(f"        {line}" for line in lines)
    starts = "\n".join(f"    {name} = np.zeros(size)" for name in kept)
    return f"""import numpy as np


def rule(size, steps):
    at = 0
{starts}

    def update(weights, gradient):
        nonlocal at, {", ".join(kept)}
        at += 1
        mean += (1 - {FIRST!r}) * (gradient - mean)
        square_mean += (1 - {SECOND!r}) * (gradient * gradient - square_mean)
{body}
        return t{last}

    return update
"""


def difference(program: Program, values: int) -> float:
    """Largest difference between what the source takes from weights and what the rule does.

    Args:
        program: the rule.
        values: numbers to compare at least, on random weights and gradients.
    """
    made: dict[str, Any] = {}
    exec(source(program), made)
    steps = -(-values // SIZE)
    theirs, ours = made["rule"](SIZE, steps), Rule(program, SIZE, steps)
    rng, worst = np.random.default_rng(0), 0.0
    with np.errstate(all="ignore"):
        for _ in range(steps):
            weights, gradient = rng.normal(size=(2, SIZE))
            a, b = (np.broadcast_to(f(weights, gradient), SIZE) for f in (theirs, ours))
            worst = max(worst, _apart(a, b))
    return worst


def _apart(a: FloatArray, b: FloatArray) -> float:
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return float(np.max(np.where(same, 0.0, np.abs(a - b))))
