from __future__ import annotations

import numpy as np
import pytest

from pipelines.driving_sim import routes
from pipelines.driving_sim.families import FAMILIES
from pipelines.driving_sim.lines import bends, bent, lengths
from schemas.driving_sim.params import Family


@pytest.mark.parametrize(
    ("family", "ways"),
    [("fork", 3), ("tee", 6), ("cross", 12), ("merge", 3), ("roundabout", 12), ("overpass", 4)],
)
def test_every_way_over_the_map_is_found_once(family: Family, ways: int) -> None:
    found = routes.routes(FAMILIES[family](np.random.default_rng(0)))
    assert len({r.lanes for r in found}) == len(found) == ways
    for route in found:
        assert np.hypot(*np.diff(route.line, axis=0).T).max() < 0.6
        assert (route.way >= 0) == np.isfinite(route.enter)


def test_speeds_keep_to_bends_limits_and_brakes() -> None:
    line = bent(np.zeros(2), 0.0, np.repeat([0.0, 0.08, 0.0], 200))
    speed = routes.allowed(line, np.full(601, 14.0))
    assert speed.max() == 14
    assert (speed**2 * np.abs(bends(line))).max() <= routes.LATERAL + 1e-9
    slowing = (speed[:-1] ** 2 - speed[1:] ** 2) / 2 / np.diff(lengths(line))
    assert slowing.max() <= routes.BRAKING + 1e-9
    assert speed[-1] == 14


def test_a_path_begins_behind_the_car_and_goes_on_past_the_map() -> None:
    route = routes.Route(
        (0,), np.stack([np.arange(0, 50, 0.5), np.zeros(100)], 1), np.full(100, 9.0)
    )
    path = route.path(20.0)
    assert path.shape == (176, 4)
    assert path[0, 0] == pytest.approx(16)
    assert path[4, 0] == pytest.approx(20)
    assert path[-1, 0] == pytest.approx(191)
    assert np.ptp(path[:, 1]) == 0


def test_a_lane_change_ends_beside() -> None:
    route = routes.Route(
        (0,), np.stack([np.arange(0, 200, 0.5), np.zeros(400)], 1), np.full(400, 9.0)
    )
    moved = routes.changing(route, 50.0, 40.0, -3.6)
    assert moved.line[:100, 1] == pytest.approx(0)
    assert moved.line[-100:, 1] == pytest.approx(-3.6)
