from __future__ import annotations

import numpy as np
import pytest

from pipelines.driving_sim import interchanges
from pipelines.driving_sim.joining import EARLIER, crossings, joins
from pipelines.driving_sim.routes import routes


def merging() -> tuple[np.ndarray, tuple, float]:  # type: ignore[type-arg]
    """What a merge's three ways join, they, and the arc length on the main road where they do."""
    plan = interchanges.merge(np.random.default_rng(1))
    ways = routes(plan)
    pieces = np.hypot(*np.diff(plan.lanes[1].line, axis=0).T)
    return joins(plan, ways), ways, float(pieces.sum())


def test_the_ramp_yields_to_the_right_lane_alone() -> None:
    joined, _, at = merging()
    assert joined[2, 1] == pytest.approx(at)
    assert np.isfinite(joined).sum() == 1


def test_who_goes_first_holds_the_place_early_and_who_joins_from_where_it_waits() -> None:
    joined, ways, at = merging()
    pace = ways[1].poses(np.array([at]))[0, 3]
    found = crossings(joined, ways, np.array([0.0, 100.0, 50.0]))
    assert found[1, 2] == pytest.approx([at - EARLIER * pace - 100, at - 100])
    assert found[2, 1] == pytest.approx([ways[2].enter - 50, ways[2].leave - 50])
    assert np.isinf(found[0]).all()
    assert np.isinf(found[:, 0]).all()


@pytest.mark.parametrize("who", [1, 2])
def test_whoever_has_passed_waits_for_nobody_and_is_waited_for_by_nobody(who: int) -> None:
    joined, ways, at = merging()
    s = np.zeros(3)
    s[who] = {1: at, 2: ways[2].leave}[who] + 0.1
    assert np.isinf(crossings(joined, ways, s)).all()


def test_of_two_that_join_each_others_ways_the_first_place_counts() -> None:
    plan = interchanges.roundabout(np.random.default_rng(0))
    ways = routes(plan)
    joined = joins(plan, ways)
    both = np.isfinite(joined) & np.isfinite(joined.T)
    i, j = (int(k) for k in np.argwhere(both)[0])
    s = np.zeros(len(ways))
    s[i], s[j] = ways[i].enter - 40, ways[j].enter - 5
    found = crossings(joined, ways, s)
    # j joins the ring first; i comes past there later than j past i's arm, or the other way round.
    places = [
        max(ways[a].enter - s[a], joined[a, b] - EARLIER * speed(ways[b], joined[a, b]) - s[b])
        for a, b in ((i, j), (j, i))
    ]
    yields = (i, j) if places[0] < places[1] else (j, i)
    assert found[yields][0] == pytest.approx(ways[yields[0]].enter - s[yields[0]])
    assert found[yields[::-1]][1] == pytest.approx(joined[yields] - s[yields[1]])


def speed(way, at: float) -> float:  # type: ignore[no-untyped-def]
    return float(way.poses(np.array([at]))[0, 3])
