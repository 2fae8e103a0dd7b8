from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from pipelines.driving_sim import traffic
from pipelines.driving_sim.world import World, reset
from schemas.driving_sim.params import T0


def test_playback_is_the_log(world: World) -> None:
    state = reset(world)
    for t in range(T0 + 1, 40):
        state = traffic.playback(world, state)
        there = world.valid[:, :, t]
        assert torch.equal(state.valid, there)
        assert torch.equal(state.pose[there], world.log[:, :, t][there])
    moved = (world.log[:, 0, 39, :2] - world.log[:, 0, T0, :2]).norm(dim=1)
    assert (state.s[:, 0] >= moved - 0.1).all()


def test_constant_speed_keeps_speed_and_path(world: World) -> None:
    state = reset(world)
    after = traffic.constant_speed(world, state)
    there = state.valid
    assert torch.allclose(after.pose[there][:, 3], state.pose[there][:, 3])
    assert torch.allclose(after.s[there], state.pose[there][:, 3] * 0.1)


def free(world: World) -> World:
    """Each alone, without lights and crossings."""
    alone = torch.zeros_like(world.valid)
    alone[:, 0] = True
    stop, conflict = (torch.full_like(p, torch.inf) for p in (world.stop, world.conflict))
    return replace(world, valid=alone, conflict=conflict, stop=stop)


def test_a_free_driver_follows_the_published_acceleration(world: World) -> None:
    """Treiber et al. 2000, eq. 2 without a leader: a0 (1 - (v / v0)^4)."""
    plan = free(world)
    plan = replace(plan, path=torch.cat((plan.path[..., :3], 0 * plan.path[..., 3:] + 12.0), -1))
    state = reset(plan)
    found = traffic.acceleration(plan, state)[:, 0]
    v, a0 = state.pose[:, 0, 3], plan.idm.acceleration[:, 0]
    assert torch.allclose(found, (a0 * (1 - (v / 12) ** 4)).clamp(-6, 2.5), atol=1e-5)


def test_a_standing_car_ahead_is_a_leader(world: World) -> None:
    plan = free(world)
    state = reset(plan)
    ahead = torch.stack([plan.path[:, 0, 4 + 20]], 1)
    pose = torch.cat((state.pose[:, :1], ahead, state.pose[:, 2:]), 1)
    pose[:, 1, 3] = 0
    valid = state.valid.clone()
    valid[:, 1] = True
    gap, closing = traffic.leader(plan, replace(state, pose=pose, valid=valid))
    half = (plan.size[:, 0, 0] + plan.size[:, 1, 0]) / 2
    assert gap[:, 0].numpy() == pytest.approx((20 - half).numpy(), abs=0.1)
    assert torch.allclose(closing[:, 0], state.pose[:, 0, 3])
    none, _ = traffic.leader(plan, state)
    assert torch.isinf(none[:, 0]).all()


def test_the_first_point_of_a_path_that_something_is_near() -> None:
    points = torch.arange(0, 41, 2.0)
    x, y = (part.expand(1, 3, -1) for part in (points, torch.zeros_like(points)))
    away = traffic.ASIDE
    pose = torch.tensor([[[9.0, 1.5], [40.0, -2.0], [17.0, 2.0]]])
    pose = torch.nn.functional.pad(pose, (0, 2), value=torch.nan)
    on, first = traffic.first_near(pose, x, y)
    assert on[0].tolist() == [[True, False, False]] * 3
    assert first[0].tolist() == [[4, 0, 0]] * 3
    for part in (0.9 * pose, 1.01 * pose):
        apart = torch.hypot(part[:, None, :, None, 0] - x[:, :, None], part[:, None, :, None, 1])
        near, number = (apart < away).max(3)
        on, first = traffic.first_near(part, x, y)
        assert torch.equal(on, near)
        assert torch.equal(first, number)


def crossing(world: World, s: list[float], v: float = 8.0) -> torch.Tensor:
    """Metres at which the first two of a scenario wait, whose paths cross at 20..24 m."""
    one = free(world).pick(slice(0, 1))
    conflict = torch.full_like(one.conflict, torch.inf)
    conflict[:, 0, 1] = conflict[:, 1, 0] = torch.tensor([20.0, 24.0])
    state = reset(one)
    pose, valid = state.pose.clone(), torch.zeros_like(state.valid)
    pose[..., 3] = v
    valid[:, :2] = True
    places = torch.zeros_like(state.s)
    places[0, :2] = torch.tensor(s)
    state = replace(state, pose=pose, valid=valid, s=places)
    size = torch.full_like(one.size, 4.0)
    return traffic.right_of_way(replace(one, conflict=conflict, size=size), state)[0, :2]


def test_who_is_nearer_goes_first_and_ties_go_to_the_smaller_number(world: World) -> None:
    assert crossing(world, [10.0, 6.0]).tolist() == [torch.inf, 11.0]
    assert crossing(world, [6.0, 10.0]).tolist() == [11.0, torch.inf]
    assert crossing(world, [8.0, 8.0]).tolist() == [torch.inf, 9.0]


def test_who_is_in_the_crossing_is_waited_for_until_it_is_out(world: World) -> None:
    assert crossing(world, [10.0, 20.0]).tolist() == [7.0, torch.inf]
    assert crossing(world, [10.0, 26.5]).tolist() == [torch.inf, torch.inf]


def test_who_is_far_away_waits_for_nobody(world: World) -> None:
    assert crossing(world, [-60.0, 10.0])[0] == torch.inf


def test_red_stops_and_yellow_only_who_can(world: World) -> None:
    one = world.pick(slice(0, 1))
    state = reset(one)
    stop = torch.full_like(one.stop, 30.0)
    pose = state.pose.clone()
    cases = ((1, 10.0, True), (1, 20.0, True), (2, 10.0, True), (2, 20.0, False), (3, 5.0, False))
    for light, v, held in cases:
        pose[..., 3] = v
        lit = replace(one, stop=stop, light=torch.full_like(one.light, light))
        room = traffic.red_light(lit, replace(state, pose=pose))
        assert torch.isfinite(room).all().item() is held, (light, v)
    red = replace(one, stop=stop, light=torch.ones_like(one.light))
    assert torch.isinf(traffic.red_light(red, replace(state, s=state.s + 31))).all()
