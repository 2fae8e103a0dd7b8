"""Figures are the same to the last bit wherever their numbers lie and however many threads add."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from measurand.stats.exact import on_grid, product, products, weighted

SCRIPT = Path(__file__).with_name("every_statistic.py")


def elsewhere(**environment: str) -> dict[str, str]:
    """Name -> digest of every statistic in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("\t") for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def alone() -> dict[str, str]:
    return elsewhere(OMP_NUM_THREADS="1")


@pytest.mark.parametrize("threads", ["2", "3"])
def test_every_statistic_is_the_same_on_one_thread_and_on_many(
    alone: dict[str, str], threads: str
) -> None:
    many = elsewhere(OMP_NUM_THREADS=threads)
    assert len(alone) > 40
    assert [name for name in alone if many[name] != alone[name]] == []


def test_every_statistic_is_the_same_at_every_alignment() -> None:
    from every_statistic import digests

    def shifted(x: np.ndarray, by: int) -> np.ndarray:
        buffer = np.empty(x.nbytes + 128, np.uint8)
        start = -buffer.ctypes.data % 64 + by
        view = buffer[start : start + x.nbytes].view(x.dtype).reshape(x.shape)
        view[...] = x
        assert view.ctypes.data % 64 == by
        return view

    found = [digests(lambda x, by=by: shifted(x, by)) for by in (0, 8, 24)]
    assert [name for name in found[0] if len({one[name] for one in found}) > 1] == []


def test_weighted_sums_are_exact_in_any_order() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(3, 5000)) * np.array([[1e-30], [1.0], [1e40]])
    weights = rng.poisson(1, (4, 5000)).astype(np.float64)
    order = rng.permutation(5000)
    found = weighted(weights, x)
    assert found.tobytes() == weighted(weights[:, order], x[:, order]).tobytes()
    total = float(weights.sum(axis=1).max())
    for b in range(4):
        for p, row in enumerate(on_grid(x, total)):
            exact = sum(Fraction(w) * Fraction(v) for w, v in zip(weights[b], row, strict=True))
            assert Fraction(found[b, p]) == exact
    apart = np.abs(found - weights @ x.T).max(axis=0)
    assert (apart <= 1e-9 * np.abs(x).max(axis=1)).all()


def test_the_grid_moves_a_number_by_less_than_its_sum_may_lose() -> None:
    x = np.random.default_rng(2).normal(size=1000)
    moved = np.abs(on_grid(x, 1000.0) - x)
    assert 0 < moved.max() <= np.abs(x).max() * 1000 * 2.0**-52
    assert on_grid(np.zeros(3), 7.0).tolist() == [0, 0, 0]
    assert on_grid(np.array([3.0, -2.0, 5e-324]), 7.0).tolist() == [3, -2, 0]


def test_products_are_those_of_the_matrices() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(50, 4)), rng.normal(size=(50, 3))
    assert products(a, b) == pytest.approx(a.T @ b)
    assert product(a[:, 0], b[:, 0]) == pytest.approx(float(a[:, 0] @ b[:, 0]))
