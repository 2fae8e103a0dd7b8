"""What a state says about the driving of the SDC."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from pipelines.driving_sim import boxes
from pipelines.driving_sim.dynamics import cos_sin
from pipelines.driving_sim.edges import signed_distance
from pipelines.driving_sim.levels import LEVEL
from pipelines.driving_sim.world import State, World, met

OFF_ROUTE = 3.6
"""Metres from every way of the route beyond which the SDC is off it."""
LANE = 2.5
"""Metres within which lane points say which way traffic runs."""


class Measures(NamedTuple):
    """One state's measurements, (B,) each unless said otherwise.

    Attributes:
        hit: int64, the lowest number of an object that overlaps the SDC, -1 for none.
        kind: int64, where it was hit (``CONTACTS``), -1 for nowhere.
        road_m: signed distance of the farthest corner beyond the road's edge; NaN without edges.
        route_m: distance of the centre from the nearest way of the route; NaN without one.
        wrong_way: bool, lanes are near and all of them run the other way.
        progress_m: arc length on the own path.
        error_m: distance from the recorded place; NaN where it is not recorded.
    """

    hit: Any
    kind: Any
    road_m: Any
    route_m: Any
    wrong_way: Any
    progress_m: Any
    error_m: Any


def measure(world: World, state: State) -> Measures:
    """Measure a state; nothing is differentiated through what is yes or no."""
    sdc = state.pose[:, 0]
    hits = met(world, state.pose, state.valid) & ~world.touching
    some = hits.any(1)
    first = hits.to(torch.int8).argmax(1)
    other = state.pose.gather(1, first[:, None, None].expand(-1, 1, 4))[:, 0]
    where = boxes.kind(sdc, world.size[:, 0], other)
    there = world.valid[:, 0, state.t]
    away = sdc[:, :2] - torch.where(there[:, None], world.log[:, 0, state.t, :2], 0)
    error = torch.sqrt(away.square().sum(-1))
    return Measures(
        torch.where(some, first, -1),
        torch.where(some, where, -1),
        off_road(world, sdc),
        off_route(world, sdc),
        against_traffic(world, sdc),
        state.s[:, 0],
        torch.where(there, error, torch.nan),
    )


def off_road(world: World, sdc: torch.Tensor) -> torch.Tensor:
    """(B,) m of the corner that is farthest beyond an edge; negative on the road."""
    corners = boxes.corners(sdc, world.size[:, 0])
    level = world.edge_valid & (world.edge_rise.abs() <= LEVEL)
    return signed_distance(corners, world.edges, level).amax(1)


def off_route(world: World, sdc: torch.Tensor) -> torch.Tensor:
    """(B,) m from the centre to the nearest way of the route; NaN without one."""
    # Coordinates apart: sums over two neighbours in memory cost as much as all the rest.
    real = world.route_valid & world.on_route[..., None]
    x, y = (torch.where(real, world.routes[..., k], 0) for k in (0, 1))
    step_x, step_y = x[..., 1:] - x[..., :-1], y[..., 1:] - y[..., :-1]
    away_x, away_y = sdc[:, 0, None, None] - x[..., :-1], sdc[:, 1, None, None] - y[..., :-1]
    square = step_x * step_x + step_y * step_y
    along = away_x * step_x + away_y * step_y
    share = (along / torch.where(square > 0, square, 1)).clamp(0, 1)
    off_x, off_y = away_x - share * step_x, away_y - share * step_y
    both = real[..., :-1] & real[..., 1:]
    near = torch.where(both, off_x * off_x + off_y * off_y, torch.inf).amin((1, 2))
    known = near < torch.inf
    positive = known & (near > 0)
    return torch.where(
        known,
        torch.where(positive, torch.sqrt(torch.where(positive, near, 1)), 0),
        torch.nan,
    )


def against_traffic(world: World, sdc: torch.Tensor) -> torch.Tensor:
    """(B,) bool: lane points within :data:`LANE`, and none within 90 degrees of the heading."""
    # What stands in places that are not valid is compared with, and the answer put aside.
    x, y, along, across = world.lanes.unbind(-1)
    dx, dy = x - sdc[:, :1], y - sdc[:, 1:2]
    level = world.lane_valid & (world.lane_rise.abs() <= LEVEL)
    near = level & ~world.junction & (dx * dx + dy * dy <= LANE * LANE)
    cos, sin = cos_sin(sdc[:, 2:3])
    most = torch.where(near, along * cos + across * sin, -torch.inf).amax(1)
    return (most > -torch.inf) & (most <= 0)
