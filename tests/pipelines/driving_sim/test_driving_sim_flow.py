from __future__ import annotations

import numpy as np
import pytest

from pipelines.driving_sim import flow, roads, routes
from pipelines.driving_sim.flow import Drivers


def drivers(chosen: list[routes.Route], s: list[float], v: list[float]) -> Drivers:
    n = len(chosen)
    return Drivers(
        tuple(chosen),
        np.array(s),
        np.array(v),
        np.tile([4.5, 2.0], (n, 1)),
        np.tile([1.5, 1.5, 2.0, 2.0], (n, 1)),
        np.full(n, -1),
    )


@pytest.fixture(scope="module")
def plain() -> tuple[roads.RoadMap, routes.Route]:
    line = np.stack([np.arange(0, 500, 0.5), np.zeros(1000)], 1)
    plan = roads.RoadMap((roads.Lane(line, 15.0),), entries=(0,))
    return plan, routes.routes(plan)[0]


def test_a_free_car_reaches_its_speed_and_keeps_it(
    plain: tuple[roads.RoadMap, routes.Route],
) -> None:
    plan, route = plain
    done = flow.drive(plan, drivers([route], [0.0], [5.0]), 300)
    assert done.v[0, -1] == pytest.approx(15.0, abs=0.1)
    assert (np.diff(done.v[0]) > -1e-9).all()


def test_a_car_keeps_the_gap_of_the_model(plain: tuple[roads.RoadMap, routes.Route]) -> None:
    """At equal speed v the gap is (s0 + v T) / sqrt(1 - (v/v0)^4): Treiber et al. 2000, eq. 5."""
    plan, route = plain
    slow = routes.Route(route.lanes, route.line, np.full(1000, 10.0))
    done = flow.drive(plan, drivers([slow, route], [60.0, 0.0], [10.0, 10.0]), 400)
    v = done.v[1, -1]
    assert v == pytest.approx(done.v[0, -1], abs=0.05)
    gap = done.s[0, -1] - done.s[1, -1] - 4.5
    assert gap == pytest.approx((2 + v * 1.5) / np.sqrt(1 - (v / 15) ** 4), abs=0.5)


def test_nobody_passes_at_red_and_crossing_ways_are_taken_in_turn() -> None:
    for seed in range(6):
        plan = roads.cross(np.random.default_rng(seed))
        ways = routes.routes(plan)
        chosen = [
            next(r for r in ways if r.lanes[0] == arm and abs(plan.lanes[r.way].turn) < 0.6)
            for arm in range(4)
        ]
        cars = drivers(chosen, [r.enter - 60 for r in chosen], [10.0] * 4)
        done = flow.drive(plan, cars, 500)
        enter = np.array([r.enter for r in chosen])[:, None]
        crossed = (done.s[:, :-1] + 2.25 < enter) & (done.s[:, 1:] + 2.25 >= enter)
        assert not (done.light[:, :-1][crossed] == 1).any()
        assert (done.s[:, -1] > enter[:, 0] + 20).all()


def test_a_change_of_acceleration_is_gentle(plain: tuple[roads.RoadMap, routes.Route]) -> None:
    plan, route = plain
    done = flow.drive(plan, drivers([route, route], [30.0, 0.0], [0.0, 12.0]), 100)
    a = np.diff(done.v, axis=1) / 0.1
    moving = done.v[:, 2:] > 0.5
    assert np.diff(a, axis=1)[moving].max() <= flow.PRESSING + 1e-9
    assert a.min() >= flow.SHARPEST - 1e-9
