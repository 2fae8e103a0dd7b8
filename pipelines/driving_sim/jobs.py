"""All drives of one driver: a job that is done once, and kept where a killed run finds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from measurand import runs, shards
from measurand.manifest import MANIFEST
from measurand.training import tensors
from measurand.training.code import code_of
from measurand.training.device import device_of
from measurand.training.repeats import folder_of
from pipelines.driving_sim.drives import Batch, Driver, batched, drive_batch, driver
from pipelines.driving_sim.reading import scenarios_of
from pipelines.driving_sim.simulate import Rollout
from schemas.driving_sim.params import RULES, SWAPPED, Params
from schemas.driving_sim.tables import FILMS, ROLLOUTS

Row = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """A driver and where it drives.

    Attributes:
        params: parameters.
        name: the driver.
        training: which training of it.
        data: folder with ``dataset/`` and ``checkpoint/``.
        parent: logical hash of the scenarios.
        limit: only so many scenarios; None for all.
        shown: whether drives of it are shown in every family, beside its first failures.
        journal: where finished jobs are kept.
    """

    params: Params
    name: str
    training: int
    data: Path
    parent: str
    limit: int | None
    shown: bool
    journal: Path

    @property
    def place(self) -> Path:
        """Where its drives are kept: another place for other code, data, weights or settings."""
        plain = self.name.removesuffix(SWAPPED)
        about = None
        if plain not in RULES:
            folder = folder_of(self.data / "checkpoint", self.training)
            about = tensors.about(folder / f"{plain}.safetensors")
        asked = self.params.evaluate
        run = runs.run_id(
            code_of(Path(__file__)), self.parent, self.name, self.training,
            about and about["run"], asked.worlds, asked.draws, asked.compiled,
            self.limit, self.shown,
        )  # fmt: skip
        return self.journal / "drives" / f"{self.name.replace(':', '-')}-{self.training}-{run}"


def jobs(params: Params, data: Path, parent: str, limit: int | None, journal: Path) -> list[Job]:
    """Every driver: rules, trained ones, and those that are told another way."""
    lead = params.train.names[0]
    names = [(name, 0) for name in RULES]
    swapped = [name + SWAPPED for name in params.evaluate.swapped]
    for at in range(params.train.repeats):
        names += [(name, at) for name in (*params.train.names, *swapped)]
    return [
        Job(params, name, at, data, parent, limit, (name, at) == (lead, 0), journal)
        for name, at in names
    ]


def do(job: Job) -> None:
    """Drive in every world as often as asked, unless that was done."""
    if all((job.place / part / MANIFEST).is_file() for part in ("rollouts", "films")):
        return
    torch.set_num_threads(1)
    asked = job.params.evaluate
    device = device_of(job.params.train.device)
    who = driver(
        job.name, job.params.train, job.data / "checkpoint", job.parent,
        training=job.training, device=device,
    )  # fmt: skip
    rows: list[Row] = []
    films: list[Row] = []
    for others in asked.worlds:
        for seed in range(asked.draws if who.draws else 1):
            found, shown = _drives(job, who, others, seed, device)
            rows += found
            films += shown
    for name, table, made in (("rollouts", ROLLOUTS, rows), ("films", FILMS, films)):
        shards.write_dataset(job.place / name, table, runs.table(table, made))


def _drives(
    job: Job, who: Driver, others: str, seed: int, device: str
) -> tuple[list[Row], list[Row]]:
    """Rows of all scenarios, and films of a few: the first failure, and one a family if asked."""
    rows: list[Row] = []
    films: list[Row] = []
    worlds, compiled = job.params.evaluate.worlds, job.params.evaluate.compiled
    seen: set[str] = set()
    failed = False
    dataset = job.data / "dataset"
    for batch in batches_of(dataset, job.parent, job.limit, device, alike=compiled):
        made, found = drive_batch(who, others, batch, seed, compiled=compiled)
        rows += made
        for k, row in enumerate(made):
            first = not failed and fails(row)
            family = job.shown and others == worlds[-1] and row["family"] not in seen
            if seed == 0 and job.training == 0 and (first or family):
                films.append(_film(row, found, batch, k))
            failed |= first
            seen.add(row["family"])
    return rows, films


def fails(row: Row) -> bool:
    """Whether a drive crashed, left the road or its route."""
    steps = ("collision_step", "off_road_step", "off_route_step")
    return any(row[name] is not None for name in steps)


def _film(row: Row, found: Rollout, batch: Batch, k: int) -> Row:
    n = len(batch.scenarios[k].kind)
    return {
        **{name: row[name] for name in ROLLOUTS.key},
        "pose": found.pose[k, :, :n].flatten().tolist(),
        "valid": found.valid[k, :, :n].flatten().tolist(),
    }


@lru_cache(maxsize=1)
def batches_of(
    dataset: Path, parent: str, limit: int | None, device: str = "cpu", *, alike: bool = False
) -> tuple[Batch, ...]:
    """The test scenarios of a dataset in batches; ``parent`` tells datasets of one place apart."""
    return tuple(batched(limited(scenarios_of(dataset, "test"), limit), device, alike=alike))


def limited(scenarios: Sequence[Any], limit: int | None) -> list[Any]:
    """The first so many of each family, in the order of the names."""
    if limit is None:
        return list(scenarios)
    found: list[Any] = []
    taken: dict[str, int] = {}
    for scenario in scenarios:
        taken[scenario.family] = taken.get(scenario.family, 0) + 1
        if taken[scenario.family] <= limit:
            found.append(scenario)
    return found


def read(found: Sequence[Job], part: str) -> Iterator[Any]:
    """Tables of finished jobs: ``rollouts`` or ``films``."""
    for job in found:
        yield shards.read_table(job.place / part)
