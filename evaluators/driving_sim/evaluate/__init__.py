"""Drive every scenario of the test split: rows of drives, of traffic, of checks, and items."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from measurand import runs, shards
from measurand.errors import InputError
from measurand.manifest import read_manifest
from measurand.results import RESULTS, slice_text
from measurand.stats.resample import rng_for
from measurand.tables import Table
from measurand.training.device import device_of
from measurand.training.processes import deal
from pipelines.driving_sim import agents, generator, jobs, speed
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.storage import to_tables
from schemas.driving_sim.params import RULES, Params
from schemas.driving_sim.tables import (
    AGENTS,
    CHECKS,
    DATASET,
    FILMS,
    ROLLOUTS,
    THROUGHPUT,
    TRAINING,
)

SYSTEM = "driving_sim"
GENERATED = "generated"
Row = dict[str, Any]
FAILURES = {
    "collision": "collision_step",
    "off_road": "off_road_step",
    "off_route": "off_route_step",
    "wrong_way": "wrong_way_step",
}
"""Item metrics that are 1 where a step is said, and 0 where none is."""


def evaluate(
    params: Params,
    data: Path,
    model: str | None,
    out: Path,
    *,
    journal: Path,
    limit: int | None = None,
) -> None:
    """Write ``rollouts``, ``films``, ``agents``, ``checks``, ``throughput`` and ``items``.

    ``training`` is that of the checkpoint.

    Args:
        params: parameters.
        data: folder with ``dataset/`` and ``checkpoint/``.
        model: must be None: what is measured are rules and the drivers of the checkpoint.
        out: folder to write to.
        journal: folder where drives are kept, so that a killed run goes on.
        limit: only the first so many scenarios of each family; marks the results partial.

    Raises:
        InputError: a model was given, nothing was trained, or there is no scenario to drive.
    """
    if model is not None:
        raise InputError(
            f"{SYSTEM} measures rules and the drivers that it trained, not {model}",
            hint="leave --model out",
        )
    dataset, checkpoint = data / "dataset", data / "checkpoint"
    if not (checkpoint / "training").is_dir():
        raise InputError(
            f"{checkpoint} holds no training", hint=f"run `measurand train {SYSTEM}` first"
        )
    parent = read_manifest(dataset / "scenarios").logical_hash
    batches = jobs.batches_of(dataset, parent, limit)
    if not batches:
        raise InputError(f"{dataset} has no scenario to drive", hint="raise build.test_share")
    todo = jobs.jobs(params, data, parent, limit, journal)
    alone = device_of(params.train.device) == "cuda"
    for _ in deal(jobs.do, [(job,) for job in todo], 1 if alone else params.evaluate.processes):
        pass
    heads = _heads(dataset)
    drives = pa.concat_tables(jobs.read(todo, "rollouts"))
    drives = _clustered(drives, heads)
    judged = [row for b in batches for w in params.evaluate.worlds for row in agents.judged(b, w)]
    scenarios = [s for b in batches for s in b.scenarios[: b.count]]
    asked = params.evaluate
    known = runs.run_id(parent, params.model_dump(mode="json"))
    config = {"evaluate": asked.model_dump(mode="json"), "partial": limit is not None}

    def write(name: str, table: Table, rows: pa.Table) -> None:
        shards.write_dataset(out / name, table, rows, parents={"scenarios": parent}, params=config)

    write("rollouts", ROLLOUTS, drives)
    write("films", FILMS, pa.concat_tables(jobs.read(todo, "films")))
    write("agents", AGENTS, _clustered(runs.table(AGENTS, judged), heads))
    write("checks", CHECKS, runs.table(CHECKS, list(_checks(params, dataset, batches, heads))))
    fast = speed.throughput(scenarios, asked.worlds, asked.throughput, compiled=asked.compiled)
    write("throughput", THROUGHPUT, runs.table(THROUGHPUT, fast))
    write("training", TRAINING, shards.read_table(checkpoint / "training"))
    columns = [c.name for c in ROLLOUTS.columns if c.name not in ("x", "y", "yaw", "v")]
    found = [{**row, "run_id": known} for row in items(drives.select(columns).to_pylist())]
    write("items", RESULTS, runs.results_table(found))


def _heads(dataset: Path) -> dict[str, Row]:
    """Rows of the scenarios' table by id."""
    rows = shards.read_table(dataset / "scenarios").to_pylist()
    return {row["scenario_id"]: row for row in rows}


def _clustered(table: pa.Table, heads: Mapping[str, Row]) -> pa.Table:
    """The table with the clusters that the dataset names."""
    names = table["scenario_id"].to_pylist()
    clusters = pa.array([heads[name]["cluster_id"] for name in names], pa.string())
    return table.set_column(table.schema.get_field_index("cluster_id"), "cluster_id", clusters)


def _checks(
    params: Params, dataset: Path, batches: tuple[Any, ...], heads: Mapping[str, Row]
) -> Iterator[Row]:
    """Every test scenario's log; a share of them is made again and compared with what is stored."""
    scenarios = [s for b in batches for s in b.scenarios[: b.count]]
    pairs = [n for b in batches for n in agents.log_overlaps(b.world)[: b.count]]
    made = [s for s in scenarios if heads[s.scenario_id]["source"] == GENERATED]
    many = math.ceil(len(made) * params.evaluate.rebuilt)
    order = rng_for(SYSTEM, "rebuilt", len(made)).permutation(len(made))[:many]
    again = {made[k].scenario_id for k in order}
    stored = {spec.name: shards.read_table(dataset / spec.name.split(".")[1]) for spec in DATASET}
    for scenario, overlaps in zip(scenarios, pairs, strict=True):
        name = scenario.scenario_id
        yield {
            "scenario_id": name,
            "log_overlaps": overlaps,
            "rebuilt": same(params, scenario, stored, heads[name]) if name in again else None,
        }


def same(params: Params, scenario: Scenario, stored: Mapping[str, pa.Table], head: Row) -> bool:
    """Whether a made scenario comes out of the generator as it is stored, every table of it."""
    family, number = scenario.scenario_id.rsplit("-", 1)
    fresh = generator.scenario(family, int(number), scripted=params.build.scripted)
    tables = to_tables(
        [fresh], source=head["source"], licence=head["licence"],
        split={scenario.scenario_id: head["split"]},
    )  # fmt: skip
    for spec in DATASET:
        kept = stored[spec.name]
        mine = kept.filter(pc.equal(kept["scenario_id"], scenario.scenario_id))
        mine = mine.sort_by([(key, "ascending") for key in spec.key])
        wanted = tables[spec.name].sort_by([(key, "ascending") for key in spec.key])
        if spec.conform(mine).combine_chunks() != spec.conform(wanted).combine_chunks():
            return False
    return True


def items(rows: list[Row]) -> Iterator[Row]:
    """Item rows of drives: what ``compare`` and ``analyse`` read.

    Args:
        rows: of ``ROLLOUTS``, without the tracks.
    """
    for row in rows:
        rule = row["planner"] in RULES
        model = row["planner"] if rule else f"{row['planner']}:{row['training']}"
        item = f"{row['others']}|{row['scenario_id']}"
        for metric, value, reason in _values(row):
            yield {
                "system": SYSTEM,
                "model": model,
                "metric": metric,
                "item_id": item,
                "repeat": row["seed"],
                "cluster_id": row["cluster_id"],
                "value": value,
                "status": "skipped" if value is None else "ok",
                "reason": reason if value is None else None,
                "slice": slice_text({"others": row["others"], "family": row["family"]}),
                "seed": None,
                "prompt_tokens": None,
                "prompt_sha256": hashlib.sha256(item.encode()).hexdigest(),
            }


def _values(row: Row) -> Iterator[tuple[str, float | None, str]]:
    for metric, column in FAILURES.items():
        blind = metric == "off_road" and not row["has_edges"]
        yield metric, None if blind else float(row[column] is not None), "no edge of a road"
    yield "infeasible", float(row["infeasible_steps"] > 0), ""
    yield "ade", row["ade_m"], "the log is not there"
    yield "progress", row["progress_ratio"], "the log stood"
