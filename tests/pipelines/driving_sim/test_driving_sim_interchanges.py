from __future__ import annotations

import numpy as np
import pytest
import shapely

from pipelines.driving_sim import interchanges, outlines
from pipelines.driving_sim.lines import headings, lengths
from pipelines.driving_sim.roads import Lane, RoadMap
from pipelines.driving_sim.routes import routes

SEEDS = range(6)


def gaps(one: Lane, two: Lane) -> np.ndarray:
    """(n,) metres from the points of a lane to the nearest of another's."""
    away = one.line[:, None] - two.line[None]
    return np.hypot(away[..., 0], away[..., 1]).min(1)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ramp_joins_the_right_lane_from_the_right_and_waits_beside_it(seed: int) -> None:
    left, right, slip, way, after = interchanges.merge(rng(seed)).lanes
    assert (way.yields, way.exits, right.exits, slip.exits) == ((1,), (4,), (4,), (3,))
    assert left.exits == after.exits == ()
    assert gaps(slip, right).min() == pytest.approx(interchanges.ASIDE, abs=0.2)
    yaw = headings(right.line)[-1]
    aside = slip.line[-1] - right.line[-1]
    assert aside @ [-np.sin(yaw), np.cos(yaw)] < 0  # to the right of the lane
    assert (left.line[0] - right.line[0]) @ [-np.sin(yaw), np.cos(yaw)] > 3


@pytest.mark.parametrize("seed", SEEDS)
def test_two_roads_cross_at_different_heights_and_do_not_meet(seed: int) -> None:
    plan = interchanges.overpass(rng(seed))
    ways = routes(plan)
    assert sorted(r.z for r in ways) == [0, 0, 6, 6]
    for one in ways:
        for two in ways:
            lines = [shapely.LineString(r.line) for r in (one, two)]
            points = shapely.intersection(*lines)
            assert (points.geom_type == "Point") == (one.z != two.z)
    for lane in plan.lanes:
        assert all(plan.lanes[k].z == lane.z for k in lane.exits)
    edges = outlines.outline(plan)
    assert sorted(line[0, 2] for line in edges) == [0, 0, 6, 6]
    assert all(np.ptp(line[:, 2]) == 0 for line in edges)


def ring(plan: RoadMap) -> np.ndarray:
    """(n, 2) round the ring, from the first arm's entry on."""
    n = len(plan.before)
    parts = [plan.lanes[k * n + (arm + (k == 5)) % n].line for arm in range(n) for k in (4, 5)]
    return np.concatenate(parts)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ring_is_driven_counter_clockwise_and_its_cars_go_first(seed: int) -> None:
    plan = interchanges.roundabout(rng(seed))
    n = len(plan.before)
    line = ring(plan)
    radius = np.hypot(*line.T)
    assert np.ptp(radius) < 1e-9
    assert shapely.LinearRing(line[np.r_[True, np.diff(line, axis=0).any(1)]][:-1]).is_ccw
    assert lengths(line)[-1] == pytest.approx(2 * np.pi * radius[0], rel=1e-3)
    for arm in range(n):
        way = plan.lanes[2 * n + arm]
        (first,) = way.yields
        assert plan.lanes[first].exits == way.exits  # both go on into one lane
        assert gaps(plan.lanes[arm], plan.lanes[first]).min() > 2.9
        assert gaps(way, plan.lanes[first])[-1] < 1e-6
    assert all(
        plan.lanes[r.lanes[0]].arm != plan.lanes[r.lanes[-2]].arm for r in routes(plan)
    )  # nobody turns back
