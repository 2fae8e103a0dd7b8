from __future__ import annotations

import numpy as np
import pytest

from pipelines.driving_sim.levels import LEVEL, over, rise


def along_x(y: float, from_: float = 0.0) -> np.ndarray:
    """A track of 91 steps, a metre each."""
    return np.stack([from_ + np.arange(91.0), np.full(91, y)], 1)


def test_uphill_the_car_ahead_is_on_the_same_road() -> None:
    """A slope of a tenth: 6 m higher at every moment, level where the two tracks meet."""
    track = np.stack([along_x(0.0), along_x(0.0, 60.0)])
    found = rise(track, track[..., 0] / 10, np.ones((2, 91), bool))
    assert np.abs(found).max() < 0.5


def test_a_car_on_a_bridge_is_above() -> None:
    track = np.stack([along_x(0.0, -45.0), along_x(0.0, -45.0)[:, ::-1]])
    z = np.repeat([[1.0], [7.0]], 91, 1)
    found = rise(track, z, np.ones((2, 91), bool))
    assert found.tolist() == [[0, 6], [-6, 0]]
    assert found[0, 1] > LEVEL


def test_what_is_not_valid_is_not_read_and_who_is_never_there_is_level() -> None:
    track = np.stack([along_x(0.0), along_x(3.0), along_x(6.0)])
    z = np.stack([np.zeros(91), np.full(91, 8.0), np.full(91, 5.0)])
    valid = np.ones((3, 91), bool)
    valid[1, 20:] = False
    valid[2] = False
    z[1, 20:] = track[1, 20:, 0] = np.nan
    assert rise(track, z, valid).tolist() == [[0, 8, 0], [-8, 0, 0], [0, 0, 0]]


def test_points_are_above_a_track_where_it_is_nearest() -> None:
    track = along_x(0.0)
    points = np.array([[0.0, 5.0], [90.0, -5.0], [45.0, 0.0]])
    found = over(points, np.array([0.0, 9.0, 10.5]), track, track[:, 0] / 10, np.ones(91, bool))
    assert found == pytest.approx([0, 0, 6])
