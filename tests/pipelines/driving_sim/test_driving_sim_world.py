from __future__ import annotations

from dataclasses import replace

import torch

from pipelines.driving_sim.world import World, met, reset
from schemas.driving_sim.params import T0


def test_driving_begins_where_the_log_is(world: World) -> None:
    state = reset(world)
    assert state.t == T0
    assert torch.equal(state.pose[:, 0], world.log[:, 0, T0])
    assert (state.pose[~state.valid] == 0).all()
    assert (state.s == 0).all()


def test_a_car_on_top_of_another_is_met_and_one_on_a_bridge_is_not(world: World) -> None:
    state = reset(world)
    pose = state.pose.clone()
    pose[:, 1] = pose[:, 0]
    valid = state.valid.clone()
    valid[:, 1] = True
    assert met(world, pose, valid)[:, 1].all()
    assert not met(world, pose, valid)[:, 0].any()
    valid[:, 1] = False
    assert not met(world, pose, valid)[:, 1].any()
    valid[:, 1] = True
    rise = world.rise.clone()
    rise[:, 0, 1] += 6
    assert not met(replace(world, rise=rise), pose, valid)[:, 1].any()
