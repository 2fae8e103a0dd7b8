from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from pipelines.driving_sim import dynamics, seeing, worlds
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.world import World, reset


def test_what_is_seen_does_not_change_when_the_world_is_moved_and_turned(world: World) -> None:
    state = reset(world)
    before = seeing.sdc(world, state, seeing.routed(world))
    angle = torch.tensor(0.8)
    cos, sin = torch.cos(angle), torch.sin(angle)

    def moved(xy: torch.Tensor) -> torch.Tensor:
        x, y = xy.unbind(-1)
        return torch.stack((x * cos - y * sin + 40, x * sin + y * cos - 7), -1)

    def turned(pose: torch.Tensor) -> torch.Tensor:
        yaw = dynamics.wrap(pose[..., 2:3] + angle)
        return torch.cat((moved(pose[..., :2]), yaw, pose[..., 3:]), -1)

    direction = moved(world.lanes[..., 2:]) - moved(torch.zeros(2))
    other = replace(
        world,
        lanes=torch.cat((moved(world.lanes[..., :2]), direction), -1),
        routes=moved(world.routes),
    )
    after = seeing.sdc(other, replace(state, pose=turned(state.pose)), seeing.routed(other))
    assert torch.equal(before.own, after.own)
    assert torch.allclose(before.objects, after.objects, atol=1e-3)
    assert torch.allclose(before.route, after.route, atol=1e-3)
    # Points that stand on each other may change places.
    for one, two in zip(before.lanes, after.lanes, strict=True):
        assert torch.allclose(one.sum(0), two.sum(0), atol=0.02)


def test_the_nearest_come_first_and_oneself_is_not_among_them(world: World) -> None:
    state = reset(world)
    found = seeing.sdc(world, state, None)
    there = found.objects[..., 7] > 0
    away = torch.where(there, found.objects[..., :2].norm(dim=-1), torch.inf)
    assert (away.diff(dim=1).nan_to_num(0) >= 0).all()
    assert away.min() > 1
    assert torch.equal(there.sum(1), (state.valid.sum(1) - 1).clamp(max=seeing.OBJECTS))
    assert (found.route == 0).all()


def test_the_route_lies_ahead(world: World) -> None:
    found = seeing.sdc(world, reset(world), seeing.routed(world)).route
    assert found[:, 0, 0].numpy() == pytest.approx(2, abs=0.6)
    assert found[:, 0, 1].abs().max() < 0.5
    assert (found.diff(dim=1).norm(dim=-1) - 2).abs().max() < 0.05


def test_a_batch_does_not_change_what_is_seen(scenarios: list[Scenario], world: World) -> None:
    alone = worlds.world(scenarios[7:8])
    one = seeing.sdc(alone, reset(alone), seeing.routed(alone))
    all_of_them = seeing.sdc(world, reset(world), seeing.routed(world))
    for a, b in zip(one, all_of_them, strict=True):
        assert torch.equal(a[0], b[7])


def test_another_way_is_another_way_where_there_is_one(
    scenarios: list[Scenario], world: World
) -> None:
    way, there = seeing.swapped(world)
    assert there.tolist() == [s.family != "curve" for s in scenarios]
    own = seeing.routed(world)
    apart = (way - own).norm(dim=-1).amax(1)
    assert (apart[there] > 5).all()


def test_red_is_seen_and_far_lines_are_not(world: World) -> None:
    state = reset(world)
    red = replace(world, light=torch.ones_like(world.light), stop=torch.full_like(world.stop, 25.0))
    found = seeing.sdc(red, state, None).own
    assert found[:, 2].tolist() == [1.0] * len(world)
    assert torch.allclose(found[:, 1], (25 - world.size[:, 0, 0] / 2) / 100)
    bare = replace(world, stop=torch.full_like(world.stop, torch.inf))
    assert (seeing.sdc(bare, state, None).own[:, 1] == 1).all()
