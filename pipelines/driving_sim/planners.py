"""Rules that drive the SDC: what a learned planner is held against.

All but the expert know the route and steer along it by pure pursuit; they differ in how fast they
go. The expert drives the log and cannot react: what it hits among reacting cars is the floor of the
world, not a fault of driving.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from pipelines.driving_sim import dynamics, rails, traffic
from pipelines.driving_sim.simulate import Planner, Space
from pipelines.driving_sim.world import State, World
from schemas.driving_sim.params import DT

STOPPING, BRAKING = -1.5, -6.0
"""m/s^2."""


def follow_route(world: World, state: State, a: torch.Tensor) -> torch.Tensor:
    """(B, 2) action: an acceleration, and the curvature to a point 3 m + 0.4 s ahead."""
    sdc = state.pose[:, 0]
    reach = state.s[:, :1] + 3 + 0.4 * sdc[:, 3:4]
    aim = rails.places(world.path[:, 0], reach)[:, 0]
    return torch.stack((a, rails.pursuit(sdc, aim)), -1)


def expert(*, space: Space = "bicycle", feedback: bool = False) -> Planner:
    """The action that leads from where the SDC is to the log's next pose.

    Where the log ends the car goes straight on at its speed.
    """

    def act(world: World, state: State, u: Any) -> torch.Tensor:
        sdc = state.pose[:, 0]
        there = world.valid[:, 0, state.t + 1, None]
        target = torch.where(there, world.log[:, 0, state.t + 1], sdc)
        if space == "delta":
            onward = torch.nn.functional.pad(sdc[:, 3:] * DT, (0, 2))
            return torch.where(there, dynamics.delta_to(sdc, target), onward)
        return torch.where(there, dynamics.bicycle_to(sdc, target, feedback=feedback), 0)

    return act


def at_acceleration(a: float) -> Planner:
    """Along the route under one acceleration (0 keeps the speed)."""

    def act(world: World, state: State, u: Any) -> torch.Tensor:
        return follow_route(world, state, torch.full_like(state.s[:, 0], a))

    return act


def idm(world: World, state: State, u: Any) -> torch.Tensor:
    """Along the route as the intelligent driver would."""
    return follow_route(world, state, traffic.acceleration(world, state)[:, 0])


def random(world: World, state: State, u: Any) -> torch.Tensor:
    """Any acceleration and curvature within the limits, each as likely."""
    most = u.new_tensor([dynamics.MOST_ACCELERATION, dynamics.MOST_CURVATURE])
    return (2 * u[:, :2] - 1) * most


RULES: dict[str, Callable[[], Planner]] = {
    "expert": expert,
    "expert_feedback": lambda: expert(feedback=True),
    "constant_speed": lambda: at_acceleration(0.0),
    "stop": lambda: at_acceleration(STOPPING),
    "brake": lambda: at_acceleration(BRAKING),
    "idm": lambda: idm,
    "random": lambda: random,
}
"""Planners by name; ``expert(space="delta")`` is the third form of the expert."""
