from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from pipelines.driving_sim import agents, drives
from pipelines.driving_sim.agents import judged, log_overlaps, overlaps
from pipelines.driving_sim.drives import Batch
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.world import World
from schemas.driving_sim.params import T0
from schemas.driving_sim.tables import AGENTS


@pytest.fixture(scope="module")
def batch(scenarios: list[Scenario]) -> Batch:
    [found] = drives.batched(scenarios[:4])
    return found


@pytest.mark.integration
def test_replayed_cars_are_on_their_logs(batch: Batch) -> None:
    from measurand import runs

    rows = judged(batch, "playback")
    assert AGENTS.violations(runs.table(AGENTS, rows)) == []
    assert sum(row["n_agents"] for row in rows) > 10
    for row in rows:
        assert (row["overlap"], row["off_road"], row["infeasible"]) == (0, 0, 0)
        assert row["ade_m"] == pytest.approx(0, abs=1e-6)


def test_cars_that_do_not_look_hit_each_other(batch: Batch) -> None:
    blind = judged(batch, "constant")
    assert sum(row["overlap"] for row in blind) > 0
    assert max(row["ade_m"] for row in blind) > 1


def test_a_log_in_which_two_share_ground_is_counted(world: World) -> None:
    some = world.pick(slice(0, 2))
    assert log_overlaps(some) == [0, 0]
    log = some.log.clone()
    log[1, 1, 30, :2] = log[1, 2, 30, :2]
    valid = some.valid.clone()
    valid[1, 1:3, 30] = True
    found = log_overlaps(replace(some, log=log, valid=valid))
    assert found[0] == 0
    assert found[1] >= 1


def test_overlaps_are_of_pairs_that_are_there_and_level(world: World) -> None:
    one = world.pick(slice(0, 1))
    pose = torch.zeros_like(one.log[:, :, T0])
    valid = torch.zeros_like(one.valid[:, :, T0])
    valid[0, :2] = True
    found = overlaps(one, pose, valid)
    assert found.sum() == 2
    assert found[0, 0, 1]
    assert found[0, 1, 0]
    above = one.rise.clone()
    above[0, 0, 1] = 10
    above[0, 1, 0] = -10
    assert not overlaps(replace(one, rise=above), pose, valid).any()


def test_who_stands_is_no_agent(world: World) -> None:
    one = world.pick(slice(0, 1))
    log = one.log.clone()
    log[:, 1] = log[:, 1, T0 : T0 + 1]
    mine = agents._agents(replace(one, log=log))
    assert not mine[0, 0]
    assert not mine[0, 1]
