from __future__ import annotations

import numpy as np
import pytest

from pipelines.driving_sim import lines


def test_a_constant_bend_is_a_circle() -> None:
    line = lines.bent(np.zeros(2), 0.0, np.full(400, 0.02))
    assert np.allclose(np.hypot(line[:, 0], line[:, 1] - 50), 50, atol=2e-3)
    assert lines.bends(line) == pytest.approx(np.full(401, 0.02))


def test_an_offset_keeps_its_distance() -> None:
    circle = lines.bent(np.zeros(2), 0.0, np.full(400, 0.02))
    inside = lines.offset(circle, 3.0)
    assert np.allclose(np.hypot(inside[:, 0], inside[:, 1] - 50), 47, atol=0.02)


@pytest.mark.parametrize("turn", [-1.6, -0.4, 0.0, 0.7, 1.6])
def test_a_turn_joins_poses_and_is_straight_at_its_ends(turn: float) -> None:
    end = 20 * np.array([np.cos(turn / 2), np.sin(turn / 2)])
    line = lines.quintic(np.zeros(2), 0.0, end, turn, spacing=0.05)
    assert line[0] == pytest.approx([0, 0])
    assert line[-1] == pytest.approx(end)
    yaw = lines.headings(line)
    assert yaw[0] == pytest.approx(0, abs=2e-3)
    assert yaw[-1] == pytest.approx(turn, abs=2e-3)
    bends = lines.bends(line)
    assert abs(bends[0]) < 0.02 * max(1, np.abs(bends).max() / 0.1)
    assert np.abs(bends).max() < 0.3


def test_points_are_evenly_spaced_and_none_is_lost() -> None:
    line = lines.even(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 14.1]]), 0.5)
    assert np.hypot(*np.diff(line, axis=0).T) == pytest.approx(0.5, abs=0.01)
    assert lines.lengths(line)[-1] == pytest.approx(15.1, abs=0.01)


def test_a_line_goes_on_straight_beyond_its_ends() -> None:
    line = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]])
    found = lines.read(line, np.array([-2.0, 0.5, 2.0, 5.0]))
    assert found.tolist() == [[-2.0, 0.0], [0.5, 0.0], [1.0, 1.0], [1.0, 4.0]]
