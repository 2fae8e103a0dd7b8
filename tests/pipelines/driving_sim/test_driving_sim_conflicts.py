from __future__ import annotations

import numpy as np

from pipelines.driving_sim.conflicts import NEAR, conflicts
from schemas.driving_sim.params import BEHIND, PATH_POINTS


def straight(x: float, y: float, yaw: float) -> np.ndarray:
    s = np.arange(PATH_POINTS) - BEHIND
    return np.stack(
        [
            x + s * np.cos(yaw),
            y + s * np.sin(yaw),
            np.full(PATH_POINTS, yaw),
            np.full(PATH_POINTS, 9.0),
        ],
        1,
    )


def test_two_that_cross_know_where() -> None:
    found = conflicts(np.stack([straight(-40, 0, 0), straight(0, -60, np.pi / 2)]))
    assert found[0, 1].tolist() == [38, 42]
    assert found[1, 0].tolist() == [58, 62]
    assert NEAR > 2


def test_following_oncoming_and_far_apart_are_no_crossing() -> None:
    for other in (straight(10, 0, 0.05), straight(90, 1.0, np.pi), straight(0, 30, 0.0)):
        assert np.isinf(conflicts(np.stack([straight(-40, 0, 0), other]))).all()


def test_a_crossing_seen_from_one_side_only_is_none() -> None:
    found = conflicts(
        np.stack([straight(-40, 0, 0), straight(0, -60, np.pi / 2), straight(0, -500, 2.0)])
    )
    assert np.isinf(found[2]).all()
    assert np.isinf(found[:, 2]).all()


def test_a_path_does_not_cross_itself() -> None:
    found = conflicts(np.stack([straight(0, 0, 0), straight(0, 0, 0)]))
    assert np.isinf(found).all()
