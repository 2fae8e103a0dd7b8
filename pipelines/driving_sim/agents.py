"""How the other objects drive: the same questions as of a planner, of all of them.

The SDC follows its log. An agent is an object that is there at the start and moves in its log; one
that stands there has no driving to be judged.
"""

from __future__ import annotations

from typing import Any

import torch

from pipelines.driving_sim import boxes, dynamics, planners
from pipelines.driving_sim.drives import Batch
from pipelines.driving_sim.edges import signed_distance
from pipelines.driving_sim.levels import LEVEL
from pipelines.driving_sim.simulate import Rollout, rollout
from pipelines.driving_sim.world import World
from schemas.driving_sim.params import T0

MOVES = 1.0
"""Metres that an agent moves in its log at least."""

Row = dict[str, Any]


def judged(batch: Batch, others: str) -> list[Row]:
    """Rows of ``AGENTS``, one a scenario."""
    names = [s.scenario_id for s in batch.scenarios]
    world = batch.world
    with torch.no_grad():
        found = rollout(world, planners.expert(), others, scenario_ids=names)
        met, met_sdc, off, bad, error = _of(world, found)
    agents = _agents(world)
    rows = []
    for k, scenario in enumerate(batch.scenarios[: batch.count]):
        mine = agents[k]
        count = int(mine.sum())

        def share(part: torch.Tensor, k: int = k, mine: torch.Tensor = mine) -> float | None:
            known = part[k][mine].double()
            known = known[~known.isnan()]
            return float(known.mean()) if len(known) else None

        rows.append(
            {
                "others": others,
                "scenario_id": scenario.scenario_id,
                "family": scenario.family,
                "cluster_id": scenario.scenario_id,
                "n_agents": count,
                "overlap": share(met),
                "overlap_sdc": share(met_sdc),
                "off_road": share(off),
                "infeasible": share(bad),
                "ade_m": share(error),
            }
        )
    return rows


def log_overlaps(world: World) -> list[int]:
    """Pairs of objects of every scenario that share ground at any step of the log."""
    found = torch.zeros(world.log.shape[0], *[world.log.shape[1]] * 2, dtype=torch.bool)
    for t in range(T0, world.log.shape[2]):
        found |= overlaps(world, world.log[:, :, t], world.valid[:, :, t])
    return [int(pairs.sum()) // 2 for pairs in found]


def overlaps(world: World, pose: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """(B, N, N) bool, which objects' boxes overlap; heights must meet."""
    b, n = valid.shape
    shape, sizes = (b, n, n, 4), (b, n, n, 2)
    pose = torch.where(valid[..., None], pose, 0)
    hit = boxes.overlap(
        pose[:, :, None].expand(shape),
        world.size[:, :, None].expand(sizes),
        pose[:, None].expand(shape),
        world.size[:, None].expand(sizes),
    )
    level = world.rise.abs() <= (world.height[:, :, None] + world.height[:, None]) / 2
    both = valid[:, :, None] & valid[:, None]
    other = ~torch.eye(n, dtype=torch.bool, device=valid.device)
    return hit & level & both & other


def _agents(world: World) -> torch.Tensor:
    """(B, N) bool."""
    start, there = world.log[:, :, T0, :2], world.valid
    away = (world.log[..., :2] - start[:, :, None]).square().sum(-1)
    moves = (torch.where(there, away, 0) > MOVES**2).any(2)
    sdc = torch.arange(there.shape[1], device=there.device) == 0
    return there[:, :, T0] & moves & ~sdc


def _of(world: World, found: Rollout) -> tuple[torch.Tensor, ...]:
    """(B, N) each: met another, met the SDC, left the road, infeasible steps, mean error."""
    steps = found.pose.shape[1]
    shape = world.log.shape[:2]
    touching = overlaps(world, found.pose[:, 0], found.valid[:, 0])
    met = torch.zeros((*shape, shape[1]), dtype=torch.bool, device=world.log.device)
    off = torch.full(shape, -torch.inf, device=world.log.device)
    bad, error, seen = (torch.zeros(shape, device=world.log.device) for _ in range(3))
    there_steps = torch.zeros_like(seen)
    for t in range(1, steps):
        pose, valid = found.pose[:, t], found.valid[:, t]
        met |= overlaps(world, pose, valid) & ~touching
        off = torch.where(valid, torch.maximum(off, _off_road(world, pose)), off)
        before = found.pose[:, t - 1]
        both = valid & found.valid[:, t - 1]
        bad += both & dynamics.infeasible(before, pose)
        there_steps += both
        logged = world.valid[:, :, T0 + t] & valid
        apart = (pose[..., :2] - world.log[:, :, T0 + t, :2]).square().sum(-1).sqrt()
        error += torch.where(logged, apart, 0)
        seen += logged
    left = torch.where(off > -torch.inf, (off > 0).to(off), torch.nan)
    return met[:, :, 1:].any(2), met[:, :, 0], left, bad / there_steps, error / seen


def _off_road(world: World, pose: torch.Tensor) -> torch.Tensor:
    """(B, N) m of the farthest corner beyond an edge of the SDC's level; NaN on another level."""
    b, n = pose.shape[:2]
    level = world.edge_valid & (world.edge_rise.abs() <= LEVEL)
    points = boxes.corners(pose, world.size).reshape(b, n * 4, 2)
    beyond = signed_distance(points, world.edges, level).reshape(b, n, 4).amax(2)
    same = world.rise[:, 0].abs() <= LEVEL
    return torch.where(same, beyond, torch.nan)
