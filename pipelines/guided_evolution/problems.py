"""Small problems that an optimiser is measured by: four to search on, four that no search sees.

Each has a loss of all its weights as one vector, a gradient of a part of the data, and a start that
belongs to its name: two runs of an update rule are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from measurand.stats.resample import rng_for

FloatArray = npt.NDArray[np.float64]
HIDDEN = 8
BATCH = 32


@dataclass(frozen=True)
class Problem:
    """Something to be minimised.

    Attributes:
        name: its name.
        start: (n,) weights to begin with.
        loss: the loss of weights, at least 0.
        gradient: the gradient of weights at a 0-based step.
    """

    name: str
    start: FloatArray
    loss: Callable[[FloatArray], float]
    gradient: Callable[[FloatArray, int], FloatArray]


@cache
def searched() -> tuple[Problem, ...]:
    """Problems that a search sees."""
    return (_softmax("digits"), _network("moons"), _rosenbrock(10), _quadratic("bowl", 20, 100.0))


@cache
def held_out() -> tuple[Problem, ...]:
    """Problems that no search sees: other data of the same kinds."""
    return (_softmax("wine"), _network("circles"), _rosenbrock(4), _quadratic("trough", 40, 1000.0))


def _batches(name: str, n: int) -> Callable[[int], npt.NDArray[np.int64]]:
    order = rng_for("guided_evolution batches", name).integers(0, n, (1000, BATCH))
    return lambda step: order[step % len(order)]


def _softmax(name: str) -> Problem:
    """Multinomial logistic regression on a data set of scikit-learn, mean cross-entropy."""
    from sklearn import datasets

    data = datasets.load_digits() if name == "digits" else datasets.load_wine()
    kept = rng_for("guided_evolution rows", name).permutation(len(data.target))[:500]
    x = data.data[kept].astype(float)
    x = (x - x.mean(0)) / np.maximum(x.std(0), 1e-6)
    x = np.column_stack([x, np.ones(len(x))])
    y = data.target[kept]
    shape = (x.shape[1], int(y.max()) + 1)
    batches = _batches(name, len(y))

    def odds(w: FloatArray, rows: FloatArray) -> FloatArray:
        z = rows @ w.reshape(shape)
        z = np.exp(z - z.max(1, keepdims=True))
        out: FloatArray = z / z.sum(1, keepdims=True)
        return out

    def loss(w: FloatArray) -> float:
        p = odds(w, x)[np.arange(len(y)), y]
        return float(-np.log(np.maximum(p, 1e-12)).mean())

    def gradient(w: FloatArray, step: int) -> FloatArray:
        some = batches(step)
        p = odds(w, x[some])
        p[np.arange(len(some)), y[some]] -= 1
        out: FloatArray = (x[some].T @ p / len(some)).ravel()
        return out

    return Problem(name, np.zeros(shape).ravel(), loss, gradient)


def _network(name: str) -> Problem:
    """A network with eight hidden units that tells two shapes apart, mean cross-entropy."""
    from sklearn import datasets

    make = datasets.make_moons if name == "moons" else datasets.make_circles
    x, y = make(200, noise=0.15, random_state=0)
    batches = _batches(name, len(y))
    cuts = np.cumsum([2 * HIDDEN, HIDDEN, HIDDEN])

    def forward(w: FloatArray, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        first, bias, second, last = np.split(w, cuts)
        h = np.tanh(rows @ first.reshape(2, HIDDEN) + bias)
        return h, h @ second + last[0]

    def loss(w: FloatArray) -> float:
        _, z = forward(w, x)
        return float((np.logaddexp(0, z) - y * z).mean())

    def gradient(w: FloatArray, step: int) -> FloatArray:
        some = batches(step)
        rows = x[some]
        h, z = forward(w, rows)
        d = (1 / (1 + np.exp(-np.clip(z, -500, 500))) - y[some]) / len(some)
        back = np.outer(d, np.split(w, cuts)[2]) * (1 - h * h)
        return np.concatenate([(rows.T @ back).ravel(), back.sum(0), h.T @ d, [d.sum()]])

    size = int(cuts[-1]) + 1
    return Problem(
        name, rng_for("guided_evolution start", name).normal(0, 0.5, size), loss, gradient
    )


def _rosenbrock(n: int) -> Problem:
    """Rosenbrock's valley (1960, The Computer Journal 3, 175-184), in a chain."""

    def loss(w: FloatArray) -> float:
        return float((100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2).sum())

    def gradient(w: FloatArray, step: int) -> FloatArray:
        rise = w[1:] - w[:-1] ** 2
        out = np.zeros_like(w)
        out[:-1] = -400 * w[:-1] * rise - 2 * (1 - w[:-1])
        out[1:] += 200 * rise
        return out

    return Problem(f"rosenbrock_{n}", np.tile([-1.2, 1.0], n // 2), loss, gradient)


def _quadratic(name: str, n: int, condition: float) -> Problem:
    """A quadratic whose gradients are seen with noise; 0 at its lowest point."""
    rng = rng_for("guided_evolution quadratic", name)
    turn = np.linalg.qr(rng.normal(size=(n, n)))[0]
    matrix = turn @ np.diag(np.geomspace(1 / condition, 1.0, n)) @ turn.T
    noise = 0.05 * rng.normal(size=(1000, n))

    def loss(w: FloatArray) -> float:
        return float(w @ matrix @ w / 2)

    def gradient(w: FloatArray, step: int) -> FloatArray:
        out: FloatArray = matrix @ w + noise[step % len(noise)]
        return out

    return Problem(name, rng.normal(0, 1.0, n), loss, gradient)
