"""What a learned driver sees: everything in its own frame, the nearest first.

Its own highest speed is not among it for imitation: what a logged car drove at is what the driver
is to learn.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from pipelines.driving_sim import rails
from pipelines.driving_sim.dynamics import cos_sin
from pipelines.driving_sim.levels import LEVEL
from pipelines.driving_sim.world import State, World

OBJECTS, LANES, ROUTE = 8, 64, 20
"""Nearest objects, nearest lane points, points of the route."""
ROUTE_EVERY = 2
"""Metres from one point of the route to the next."""
AHEAD = 12.0
"""Metres ahead of the car to which lane points are nearest."""
FAR = 100.0
"""Metres at which distances to a stop line end."""
OBJECT_WIDTH, LANE_WIDTH = 8, 5


class Seen(NamedTuple):
    """What S drivers see.

    Attributes:
        own: (S, 4) speed, metres to the stop line over :data:`FAR`, whether it is red, yellow.
        objects: (S, 8, 8) x, y, cos, sin, speed, length, width, and 1; zeros where nobody is.
        lanes: (S, 64, 5) x, y, cos, sin, and 1; zeros where there is none.
        route: (S, 20, 2) x and y of the way ahead; zeros without a route.
    """

    own: torch.Tensor
    objects: torch.Tensor
    lanes: torch.Tensor
    route: torch.Tensor


def sdc(world: World, state: State, line: torch.Tensor | None, *, lanes: bool = True) -> Seen:
    """What the SDC of every scenario sees.

    Args:
        world: the scenarios.
        state: where everything is.
        line: (B, Q, 2) points of the way that it is told to take, a metre apart; None without one.
        lanes: whether lane points are looked for, which takes most of the time.
    """
    mask = state.valid & (world.rise[:, 0].abs() <= LEVEL)
    mask[:, 0] = False
    lane_valid = world.lane_valid & (world.lane_rise.abs() <= LEVEL)
    room = world.stop[:, 0] - state.s[:, 0] - world.size[:, 0, 0] / 2
    return see(
        state.pose[:, 0],
        state.pose,
        mask,
        world.size,
        world.lanes if lanes else world.lanes[:, :1],
        lane_valid if lanes else torch.zeros_like(lane_valid[:, :1]),
        line,
        room,
        world.light[:, 0, state.t],
    )


def see(
    own: torch.Tensor,
    pose: torch.Tensor,
    others: torch.Tensor,
    size: torch.Tensor,
    lanes: torch.Tensor,
    lane_valid: torch.Tensor,
    line: torch.Tensor | None,
    room: torch.Tensor,
    light: torch.Tensor,
) -> Seen:
    """What S drivers see.

    Args:
        own: (S, 4) their poses.
        pose: (S, N, 4) everybody's.
        others: (S, N) bool, who counts, without the driver.
        size: (S, N, 2).
        lanes: (S, M, 4) lane points x, y, cos, sin.
        lane_valid: (S, M) bool.
        line: (S, Q, 2) points of the way to take; None without one.
        room: (S,) metres to the stop line, infinite without one.
        light: (S,) 0 none, 1 red, 2 yellow, 3 green.
    """
    cos, sin = cos_sin(own[:, 2:3])
    x, y = own[:, :1], own[:, 1:2]

    def frame(px: torch.Tensor, py: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        dx, dy = px - x, py - y
        return dx * cos + dy * sin, dy * cos - dx * sin

    near, index = _nearest(pose[..., :2], others, own[:, None, :2], OBJECTS)
    them = rails.at(pose, index)
    bulk = rails.at(size, index)
    turn_cos, turn_sin = cos_sin(them[..., 2] - own[:, 2:3])
    ox, oy = frame(them[..., 0], them[..., 1])
    objects = torch.stack(
        (ox, oy, turn_cos, turn_sin, them[..., 3], bulk[..., 0], bulk[..., 1], torch.ones_like(ox)),
        -1,
    )
    focus = own[:, None, :2] + AHEAD * torch.stack((cos, sin), -1)
    there, which = _nearest(lanes[..., :2], lane_valid, focus, LANES)
    points = rails.at(lanes, which)
    lx, ly = frame(points[..., 0], points[..., 1])
    along = points[..., 2] * cos + points[..., 3] * sin
    across = points[..., 3] * cos - points[..., 2] * sin
    lane = torch.stack((lx, ly, along, across, torch.ones_like(lx)), -1)
    state = torch.stack(
        (own[:, 3], room.clamp(0, FAR) / FAR, (light == 1).to(own), (light == 2).to(own)), -1
    )
    route = own.new_zeros(len(own), ROUTE, 2)
    if line is not None:
        route = torch.stack(frame(*_ahead(line, own[:, :2]).unbind(-1)), -1)
    return Seen(
        state,
        torch.where(near[..., None], objects, 0),
        torch.where(there[..., None], lane, 0),
        route,
    )


def _nearest(
    places: torch.Tensor, valid: torch.Tensor, focus: torch.Tensor, most: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """(S, most) whether there is one, and its number; ties go to the smaller number."""
    away = (places - focus).square().sum(-1)
    away = torch.where(valid, away, torch.inf)
    if away.shape[1] < most:
        away = torch.nn.functional.pad(away, (0, most - away.shape[1]), value=torch.inf)
    # A stable sort, where topk would order ties by the batch's shape.
    found = torch.sort(away, dim=1, stable=True)
    index = found.indices[:, :most].clamp(max=places.shape[1] - 1)
    return found.values[:, :most] < torch.inf, index


def _ahead(line: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """(S, 20, 2) points of a way from the one that is nearest to a place on."""
    near = (line - place[:, None]).square().sum(-1).argmin(1)
    index = near[:, None] + ROUTE_EVERY * torch.arange(1, ROUTE + 1, device=line.device)
    return rails.at(line, index.clamp(max=line.shape[1] - 1))


def routed(world: World) -> torch.Tensor:
    """(B, Q, 2) the SDC's own route: the first way that is on it."""
    return _way(world, world.on_route.to(torch.int8).argmax(1))


def swapped(world: World) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, Q, 2) another way than the SDC's route, and (B,) whether there is one."""
    which, there = swapped_way(world)
    return _way(world, which.to(torch.int8).argmax(1)), there


def swapped_way(world: World) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, R) which way :func:`swapped` gives, one at most, and (B,) whether there is one."""
    other = world.route_valid[..., 0] & ~world.on_route
    return other & (other.cumsum(1) == 1), other.any(1)


def _way(world: World, number: torch.Tensor) -> torch.Tensor:
    pick = number[:, None, None, None].expand(-1, 1, *world.routes.shape[2:])
    return world.routes.gather(1, pick)[:, 0]
