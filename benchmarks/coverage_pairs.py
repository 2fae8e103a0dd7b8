"""Samples for intervals that leave pairs out; a part of ``benchmarks/coverage.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from measurand.stats.calibration import _fit, recalibration
from measurand.stats.correlation import resampled_spearman, spearman
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.jackknife import FISHER
from measurand.stats.kappa import cohen_kappa
from measurand.stats.krippendorff import krippendorff_alpha
from measurand.stats.pairs_left_out import pairs_left_out, student_of_pairs

RNG = np.random.Generator
Draw = Callable[[RNG], Estimate]


def cases() -> Iterator[tuple[str, str, float, Draw]]:
    """(method, size, truth, one sample's estimate)."""
    size, rho = "64 pairs of 120 items", float(6 / np.pi * np.arcsin(0.25))
    yield "Cohen's kappa, pairs left out", size, 0.6, _left_kappa
    yield "Krippendorff's alpha, pairs left out", size, 0.5, _left_krippendorff
    yield "Spearman's rho, pairs left out", size, rho, _left_rho
    yield "calibration slope, pairs left out", "120 pairs of 220 items", 1.0, _left_slope


def _pairs(rng: RNG, n: int, items: int) -> np.ndarray:
    return np.array([rng.choice(items, 2, replace=False) for _ in range(n)])


def _left_kappa(rng: RNG) -> Estimate:
    a = rng.integers(0, 2, 64).astype(float)
    b = np.where(rng.random(64) < 0.8, a, 1 - a)
    left = pairs_left_out(_pairs(rng, 64, 120))
    same, first, second = a == b, a == 1, b == 1
    n, agreed, one, two = left.resampled_sums(np.vstack([np.ones(64), same, first, second])).T
    chance = (one * two + (n - one) * (n - two)) / n**2
    value = cohen_kappa(a, b, resamples=0).value
    assert value is not None
    return student_of_pairs(value, (agreed / n - chance) / (1 - chance), left, method="kappa")


def _left_krippendorff(rng: RNG) -> Estimate:
    x = rng.normal(size=(64, 1)) + rng.normal(size=(64, 2))
    left = pairs_left_out(_pairs(rng, 64, 120))
    apart = (x[:, 0] - x[:, 1]) ** 2
    n, within, total, squares = left.resampled_sums(
        np.vstack([np.ones(64), apart, x.sum(axis=1), (x**2).sum(axis=1)])
    ).T
    # Of 2n ratings: mean squared distance within units over that of all.
    chance = 2 * (2 * n * squares - total**2) / (2 * n * (2 * n - 1))
    value = krippendorff_alpha(x, "interval", resamples=0).value
    assert value is not None
    return student_of_pairs(value, 1 - within / n / chance, left, method="alpha")


def _left_rho(rng: RNG) -> Estimate:
    x = rng.normal(size=64)
    y = x / 2 + rng.normal(size=64) * 0.75**0.5
    left = pairs_left_out(_pairs(rng, 64, 120))
    value = spearman(x, y, resamples=0).estimate.value
    assert value is not None
    found = resampled_spearman(x, y, left.row_batches())
    return student_of_pairs(value, found, left, method="rho", scale=FISHER)


def _left_slope(rng: RNG) -> Estimate:
    h = 1.5 * rng.normal(size=120)
    hits = (rng.random(120) < 1 / (1 + np.exp(-h))).astype(float)
    left = pairs_left_out(_pairs(rng, 120, 220))
    value = recalibration(h, hits, resamples=0).slope.value
    weights = np.concatenate(list(left.row_batches())).astype(np.float64)
    if value is None:
        return undefined("separated", method="slope", n=120)
    found = _fit(h, hits, weights)[:, 1]
    return student_of_pairs(value, found, left, method="slope")
