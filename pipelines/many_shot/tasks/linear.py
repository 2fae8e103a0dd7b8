"""High-dimensional linear classification: a rule that can only be learned from the shots.

Weights are integers in -1000..1000, features integers in 1..1000, and the label says whether their
product lies above its median. The task is that of Wei et al. 2023 (arXiv 2303.03846) as used in
Agarwal et al. 2024, section 4; the constants are our own.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from measurand.errors import ParamsError
from pipelines.many_shot.example import Drawn, Example
from schemas.many_shot.params import Linear, Task

Ints = npt.NDArray[np.int64]

OPTIONS = ("A", "B")
"""Words for product at most, and above, its median: one token each in common tokenizers."""

_PRODUCTS = 200_000


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """Balanced draws: first the training examples, then test, then dev, from one generator.

    The generator is ``numpy.random.default_rng([source.seed, N])``, so the data do not depend on
    the dataset's seed. Texts are not forced to differ: with three features or more, of 1,000 values
    each, equal rows are as good as impossible.

    Raises:
        ParamsError: the rule puts nearly all rows into one class.
    """
    source = cast(Linear, task.source)
    rng, rule = start(source.features, source.seed)
    examples, split = [], {}
    for name, n in (("train", task.train), ("test", task.test), ("dev", task.dev)):
        x, y = block(rng, rule, (n + 1) // 2)
        for row, (features, label) in enumerate(zip(x, y, strict=True)):
            key = f"{name}-{row}"
            text = ", ".join(map(str, features))
            examples.append(Example(text, OPTIONS[label], key, text, OPTIONS))
            split[key] = name
    version = f"numpy.default_rng([{source.seed}, {source.features}])"
    return Drawn(examples, "measurand", version, split=split)


class Rule:
    """The hidden rule: label 1 where the product with the weights is above the threshold.

    Attributes:
        weights: (N,) integers.
        threshold: median product.
    """

    def __init__(self, weights: Ints, threshold: float) -> None:
        self.weights, self.threshold = weights, threshold

    def labels(self, x: Ints) -> Ints:
        """Labels 0 or 1 of rows (n, N)."""
        above: Ints = (x @ self.weights > self.threshold).astype(np.int64)
        return above


def start(features: int, seed: int) -> tuple[np.random.Generator, Rule]:
    """The generator after the rule was drawn, and the rule."""
    rng = np.random.default_rng([seed, features])
    weights = rng.integers(-1000, 1001, features)
    tried = rng.integers(1, 1001, (_PRODUCTS // features, features))
    return rng, Rule(weights, float(np.median(tried @ weights)))


def block(rng: np.random.Generator, rule: Rule, per_class: int) -> tuple[Ints, Ints]:
    """A balanced draw.

    Returns:
        Features (2 K, N) and labels (2 K,), in random order.

    Raises:
        ParamsError: one draw of 6 K + 50 rows held fewer than K of a class.
    """
    x = rng.integers(1, 1001, (6 * per_class + 50, len(rule.weights)))
    y = rule.labels(x)
    ones, zeros = np.flatnonzero(y == 1)[:per_class], np.flatnonzero(y == 0)[:per_class]
    if min(len(ones), len(zeros)) < per_class:
        raise ParamsError(
            f"linear: {6 * per_class + 50} rows held fewer than {per_class} of a class",
            hint="give source.seed another value",
        )
    rows = np.concatenate([ones, zeros])[rng.permutation(2 * per_class)]
    return x[rows], y[rows]


def answer(features: int, seed: int, text: str) -> str:
    """The right label of a question's text."""
    return OPTIONS[int(_rule(features, seed).labels(numbers(text)))]


def numbers(text: str) -> Ints:
    """The features (N,) written in a question."""
    return np.array([int(part) for part in text.split(",")], np.int64)


@lru_cache(maxsize=16)
def _rule(features: int, seed: int) -> Rule:
    return start(features, seed)[1]
