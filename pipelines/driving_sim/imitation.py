"""Learning to drive from logs: every moving object is an example.

The driver is to do what leads from where it is onto its log: the curvature of pure pursuit to where
the log is 0.8 s later, and the acceleration that gives the log's speed 0.5 s later. Most examples
start a little beside their log; a driver that has only seen perfect places drifts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from measurand.stats.resample import rng_for
from pipelines.driving_sim import dynamics, rails, seeing
from pipelines.driving_sim.levels import LEVEL
from pipelines.driving_sim.seeing import Seen
from pipelines.driving_sim.spaces import ActionSpace
from pipelines.driving_sim.world import World
from schemas.driving_sim.params import BEHIND, DT, STEPS, T0

STEERING, SPEED = 8, 5
"""Steps ahead that the curvature and the acceleration look at."""
EVERY = 5
"""Steps from one example of an object to the next."""
MOVING = 0.5
"""m/s from which an object is an example."""
DISPLACED = 0.6
"""Share of the examples that start beside their log."""
SPREAD = (0.4, 0.4, 0.06, 0.5)
"""Standard deviations of these starts: m, m, rad, m/s."""
PIECE = 256
"""Examples that are seen at a time."""


class Examples(NamedTuple):
    """What is imitated, S examples.

    Attributes:
        seen: what the driver sees, with its route.
        action: (S, 2) acceleration and curvature.
        pose: (S, 4) where it is.
    """

    seen: Seen
    action: torch.Tensor
    pose: torch.Tensor


def examples(world: World, seed: int) -> Examples:
    """Every moving object of every fifth step of the logs.

    Args:
        world: scenarios to learn from.
        seed: of the displaced starts.
    """
    rows = _moving(world)
    rng = rng_for("driving_sim", "displaced", seed)
    shift = rng.normal(size=(len(rows), 4)) * SPREAD * (rng.random((len(rows), 1)) < DISPLACED)
    parts = [
        _seen(world, rows[k : k + PIECE], torch.from_numpy(shift[k : k + PIECE]).to(world.log))
        for k in range(0, len(rows), PIECE)
    ]
    seen = Seen(*(torch.cat(part) for part in zip(*(p.seen for p in parts), strict=True)))
    return Examples(seen, torch.cat([p.action for p in parts]), torch.cat([p.pose for p in parts]))


def _moving(world: World) -> torch.Tensor:
    """(S, 3) scenario, object and step of every example."""
    found = []
    for t in range(T0, STEPS - STEERING, EVERY):
        there = world.valid[:, :, T0] & world.valid[:, :, t : t + STEERING + 1].all(2)
        moves = there & (world.log[:, :, t, 3] > MOVING)
        place = moves.nonzero()
        found.append(torch.cat((place, torch.full_like(place[:, :1], t)), 1))
    rows = torch.cat(found)
    return rows[np.lexsort(rows.numpy().T[::-1])]


def _seen(world: World, rows: torch.Tensor, shift: torch.Tensor) -> Examples:
    b, n, t = rows.unbind(1)
    log = world.log[b, n]
    here = torch.arange(len(rows))
    pose = log[here, t] + shift
    pose = torch.cat((pose[:, :3], pose[:, 3:].clamp(min=0)), 1)
    everyone = world.log[b, :, t]
    level = world.rise[b, n].abs() <= LEVEL
    others = world.valid[b, :, t] & level & (torch.arange(everyone.shape[1]) != n[:, None])
    lanes = (world.lane_rise[b] - world.rise[b, 0, n][:, None]).abs() <= LEVEL
    path = world.path[b, n]
    s = _place(path, pose[:, :2])
    room = world.stop[b, n] - s - world.size[b, n, 0] / 2
    seen = seeing.see(
        pose,
        torch.where(others[..., None], everyone, 0),
        others,
        world.size[b],
        world.lanes[b],
        world.lane_valid[b] & lanes,
        path[..., :2],
        room,
        world.light[b, n, t],
    )
    target, later = log[here, t + STEERING], log[here, t + SPEED, 3]
    a = ((later - pose[:, 3]) / (SPEED * DT)).clamp(-6, 6)
    kappa = rails.pursuit(pose, target).clamp(-dynamics.MOST_CURVATURE, dynamics.MOST_CURVATURE)
    # Somebody who will hardly move has no curvature to learn.
    short = (target[:, :2] - pose[:, :2]).square().sum(-1) < 1.0
    return Examples(seen, torch.stack((a, torch.where(short, 0, kappa)), -1), pose)


def _place(path: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """(S,) arc length of the nearest point of a path."""
    away = (path[..., :2] - points[:, None]).square().sum(-1)
    near = away.argmin(1).to(path.dtype) - BEHIND
    return rails.project(path, points, near)


def wanted(given: Examples, space: ActionSpace) -> torch.Tensor:
    """(S, numbers) the examples' actions in a space."""
    if space.space == "bicycle":
        return given.action
    return dynamics.delta_to(given.pose, dynamics.bicycle(given.pose, given.action))


def shuffled(target: torch.Tensor, seed: int) -> torch.Tensor:
    """Every example with another one's action."""
    order = rng_for("driving_sim", "shuffled", seed).permutation(len(target))
    return target[torch.from_numpy(order)]


def batches(count: int, size: int, steps: int, *names: str | int) -> Iterator[torch.Tensor]:
    """Numbers of the examples of every step: all in random order, again and again."""
    rng = rng_for("driving_sim", "batches", *names)
    order = np.empty(0, np.int64)
    for _ in range(steps):
        while len(order) < size:
            order = np.concatenate([order, rng.permutation(count)])
        yield torch.from_numpy(order[:size].copy())
        order = order[size:]
