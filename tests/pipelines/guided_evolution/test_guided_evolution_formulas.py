from __future__ import annotations

import numpy as np
import pytest
import sympy

from pipelines.guided_evolution.expressions import FUNCTIONS, grammar, values
from pipelines.guided_evolution.formulas import difference, expression, same, source, written
from pipelines.guided_evolution.growing import random_program
from pipelines.guided_evolution.programs import Grammar, Program, tidy

SPACE = grammar(["x", "y"], sorted(FUNCTIONS), constants=True)
RANGES = {"x": (0.5, 2.0), "y": (0.5, 2.0)}


def _made(*nodes: tuple[str, tuple[int, ...]], space: Grammar = SPACE, c: float = 0.0) -> Program:
    ops, args = zip(*nodes, strict=True)
    return tidy(space, [space.place(o) for o in ops], args, [c] * len(ops), len(ops) - 1)


def test_the_source_computes_what_the_program_does() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-2, 2, (2, 1000))
    assert max(difference(SPACE, random_program(SPACE, rng, 6), points) for _ in range(150)) == 0


def test_the_source_needs_nothing_of_the_project() -> None:
    program = _made(("x", ()), ("y", ()), ("div", (0, 1)), ("log", (2,)), ("sqrt", (3,)))
    text = source(SPACE, program)
    assert [line for line in text.splitlines() if "import" in line] == ["import numpy as np"]
    assert "def formula(x, y):" in text
    assert "def div" in text
    assert "def sqrt" in text


def test_sympy_computes_what_the_program_does_away_from_zero() -> None:
    rng = np.random.default_rng(1)
    x, y = points = rng.uniform(0.5, 2, (2, 30))
    for _ in range(60):
        program = random_program(SPACE, rng, 3)
        found = sympy.lambdify(list(sympy.symbols("x y", real=True)), expression(SPACE, program))
        wanted = values(SPACE, program, points)
        if np.isfinite(wanted).all() and np.abs(wanted).max() < 1e6:
            with np.errstate(all="ignore"):
                near = np.isclose(found(x, y) + 0 * x, wanted, rtol=1e-9)
            # Protection shows where an argument comes within 0.001 of 0.
            assert near.mean() > 0.8


def test_a_formula_is_simplified() -> None:
    program = _made(("x", ()), ("mul", (0, 0)), ("div", (1, 0)), ("sub", (2, 0)), ("y", ()),
                    ("add", (3, 4)))  # fmt: skip
    assert written(SPACE, program) == "y"
    program = _made(("x", ()), ("number", ()), ("mul", (0, 1)), c=1 / 3)
    assert written(SPACE, program) == "0.3333*x"


@pytest.mark.parametrize(
    ("nodes", "truth", "wanted"),
    [
        ((("x", ()), ("mul", (0, 0)), ("add", (0, 1))), "x*(x + 1)", True),
        ((("x", ()), ("sin", (0,)), ("cos", (0,)), ("mul", (1, 2)), ("add", (3, 3))),
         "sin(2*x)", True),
        ((("x", ()), ("sin", (0,))), "x - x**3/6 + x**5/120 - x**7/5040", False),
        ((("x", ()), ("sub", (0, 0)), ("div", (0, 1))), "1", False),
    ],
)  # fmt: skip
def test_the_same_formula_is_told_from_a_near_one(
    nodes: tuple[tuple[str, tuple[int, ...]], ...], truth: str, wanted: bool
) -> None:
    assert same(SPACE, _made(*nodes), truth, RANGES) is wanted
