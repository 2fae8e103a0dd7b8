from __future__ import annotations

import numpy as np
import pytest

from pipelines.driving_sim.families import FAMILIES
from pipelines.driving_sim.lines import bends, headings
from pipelines.driving_sim.roads import Lights, RoadMap
from schemas.driving_sim.params import Family


def made(family: Family, seed: int) -> RoadMap:
    return FAMILIES[family](np.random.default_rng(seed))


@pytest.mark.parametrize("family", FAMILIES)
def test_lanes_go_on_where_they_end(family: Family) -> None:
    for seed in range(5):
        plan = made(family, seed)
        for lane in plan.lanes:
            assert np.abs(bends(lane.line)).max() < 0.2
            for exit_ in lane.exits:
                following = plan.lanes[exit_].line
                assert lane.line[-1] == pytest.approx(following[0])
                turn = headings(lane.line)[-1] - headings(following)[0]
                assert np.cos(turn) > 0.998  # pieces of half a metre in a bend of .12 1/m


@pytest.mark.parametrize(("family", "arms"), [("tee", 3), ("cross", 4)])
def test_every_arm_leads_to_every_other(family: Family, arms: int) -> None:
    plan = made(family, 1)
    ways = [lane for lane in plan.lanes if lane.junction]
    assert len(ways) == arms * (arms - 1)
    for arm in range(arms):
        assert {w.exits[0] - arms for w in ways if w.arm == arm} == set(range(arms)) - {arm}


def test_traffic_keeps_to_the_right() -> None:
    plan = made("cross", 2)
    inward, outward = plan.lanes[0].line, plan.lanes[4].line
    ahead = inward[-1] - inward[-2]
    side = outward[0] - inward[-1]
    assert ahead[0] * side[1] - ahead[1] * side[0] > 0


def test_phases_of_lights_never_meet() -> None:
    plan = Lights((8.0, 10.0), start=3.0)
    seconds = np.arange(0, 60, 0.1)
    for one, two in zip(
        [plan.at(0, t) for t in seconds], [plan.at(1, t) for t in seconds], strict=True
    ):
        assert one == 1 or two == 1
    shares = [np.mean([plan.at(arm, t) == 3 for t in np.arange(0, 2700, 0.1)]) for arm in (0, 1)]
    assert shares == pytest.approx([8 / 27, 10 / 27], abs=2e-3)
    both = np.mean([plan.at(0, t) == plan.at(1, t) == 1 for t in np.arange(0, 2700, 0.1)])
    assert both == pytest.approx(3 / 27, abs=2e-3)
    assert [plan.at(2, t) for t in seconds] == [plan.at(0, t) for t in seconds]


def test_a_fork_has_a_choice_and_a_curve_has_none() -> None:
    assert made("fork", 0).lanes[made("fork", 0).before[0]].exits == (2, 3)
    assert made("curve", 0).before == ()
