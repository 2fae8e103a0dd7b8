"""Formulas to be found again from points: Nguyen's twelve, and some of Feynman's lectures.

Nguyen 1 to 8: Uy, Hoai, O'Neill, McKay and Galvan-Lopez (2011), Genetic Programming and Evolvable
Machines 12, 91-119, 20 points each. 9 to 12 with 20 points in the unit square as in Petersen et al.
(2021), ICLR, arXiv 1912.04871. Feynman: Udrescu and Tegmark (2020), Science Advances 6, eaay2631,
with the ranges of its tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np

from measurand.stats.resample import rng_for
from pipelines.guided_evolution.expressions import FloatArray, grammar, significant, values
from pipelines.guided_evolution.programs import KEY_BYTES, Program
from pipelines.guided_evolution.spaces import Graphs, Outcome, failed

PROBES = 16
SOLVED, CLOSE = 1e-6, 1e-2
"""Normalised errors below which a formula is solved, and nearly."""
_USUAL = ("add", "sub", "mul", "div", "sin", "cos", "exp", "log")


@dataclass(frozen=True)
class Target:
    """A formula to be found.

    Attributes:
        formula: what is true, of arrays by the names of the variables.
        ranges: lowest and highest value of each variable.
        functions: what a formula may use.
        constants: whether it may hold numbers of its own.
        points: how many points the search sees.
        max_nodes: most nodes of a formula.
        written: the formula in sympy's words.
    """

    formula: Callable[..., FloatArray]
    ranges: Mapping[str, tuple[float, float]]
    written: str
    functions: tuple[str, ...] = _USUAL
    constants: bool = False
    points: int = 20
    max_nodes: int = 30


def _in_x(
    low: float, high: float, formula: Callable[..., FloatArray], written: str, *more: str
) -> Target:
    return Target(formula, {"x": (low, high)}, written, (*_USUAL, *more))


def _in_xy(formula: Callable[..., FloatArray], written: str) -> Target:
    return Target(formula, {"x": (0, 1), "y": (0, 1)}, written)


def _law(formula: Callable[..., FloatArray], written: str, **ranges: tuple[float, float]) -> Target:
    return Target(formula, ranges, written, (*_USUAL, "square", "sqrt"), True, 200, 40)


TARGETS: Mapping[str, Target] = {
    "nguyen1": _in_x(-1, 1, lambda x: x**3 + x**2 + x, "x**3 + x**2 + x"),
    "nguyen2": _in_x(-1, 1, lambda x: x**4 + x**3 + x**2 + x, "x**4 + x**3 + x**2 + x"),
    "nguyen3": _in_x(
        -1, 1, lambda x: x**5 + x**4 + x**3 + x**2 + x, "x**5 + x**4 + x**3 + x**2 + x"
    ),
    "nguyen4": _in_x(
        -1,
        1,
        lambda x: x**6 + x**5 + x**4 + x**3 + x**2 + x,
        "x**6 + x**5 + x**4 + x**3 + x**2 + x",
    ),
    "nguyen5": _in_x(-1, 1, lambda x: np.sin(x**2) * np.cos(x) - 1, "sin(x**2)*cos(x) - 1"),
    "nguyen6": _in_x(-1, 1, lambda x: np.sin(x) + np.sin(x + x**2), "sin(x) + sin(x + x**2)"),
    "nguyen7": _in_x(
        0, 2, lambda x: np.log(x + 1) + np.log(x**2 + 1), "log(x + 1) + log(x**2 + 1)"
    ),
    "nguyen8": _in_x(0, 4, np.sqrt, "sqrt(x)", "sqrt"),
    "nguyen9": _in_xy(lambda x, y: np.sin(x) + np.sin(y**2), "sin(x) + sin(y**2)"),
    "nguyen10": _in_xy(lambda x, y: 2 * np.sin(x) * np.cos(y), "2*sin(x)*cos(y)"),
    "nguyen11": _in_xy(lambda x, y: x**y, "x**y"),
    "nguyen12": _in_xy(lambda x, y: x**4 - x**3 + y**2 / 2 - y, "x**4 - x**3 + y**2/2 - y"),
    "feynman_I_6_2a": _law(
        lambda theta: np.exp(-(theta**2) / 2) / np.sqrt(2 * np.pi),
        "exp(-theta**2/2)/sqrt(2*pi)",
        theta=(1, 3),
    ),
    "feynman_I_8_14": _law(
        lambda x1, x2, y1, y2: np.sqrt((x2 - x1) ** 2 + (y2 - y1) ** 2),
        "sqrt((x2 - x1)**2 + (y2 - y1)**2)",
        x1=(1, 5),
        x2=(1, 5),
        y1=(1, 5),
        y2=(1, 5),
    ),
    "feynman_I_10_7": _law(
        lambda m, v, c: m / np.sqrt(1 - v**2 / c**2),
        "m/sqrt(1 - v**2/c**2)",
        m=(1, 5),
        v=(1, 2),
        c=(3, 10),
    ),
    "feynman_I_16_6": _law(
        lambda u, v, c: (u + v) / (1 + u * v / c**2),
        "(u + v)/(1 + u*v/c**2)",
        u=(1, 5),
        v=(1, 5),
        c=(1, 5),
    ),
    "feynman_I_18_4": _law(
        lambda m1, m2, r1, r2: (m1 * r1 + m2 * r2) / (m1 + m2),
        "(m1*r1 + m2*r2)/(m1 + m2)",
        m1=(1, 5),
        m2=(1, 5),
        r1=(1, 5),
        r2=(1, 5),
    ),
    "feynman_I_24_6": _law(
        lambda m, w, w0, x: m * (w**2 + w0**2) * x**2 / 4,
        "m*(w**2 + w0**2)*x**2/4",
        m=(1, 3),
        w=(1, 3),
        w0=(1, 3),
        x=(1, 3),
    ),
    "feynman_I_27_6": _law(
        lambda d1, d2, n: 1 / (1 / d1 + n / d2),
        "1/(1/d1 + n/d2)",
        d1=(1, 5),
        d2=(1, 5),
        n=(1, 5),
    ),
}
"""The formulas, by name. A search never reads what is ``written``."""


@dataclass(frozen=True)
class Formulas:
    """The task of finding one formula.

    Fitness is 1 / (1 + E), E the root mean square error over the standard deviation of what is
    true.

    Attributes:
        name: of the formula in :data:`TARGETS`.
        seed: of the points.
    """

    name: str
    seed: int

    @property
    def target(self) -> Target:
        """The formula."""
        return TARGETS[self.name]

    @cached_property
    def space(self) -> Graphs:
        """The formulas to choose from."""
        goal = self.target
        return Graphs(
            grammar(
                tuple(goal.ranges),
                goal.functions,
                constants=goal.constants,
                max_nodes=goal.max_nodes,
            )
        )

    @property
    def enough(self) -> float:
        """The fitness of a formula that is solved: what differs below is rounding."""
        return 1 / (1 + SOLVED)

    def draw(self, n: int, *words: str | int) -> tuple[FloatArray, FloatArray]:
        """Points and what is true there: (variables, n) and (n,)."""
        rng = rng_for("guided_evolution points", self.name, self.seed, *words)
        ranges = self.target.ranges.values()
        points = np.array([rng.uniform(low, high, n) for low, high in ranges])
        return points, np.asarray(self.target.formula(*points), float)

    @cached_property
    def _seen(self) -> tuple[FloatArray, FloatArray, float]:
        points, truth = self.draw(self.target.points, "search")
        return points, truth, float(truth.std())

    @cached_property
    def _probe(self) -> FloatArray:
        return self.draw(PROBES, "probe")[0]

    def function(self, program: Program) -> bytes | None:
        """Key of the values on 16 points that are no others, to six digits."""
        found = values(self.space.grammar, program, self._probe)
        if not np.isfinite(found).all():
            return None
        return blake2b(significant(found).tobytes(), digest_size=KEY_BYTES).digest()

    def measure(self, program: Program) -> Outcome:
        """Fitness on the points that the search sees."""
        points, truth, spread = self._seen
        error = _error(values(self.space.grammar, program, points), truth, spread)
        return failed("not finite on the points") if error is None else Outcome(1 / (1 + error))

    def error(self, program: Program, n: int, *words: str | int) -> float | None:
        """Normalised error on ``n`` fresh points; None where a value is not finite."""
        points, truth = self.draw(n, *words)
        return _error(values(self.space.grammar, program, points), truth, float(truth.std()))


def _error(found: FloatArray, truth: FloatArray, spread: float) -> float | None:
    with np.errstate(over="ignore"):
        error = float(np.sqrt(np.square(found - truth).mean())) / spread
    return error if np.isfinite(error) else None
