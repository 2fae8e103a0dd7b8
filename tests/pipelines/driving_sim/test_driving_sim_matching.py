from __future__ import annotations

import math

import numpy as np

from pipelines.driving_sim.matching import Lanes
from pipelines.driving_sim.recording import Road


def road(points: list[list[float]], exits: tuple[int, ...] = (), limit: float | None = 10) -> Road:
    line = np.array([[*p, 0] for p in points], np.float64)
    return Road(line, limit, False, (), exits)


FORK = Lanes(
    {
        1: road([[0, 0], [50, 0]], exits=(2, 3)),
        2: road([[50, 0], [150, 0]], limit=None),
        3: road([[50, 0], [100, 30], [120, 90]], limit=5),
        4: road([[50, 3.5], [0, 3.5]]),
        5: Road(np.array([[0.0, 0, 0], [50, 0, 0]]), None, False, cars=False),
    }
)


def test_a_car_is_on_the_nearest_lanes_of_its_direction() -> None:
    assert FORK.match(np.array([20.0, 0.4]), 0.1) == [(1, 20.0)]
    assert FORK.match(np.array([20.0, 3.2]), math.pi) == [(4, 30.0)]
    assert FORK.match(np.array([20.0, 3.2]), 0.0) == []
    assert FORK.match(np.array([20.0, 9.0]), 0.0) == []
    assert Lanes({}).match(np.zeros(2), 0.0) == []


def test_a_track_is_followed_through_exits() -> None:
    x = np.linspace(5, 49, 30)
    straight = np.stack([x, 0 * x, 0 * x], 1)
    u = np.linspace(3, 50, 30)
    turn = math.atan2(30, 50)
    ramp = np.stack([50 + u * math.cos(turn), u * math.sin(turn), np.full(30, turn)], 1)
    assert FORK.followed(np.concatenate([straight, ramp])) == [1, 3]
    assert FORK.followed(straight) == [1]
    assert FORK.followed(straight + np.array([0, 30, 0])) == []


def test_the_way_onward_takes_the_straightest_exit_and_comes_onto_the_lane() -> None:
    points, limit = FORK.onward(np.array([20.0, 1.0]), 1, 20.0, 100.0)
    assert np.allclose(points[[0, 30, -1], 0], [21, 51, 149])
    assert abs(points[0, 1] - 1) < 0.01
    assert np.allclose(points[20:, 1], 0)
    assert limit[0] == 10
    assert np.isnan(limit[-1])


def test_ways_are_found_depth_first_and_end() -> None:
    assert FORK.ways(1, 10.0) == [(1, 2), (1, 3)]
    ring = Lanes({1: road([[0, 0], [20, 0]], exits=(2,)), 2: road([[20, 0], [0, 0]], exits=(1,))})
    assert ring.ways(1, 0.0) == [(1, 2)]
