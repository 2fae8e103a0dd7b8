from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely
import torch

from pipelines.driving_sim.measures import against_traffic, measure, off_road, off_route
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.world import World, reset
from schemas.driving_sim.params import T0


def test_a_log_breaks_no_rule_at_any_step(world: World) -> None:
    for t in range(T0, 91, 5):
        state = replace(reset(world), pose=world.log[:, :, t], valid=world.valid[:, :, t], t=t)
        found = measure(world, state)
        assert (found.hit == -1).all()
        assert (found.kind == -1).all()
        assert (found.road_m < 0).all()
        assert (found.route_m < 0.1).all()
        assert not found.wrong_way.any()
        assert (found.error_m == 0).all()


def test_turned_round_is_the_wrong_way_outside_junctions(world: World) -> None:
    sdc = world.log[:, 0, T0].clone()
    sdc[:, 2] += math.pi
    assert against_traffic(world, sdc).all()
    everywhere = replace(world, junction=torch.ones_like(world.junction))
    assert not against_traffic(everywhere, sdc).any()


def test_beside_the_road_and_beside_the_route(world: World) -> None:
    sdc = world.log[:, 0, T0].clone()
    left = torch.stack((-torch.sin(sdc[:, 2]), torch.cos(sdc[:, 2])), 1)
    sdc[:, :2] -= 30 * left
    assert (off_road(world, sdc) > 0).all()
    assert (off_route(world, sdc) > 3.6).all()


def test_off_the_route_is_the_distance_from_its_nearest_way(
    scenarios: list[Scenario], world: World
) -> None:
    noise = np.random.default_rng(4).normal(0, 6, (len(scenarios), 2))
    sdc = world.log[:, 0, T0 + 20].clone()
    sdc[:, :2] += torch.from_numpy(noise).to(sdc)
    ways = [[w.poses[:, :2] for w in s.ways if w.on_route] for s in scenarios]
    away = [
        min(shapely.LineString(way).distance(shapely.Point(*place)) for way in some)
        for some, place in zip(ways, sdc[:, :2].double().tolist(), strict=True)
    ]
    assert off_route(world, sdc).tolist() == pytest.approx(away, abs=1e-3)


def test_what_is_not_known_is_no_number(world: World) -> None:
    sdc = world.log[:, 0, T0]
    bare = replace(world, edge_valid=torch.zeros_like(world.edge_valid))
    assert off_road(bare, sdc).isnan().all()
    lost = replace(world, on_route=torch.zeros_like(world.on_route))
    assert off_route(lost, sdc).isnan().all()
    high = replace(world, edge_rise=world.edge_rise + 9)
    assert off_road(high, sdc).isnan().all()
    gone = world.valid.clone()
    gone[:, 0, T0] = False
    assert measure(replace(world, valid=gone), reset(world)).error_m.isnan().all()


def test_whoever_stood_in_the_car_at_the_start_is_no_crash(world: World) -> None:
    state = reset(world)
    pose, valid = state.pose.clone(), state.valid.clone()
    pose[:, 2], valid[:, 2] = pose[:, 0], True
    inside = replace(state, pose=pose, valid=valid)
    found = measure(world, inside)
    assert (found.hit == 2).all()
    assert found.kind.tolist() == [1] * len(world)
    touching = world.touching.clone()
    touching[:, 2] = True
    assert (measure(replace(world, touching=touching), inside).hit == -1).all()


def test_progress_is_read_from_the_state(world: World) -> None:
    state = reset(world)
    assert measure(world, replace(state, s=state.s + 7)).progress_m == pytest.approx(7)
