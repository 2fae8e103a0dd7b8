"""Drives of whole splits: who drives by name, and what each drive comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from measurand.errors import InputError
from measurand.training.repeats import folder_of
from pipelines.driving_sim import learning, networks, planners, rails, reinforce
from pipelines.driving_sim.measures import OFF_ROUTE, off_route
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.seeing import swapped_way
from pipelines.driving_sim.simulate import Planner, Rollout, Space, rollout
from pipelines.driving_sim.spaces import SPACES
from pipelines.driving_sim.world import World
from pipelines.driving_sim.worlds import world
from schemas.driving_sim.params import (
    CONTACTS,
    RULES,
    STEPS,
    SWAPPED,
    T0,
    ImitatorSpec,
    Reinforcement,
    Train,
)

BATCH = 64
"""Scenarios that are driven at once."""
STOOD = 5.0
"""Metres of a log's way below which there is no ratio to it."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Driver:
    """Who drives.

    Attributes:
        name: in every table.
        planner: what decides.
        space: its actions.
        draws: whether it draws random numbers, so that another seed is another drive.
        told: the way that it is told to take.
        training: which training of it this is.
    """

    name: str
    planner: Planner
    space: Space
    draws: bool
    told: networks.Given = "own"
    training: int = 0


def driver(
    name: str,
    given: Train,
    checkpoint: Path,
    parent: str,
    *,
    training: int = 0,
    device: str = "cpu",
) -> Driver:
    """A rule or a trained driver by its name; ``NAME:swap`` is told another way than its route.

    Args:
        name: its name.
        given: what was trained.
        checkpoint: folder of the checkpoints.
        parent: logical hash of the scenarios that it was trained on.
        training: which training of it.
        device: where its network computes.

    Raises:
        InputError: no such driver, one that is told no route, or weights of another training.
    """
    if name in RULES:
        return Driver(name, planners.RULES[name](), "bicycle", name == "random")
    plain = name.removesuffix(SWAPPED)
    given = learning.of_repeat(given, training)
    network = learning.load(given, plain, folder_of(checkpoint, training), parent).to(device)
    spec, section = learning.spec_of(given, plain)
    if isinstance(spec, ImitatorSpec):
        if name != plain and not spec.route:
            raise InputError(f"{plain} is told no route", hint="swap that of one that is")
        space = SPACES[spec.space]
        told: networks.Given = "other" if name != plain else "own" if spec.route else "none"
        planner = networks.planner(network, space, told)
        return Driver(name, planner, space.space, space.values is not None, told, training)
    if name != plain:
        raise InputError(f"{plain} steers by its own route", hint="swap that of an imitator")
    assert isinstance(section, Reinforcement)
    task = learning.task_of(given, spec, section)
    planner = reinforce.planner(network, task)
    return Driver(name, planner, "bicycle", True, training=training)


@dataclass(frozen=True)
class Batch:
    """Scenarios that are driven at once.

    Attributes:
        world: they, filled up to :data:`BATCH` where there are more than that in all.
        scenarios: the same.
        count: how many of them are not filled up.
    """

    world: World
    scenarios: tuple[Scenario, ...]
    count: int


def batched(
    scenarios: Sequence[Scenario], device: str = "cpu", *, alike: bool = False
) -> list[Batch]:
    """Batches of one size, so that a drive does not depend on how many there are.

    Args:
        scenarios: what is driven.
        device: where.
        alike: whether all arrays have one shape too, so that a step is compiled once; else they are
            as large as the largest scenario of their batch.
    """
    filled = list(scenarios)
    if len(filled) > BATCH:
        # The last batch is filled up: matrix products of another shape end in other bits.
        filled += filled[-1:] * (-len(filled) % BATCH)
    whole = world(filled).to(device) if alike and filled else None
    found = []
    for start in range(0, len(scenarios), BATCH):
        rows = slice(start, start + BATCH)
        some = tuple(filled[rows])
        made = world(some).to(device) if whole is None else whole.pick(rows)
        found.append(Batch(made, some, len(scenarios[rows])))
    return found


def drive(who: Driver, others: str, scenarios: Sequence[Scenario], seed: int = 0) -> list[Row]:
    """Rows of ``ROLLOUTS``, one a scenario, in their order.

    Args:
        who: who drives.
        others: how the other cars move.
        scenarios: what is driven.
        seed: of the draws.
    """
    return [row for some in batched(scenarios) for row in drive_batch(who, others, some, seed)[0]]


def drive_batch(
    who: Driver, others: str, batch: Batch, seed: int = 0, *, compiled: bool = False
) -> tuple[list[Row], Rollout]:
    """Rows of a batch, and where everybody was."""
    names = [s.scenario_id for s in batch.scenarios]
    with torch.no_grad():
        found = rollout(
            batch.world, who.planner, others,
            scenario_ids=names, seed=seed, space=who.space, compiled=compiled,
        )  # fmt: skip
        told = _told(who, batch.world, found)
    rows = []
    made = rows_of(found, batch.world, batch.scenarios)
    for scenario, row, way in zip(batch.scenarios[: batch.count], made, told, strict=False):
        head = {"planner": who.name, "training": who.training, "others": others, "seed": seed}
        about = {"scenario_id": scenario.scenario_id, "family": scenario.family}
        rows.append({**head, **about, "cluster_id": scenario.cluster_id, **row, **way})
        if way["told"] == "own":
            rows[-1]["off_told_step"] = row["off_route_step"]
    return rows, found


def _told(who: Driver, world: World, found: Rollout) -> list[Row]:
    """The way that a driver was told in every scenario, and the first step off another one."""
    if who.told != "other":
        return [{"told": who.told, "off_told_step": None}] * len(world)
    other, there = swapped_way(world)
    elsewhere = replace(world, on_route=other)
    steps = range(1, found.pose.shape[1])
    away = torch.stack([off_route(elsewhere, found.pose[:, t, 0]) for t in steps], 1)
    return [
        {"told": "other", "off_told_step": _first(off)} if yes else
        {"told": "own", "off_told_step": None}
        for off, yes in zip(away > OFF_ROUTE, there.tolist(), strict=True)
    ]  # fmt: skip


def rows_of(found: Rollout, batch: World, scenarios: Sequence[Scenario]) -> list[Row]:
    """What every drive comes to, without who drove and where."""
    m = found.measures
    hit, road, route = m.hit >= 0, m.road_m > 0, m.route_m > OFF_ROUTE
    logged = _logged(batch)
    pose = found.pose[:, :, 0]
    rows = []
    for k in range(len(scenarios)):
        crash = _first(hit[k])
        error = m.error_m[k][~m.error_m[k].isnan()]
        moved, own = float(m.progress_m[k, -1]), float(logged[k])
        at = None if crash is None else crash - T0 - 1
        rows.append(
            {
                "collision_step": crash,
                "collision_kind": None if at is None else CONTACTS[int(m.kind[k, at])],
                "collision_object": None if at is None else int(m.hit[k, at]),
                "off_road_step": _first(road[k]),
                "off_route_step": _first(route[k]),
                "wrong_way_step": _first(m.wrong_way[k]),
                "has_edges": not bool(m.road_m[k].isnan().all()),
                "infeasible_steps": int(found.infeasible[k].sum()),
                "ade_m": float(error.mean()) if len(error) else None,
                "fde_m": float(error[-1]) if len(error) else None,
                "progress_m": moved,
                "log_progress_m": own,
                "progress_ratio": moved / own if own >= STOOD else None,
                **{name: pose[k, :, i].tolist() for i, name in enumerate(("x", "y", "yaw", "v"))},
            }
        )
    return rows


def _first(yes: torch.Tensor) -> int | None:
    """The first step at which something is so."""
    return T0 + 1 + int(yes.to(torch.int8).argmax()) if bool(yes.any()) else None


def _logged(batch: World) -> torch.Tensor:
    """(B,) metres of the logs along their routes, to where they are last seen."""
    s = torch.zeros_like(batch.log[:, 0, 0, 0])
    for t in range(T0 + 1, STEPS):
        there = batch.valid[:, 0, t]
        found = rails.project(batch.path[:, 0], batch.log[:, 0, t, :2], s)
        s = torch.where(there, found, s)
    return s
