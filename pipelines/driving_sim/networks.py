"""Networks of learned drivers, and the planners that they are."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import nn

from measurand.stats.resample import seed_for
from pipelines.driving_sim import seeing
from pipelines.driving_sim.blocks import in_blocks
from pipelines.driving_sim.seeing import LANE_WIDTH, OBJECT_WIDTH, OBJECTS, ROUTE, Seen
from pipelines.driving_sim.simulate import Planner
from pipelines.driving_sim.spaces import ActionSpace
from pipelines.driving_sim.world import State, World

WIDTH, POINTS = 128, 64
"""Hidden units of the two layers, and of the network that reads one lane point."""
Given = Literal["own", "other", "none"]
"""The way that a driver is told to take: its own, another legal one, none."""


class Imitator(nn.Module):  # type: ignore[misc]
    """Lane points through a small network and their largest values, all through two layers.

    Args:
        outputs: numbers that it gives.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.lane = nn.Sequential(
            nn.Linear(LANE_WIDTH, POINTS), nn.ReLU(), nn.Linear(POINTS, POINTS)
        )
        inputs = 4 + OBJECTS * OBJECT_WIDTH + POINTS + ROUTE * 2
        self.trunk = nn.Sequential(
            nn.Linear(inputs, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU()
        )
        self.head = nn.Linear(WIDTH, outputs)

    def forward(self, seen: Seen) -> torch.Tensor:
        """(S, outputs)."""
        own, objects, lanes, route = scaled(seen)
        known = seen.lanes[..., -1:] > 0
        points = torch.where(known, self.lane(lanes), -1e4).amax(1)
        points = torch.where(known.any(1), points, 0)
        rest = (own, objects.flatten(1), points, route.flatten(1))
        out: torch.Tensor = self.head(self.trunk(torch.cat(rest, 1)))
        return out


def scaled(seen: Seen) -> Seen:
    """Everything of about the size of one."""
    objects = seen.objects.new_tensor([20, 20, 1, 1, 10, 5, 2, 1])
    lanes = seen.lanes.new_tensor([20, 20, 1, 1, 1])
    own = seen.own.new_tensor([10, 1, 1, 1])
    return Seen(seen.own / own, seen.objects / objects, seen.lanes / lanes, seen.route / 20)


def imitator(outputs: int, *names: str | int) -> Imitator:
    """With weights that depend on the names alone."""
    with torch.random.fork_rng():
        torch.manual_seed(seed_for("driving_sim", "imitator", *names))
        return Imitator(outputs)


def planner(network: Any, space: ActionSpace, given: Given) -> Planner:
    """A network as a planner.

    Args:
        network: :class:`Imitator`, not in training.
        space: what its outputs are.
        given: the way that it is told to take; where there is no other one, its own.
    """

    def act(world: World, state: State, u: Any) -> torch.Tensor:
        line = None
        if given != "none":
            line = seeing.routed(world)
        if given == "other":
            other, there = seeing.swapped(world)
            line = torch.where(there[:, None, None], other, line)
        with torch.no_grad():
            return space.act(in_blocks(network, seeing.sdc(world, state, line)), u)

    return act
