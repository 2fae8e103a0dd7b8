from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import laplace

from pipelines.elastictok import measures

RNG = np.random.default_rng(0)


def levels(*values: int) -> np.ndarray:
    return np.stack([np.full((8, 8, 3), v, np.uint8) for v in values])


def test_motion_counts_the_step_into_a_block_unless_segments_differ() -> None:
    frames = levels(10, 12, 20, 20)
    assert measures.motion(frames, 2, [0, 0]) == [2.0, 4.0]
    assert measures.motion(frames, 2, [0, 1]) == [2.0, 0.0]
    assert measures.motion(levels(3), 1, [0]) == [0.0]


def test_energy_is_the_laplacian_of_scipy() -> None:
    frames = RNG.integers(0, 256, (4, 12, 12, 3), np.uint8)
    y = measures.grey(frames).astype(float)
    expected = np.array([np.abs(laplace(f)[1:-1, 1:-1]).mean() for f in y]).reshape(2, 2).mean(1)
    assert measures.energy(frames, 2) == pytest.approx(expected, rel=1e-5)
    assert measures.energy(levels(9, 9), 2) == [0.0]


def test_histograms_find_cuts_and_known_ones_win() -> None:
    frames = levels(10, 10, 200, 200)
    assert measures.histogram_distances(frames).tolist() == [0, 1, 0]
    assert measures.cuts(frames, 2, [0, 0], 0.35) == [False, True]
    assert measures.cuts(frames, 2, [0, 1], 0.35) == [False, False]
    assert measures.cuts(frames, 2, [0, 0], 0.35, known=[1]) == [True, False]
    assert measures.cuts(frames, 2, [0, 0], 0.35, known=[0]) == [False, False]


def test_half_of_the_pixels_moved_is_half_the_distance() -> None:
    frames = levels(10, 10)
    frames[1, :4] = 200
    assert measures.histogram_distances(frames).tolist() == [0.5]
