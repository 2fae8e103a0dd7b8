"""Scenarios of a built dataset as worlds."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc

from measurand import shards
from measurand.errors import VerifyError
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.storage import from_tables
from pipelines.driving_sim.world import World
from pipelines.driving_sim.worlds import world
from schemas.driving_sim.tables import DATASET, SCENARIOS


def scenarios_of(dataset: Path, split: str) -> list[Scenario]:
    """The scenarios of a split, in the order of their ids.

    Raises:
        VerifyError: code ``parts``: a scenario has other objects than its row says.
    """
    heads = shards.read_table(dataset / "scenarios")
    heads = heads.filter(pc.equal(heads["split"], split))
    names = heads["scenario_id"]
    tables = {SCENARIOS.name: heads}
    for spec in DATASET[1:]:
        part = shards.read_table(dataset / spec.name.split(".")[1])
        tables[spec.name] = part.filter(pc.is_in(part["scenario_id"], names))
    found = from_tables(tables)
    said = dict(zip(names.to_pylist(), heads["n_objects"].to_pylist(), strict=True))
    for scenario in found:
        if len(scenario.kind) != said[scenario.scenario_id]:
            raise VerifyError(
                f"{scenario.scenario_id} has {len(scenario.kind)} of "
                f"{said[scenario.scenario_id]} objects",
                hint="build the dataset again",
                code="parts",
            )
    return found


def worlds_of(dataset: Path, split: str) -> tuple[World | None, list[Scenario]]:
    """The scenarios of a split as one batch, None where there are none, and themselves."""
    found = scenarios_of(dataset, split)
    return (world(found) if found else None), found
