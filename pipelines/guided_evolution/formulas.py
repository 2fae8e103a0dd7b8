"""Formulas for people: simplified by sympy, and as Python source that runs without this project.

The source holds the protected functions that it uses, so that it gives the values that a search
saw. In sympy's words division, logarithm and root are the plain ones, of the absolute value where
they are protected; the two differ only within 0.001 of 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipelines.guided_evolution.expressions import FloatArray, values
from pipelines.guided_evolution.programs import Grammar, Program

MOST = 60
"""Operations up to which a formula is shortened."""
DIGITS, POINTS = 50, 20
_HEAD: Mapping[str, str] = {
    "div": """def div(a, b):
    far = np.abs(b) > 1e-3
    return np.where(far, a / np.where(far, b, 1.0), 1.0)
""",
    "log": """def log(a):
    size = np.abs(a)
    return np.log(np.where(size > 1e-3, size, 1.0))
""",
    "sqrt": """def sqrt(a):
    return np.sqrt(np.abs(a))
""",
}
_CODE: Mapping[str, str] = {
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{} * {}",
    "div": "div({}, {})",
    "sin": "np.sin({})",
    "cos": "np.cos({})",
    "exp": "np.exp({})",
    "log": "log({})",
    "square": "{0} * {0}",
    "sqrt": "sqrt({})",
}


def source(space: Grammar, program: Program) -> str:
    """Python that defines ``formula``, a function of arrays by the names of the variables."""
    names = [op.name for op in space.ops if op.is_input and op.name != "one"]
    used = {space.ops[op].name for op in program.ops}
    lines, said = [], []
    for at, (op, mine, number) in enumerate(
        zip(program.ops, program.args, program.consts, strict=True)
    ):
        known = space.ops[op]
        if known.constant:
            said.append(repr(number))
        elif not mine:
            said.append("1.0" if known.name == "one" else known.name)
        else:
            lines.append(f"    t{at} = {_CODE[known.name].format(*[said[a] for a in mine])}")
            said.append(f"t{at}")
    head = "".join(f"\n\n{text}" for name, text in _HEAD.items() if name in used)
    body = "\n".join([*lines, f"    return {said[-1]} + 0.0 * {names[0]}"])
    return f"import numpy as np\n{head}\n\ndef formula({', '.join(names)}):\n{body}\n"


def difference(space: Grammar, program: Program, points: FloatArray) -> float:
    """Largest difference between what the source computes and what the program does.

    Args:
        space: the grammar.
        program: the formula.
        points: (variables, n) values of the inputs.
    """
    made: dict[str, Any] = {}
    exec(source(space, program), made)
    with np.errstate(all="ignore"):
        found = made["formula"](*points)
    wanted = values(space, program, points)
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    return float(np.max(np.where(same, 0.0, np.abs(found - wanted))))


def expression(space: Grammar, program: Program) -> Any:
    """The formula as sympy has it, as it stands."""
    import sympy

    two = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
    }
    one = {
        "sin": sympy.sin,
        "cos": sympy.cos,
        "exp": sympy.exp,
        "log": lambda a: sympy.log(sympy.Abs(a)),
        "square": lambda a: a**2,
        "sqrt": lambda a: sympy.sqrt(sympy.Abs(a)),
    }
    said: list[Any] = []
    for op, mine, number in zip(program.ops, program.args, program.consts, strict=True):
        known = space.ops[op]
        if known.constant:
            said.append(sympy.Float(number))
        elif not mine:
            plain = known.name == "one"
            said.append(sympy.Integer(1) if plain else sympy.Symbol(known.name, real=True))
        else:
            said.append((two | one)[known.name](*[said[a] for a in mine]))
    return said[-1]


def written(space: Grammar, program: Program) -> str:
    """The formula, shorter where common factors cancel; numbers with four digits.

    sympy's ``simplify`` tries everything, which takes minutes for some formulas of twenty
    operations; ``cancel`` takes milliseconds.
    """
    return shortened(expression(space, program))


def shortened(found: Any) -> str:
    """An expression of sympy, shorter where common factors cancel; numbers with four digits."""
    import sympy

    if found.count_ops() <= MOST:
        found = min(found, sympy.cancel(found), key=lambda x: x.count_ops())
    rounded = found.xreplace({n: sympy.Float(n, 4) for n in found.atoms(sympy.Float)})
    return str(rounded)


def same(
    space: Grammar, program: Program, truth: str, ranges: Mapping[str, tuple[float, float]]
) -> bool:
    """Whether a formula is the true one, and not only near it.

    Both are computed with 50 digits at 20 points; what agrees in 30 of them is no coincidence.

    Args:
        space: the grammar.
        program: the formula.
        truth: the true formula in sympy's words.
        ranges: lowest and highest value of each variable.
    """
    import sympy

    symbols = {name: sympy.Symbol(name, real=True) for name in ranges}
    apart = expression(space, program) - sympy.sympify(truth, locals=symbols)
    rng = np.random.default_rng(0)
    for _ in range(POINTS):
        at = {
            symbols[name]: sympy.Rational(int(rng.integers(1, 10**6)), 10**6)
            * (sympy.Rational(str(high)) - sympy.Rational(str(low)))
            + sympy.Rational(str(low))
            for name, (low, high) in ranges.items()
        }
        found = apart.subs(at).evalf(DIGITS)
        if not found.is_number or not abs(found) < sympy.Float(10) ** -30:
            return False
    return True
