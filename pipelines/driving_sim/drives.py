"""Drives of whole splits: who drives by name, and what each drive comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from measurand.errors import InputError
from pipelines.driving_sim import networks, planners, rails, reinforce, train
from pipelines.driving_sim.measures import OFF_ROUTE
from pipelines.driving_sim.scenario import Scenario
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
    """

    name: str
    planner: Planner
    space: Space
    draws: bool


def driver(name: str, given: Train, checkpoint: Path, parent: str) -> Driver:
    """A rule or a trained driver by its name; ``NAME:swap`` is told another way than its route.

    Raises:
        InputError: no such driver, one that is told no route, or weights of another training.
    """
    if name in RULES:
        return Driver(name, planners.RULES[name](), "bicycle", name == "random")
    plain = name.removesuffix(SWAPPED)
    network = train.load(given, plain, checkpoint, parent)
    spec, section = train.spec_of(given, plain)
    if isinstance(spec, ImitatorSpec):
        if name != plain and not spec.route:
            raise InputError(f"{plain} is told no route", hint="swap that of one that is")
        space = SPACES[spec.space]
        told: networks.Given = "other" if name != plain else "own" if spec.route else "none"
        planner = networks.planner(network, space, told)
        return Driver(name, planner, space.space, space.values is not None)
    if name != plain:
        raise InputError(f"{plain} steers by its own route", hint="swap that of an imitator")
    assert isinstance(section, Reinforcement)
    task = train.task_of(given, spec, section)
    return Driver(name, reinforce.planner(network, task), "bicycle", True)


def drive(who: Driver, others: str, scenarios: Sequence[Scenario], seed: int = 0) -> list[Row]:
    """Rows of ``ROLLOUTS``, one a scenario, in their order.

    Args:
        who: who drives.
        others: how the other cars move.
        scenarios: what is driven; batches are of one size, so that a drive does not depend on how
            many there are.
        seed: of the draws.
    """
    rows: list[Row] = []
    for start in range(0, len(scenarios), BATCH):
        some = list(scenarios[start : start + BATCH])
        # The last batch is filled up: matrix products of another shape end in other bits.
        filled = some + [some[-1]] * (BATCH - len(some)) if len(scenarios) > BATCH else some
        batch = world(filled)
        found = rollout(
            batch,
            who.planner,
            others,
            scenario_ids=[s.scenario_id for s in filled],
            seed=seed,
            space=who.space,
        )
        made = rows_of(found, batch, filled)
        for scenario, row in zip(some, made, strict=False):
            head = {"planner": who.name, "others": others, "seed": seed}
            about = {"scenario_id": scenario.scenario_id, "family": scenario.family}
            rows.append({**head, **about, "cluster_id": scenario.scenario_id, **row})
    return rows


def rows_of(found: Rollout, batch: World, scenarios: Sequence[Scenario]) -> list[Row]:
    """What drives came to: the columns of ``ROLLOUTS`` that do not name the drive itself."""
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
