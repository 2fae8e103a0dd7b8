"""The specification's table of section 4: k-NN and logistic regression on the generated task."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from pipelines.many_shot.tasks.linear import Ints, block, start

FEATURES = (16, 32, 64)
# Shots per class: accuracy of (k-NN, logistic regression) for each number of features.
TABLE = {
    4: ((0.618, 0.638), (0.602, 0.632), (0.564, 0.592)),
    16: ((0.708, 0.788), (0.674, 0.770), (0.586, 0.698)),
    64: ((0.766, 0.954), (0.692, 0.902), (0.636, 0.790)),
    256: ((0.798, 0.982), (0.698, 0.968), (0.678, 0.940)),
    1024: ((0.840, 0.998), (0.748, 0.996), (0.690, 0.986)),
    2048: ((0.852, 0.998), (0.776, 1.00), (0.726, 0.990)),
}
Draw = tuple[Ints, Ints, Ints, Ints]


def draws(features: int, per_class: int) -> list[Draw]:
    out = []
    for seed in range(5):
        rng, rule = start(features, seed)
        out.append((*block(rng, rule, per_class), *block(rng, rule, 50)))
    return out


def knn(x: Ints, y: Ints, u: Ints, v: Ints) -> float:
    return float(KNeighborsClassifier(5).fit(x, y).score(u, v))


def regression(x: Ints, y: Ints, u: Ints, v: Ints) -> float:
    fit = LogisticRegression(C=1e3, max_iter=2000).fit((x - 500) / 300, y)
    return float(fit.score((u - 500) / 300, v))


@pytest.mark.parametrize("per_class", TABLE)
@pytest.mark.parametrize("features", FEATURES)
def test_published_accuracies_are_reproduced(features: int, per_class: int) -> None:
    expected = TABLE[per_class][FEATURES.index(features)]
    for classify, accuracy in zip((knn, regression), expected, strict=True):
        assert mean(classify, features, per_class) == pytest.approx(accuracy, abs=0.001)


def mean(classify: Callable[[Ints, Ints, Ints, Ints], float], features: int, k: int) -> float:
    return float(np.mean([classify(*draw) for draw in draws(features, k)]))
