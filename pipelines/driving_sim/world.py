"""Scenarios as arrays, and what changes in them.

B scenarios, N objects of which object 0 is the car that is driven (the SDC), T = 91 steps of a
tenth of a second. What stands in entries that are not valid is never read: not a bit of any result
depends on it, nor on which other scenarios share the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import torch

from pipelines.driving_sim import boxes
from pipelines.driving_sim.edges import Segments
from schemas.driving_sim.params import T0


@dataclass(frozen=True)
class Idm:
    """The intelligent driver of every object, (B, N) each.

    Attributes:
        headway: T, seconds behind the car ahead.
        acceleration: a0, m/s^2.
        braking: b, comfortable, m/s^2.
        gap: s0, metres that are left when standing.
    """

    headway: Any
    acceleration: Any
    braking: Any
    gap: Any


@dataclass(frozen=True)
class World:
    """What no step changes.

    Attributes:
        log: (B, N, T, 4) recorded x, y, yaw, speed along the heading.
        valid: (B, N, T) bool.
        size: (B, N, 2) length and width, m.
        kind: (B, N) int64 kind of object.
        rise: (B, N, N) by how much the column's object is above the row's where their logs come
            nearest, m.
        height: (B, N), m.
        edges: road edges, (B, E, 2) each.
        edge_rise: (B, E) their height over the centre of the SDC where its log comes nearest, m.
        edge_valid: (B, E) bool.
        lanes: (B, M, 4) lane points x, y, cos, sin.
        lane_rise: (B, M) their height, as that of edges.
        junction: (B, M) bool, points on the ways through a junction.
        lane_valid: (B, M) bool.
        path: (B, N, P, 4) the own path of every object: x, y, yaw, reference speed.
        conflict: (B, N, N, 2) arc lengths [in, out] on the row's path where the column's crosses
            it; infinite where it does not.
        stop: (B, N) arc length of the stop line on the own path, infinite without one.
        light: (B, N, T) int64: 0 none, 1 red, 2 yellow, 3 green.
        routes: (B, R, Q, 2) points of the ways that the SDC could take.
        route_valid: (B, R, Q) bool.
        on_route: (B, R) bool, whether a way shares the SDC's route.
        idm: drivers.
        touching: (B, N) bool, objects that overlap the SDC at the start; they are never a crash.
    """

    log: Any
    valid: Any
    size: Any
    kind: Any
    rise: Any
    height: Any
    edges: Segments
    edge_rise: Any
    edge_valid: Any
    lanes: Any
    lane_rise: Any
    junction: Any
    lane_valid: Any
    path: Any
    conflict: Any
    stop: Any
    light: Any
    routes: Any
    route_valid: Any
    on_route: Any
    idm: Idm
    touching: Any

    def __len__(self) -> int:
        return int(self.log.shape[0])

    def pick(self, rows: Any) -> World:
        """Some scenarios: indices or a slice of the first dimension."""
        picked: World = _each(self, lambda part: part[rows])
        return picked

    def to(self, device: Any) -> World:
        """The same on a device."""
        moved: World = _each(self, lambda part: part.to(device))
        return moved

    def each(self, change: Callable[[Any], Any]) -> World:
        """The same with every tensor changed."""
        changed: World = _each(self, change)
        return changed


def _each(value: Any, change: Any) -> Any:
    """The same value with every tensor in it changed."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, Segments):
        return Segments(*(change(part) for part in value))
    return replace(value, **{f.name: _each(getattr(value, f.name), change) for f in fields(value)})


@dataclass(frozen=True)
class State:
    """Where everything is at one step.

    Attributes:
        pose: (B, N, 4) x, y, yaw, speed.
        valid: (B, N) bool.
        s: (B, N) arc length on the own path, m.
        t: the step.
    """

    pose: Any
    valid: Any
    s: Any
    t: int


def reset(world: World) -> State:
    """Everything as recorded at :data:`T0`."""
    pose = torch.where(world.valid[:, :, T0, None], world.log[:, :, T0], 0)
    # In memory as a step gives it back, or what is compiled for the one is compiled for the other.
    valid = world.valid[:, :, T0].contiguous()
    return State(pose, valid, torch.zeros_like(pose[..., 0]), T0)


def met(world: World, pose: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Objects whose boxes overlap the SDC's: (B, N) bool; the SDC itself is none.

    Boxes whose heights do not meet (a bridge) do not overlap.
    """
    shape = world.size.shape
    hit = boxes.overlap(
        pose[:, :1].expand(*pose.shape), world.size[:, :1].expand(shape), pose, world.size
    )
    level = world.rise[:, 0].abs() <= (world.height + world.height[:, :1]) / 2
    other = torch.arange(shape[1], device=pose.device) > 0
    return hit & level & valid & valid[:, :1] & other
