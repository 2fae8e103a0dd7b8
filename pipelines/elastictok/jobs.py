"""Parts of an evaluation: each runs in any process, and is kept once it is done.

A part is identified by code, data, checkpoint, parameters and its own sequences. What an
interrupted evaluation had finished is not measured again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import pyarrow as pa

from measurand import runs
from measurand.manifest import temporary, write_text
from measurand.parquet import read_shard, write_shard
from measurand.progress import Progress
from measurand.tables import Table
from measurand.training.code import MEASURING, code_of
from measurand.training.processes import deal
from pipelines.elastictok import measuring, sequences
from pipelines.elastictok.sequences import Sequences
from schemas.elastictok.params import Params
from schemas.elastictok.tables import BUDGETS, CODED, ERRORS, RATES, SEARCH_COSTS, STRIPS

TABLES: dict[str, Table] = {
    "budgets": BUDGETS,
    "coded": CODED,
    "errors": ERRORS,
    "rates": RATES,
    "strips": STRIPS,
    "search_costs": SEARCH_COSTS,
}
"""Result tables by the name of their folder."""
CHUNK = 16
"""Sequences of a part."""


@dataclass(frozen=True)
class Job:
    """One part.

    Attributes:
        kind: ``measure``, ``noise``, ``times``, ``strip`` or ``codec``.
        model: name of the model or codec.
        at: (split, number) of each sequence, in order.
        limits: (threshold, error).
        more: what else the kind needs.
    """

    kind: str
    model: str
    at: tuple[tuple[str, int], ...]
    limits: tuple[tuple[str, float], ...]
    more: str = ""


@dataclass(frozen=True)
class Place:
    """Where everything lies.

    Attributes:
        params: the parameters as JSON.
        blocks: dataset of blocks.
        checkpoint: folder of checkpoints.
        keep: folder of finished parts.
        identity: hashes of data and checkpoints, by name.
    """

    params: str
    blocks: Path
    checkpoint: Path
    keep: Path
    identity: dict[str, str] = field(hash=False)


def folder_of(place: Place, job: Job) -> Path:
    """Where a part is kept."""
    params = Params.model_validate_json(place.params)
    asked = params.evaluate.model_dump(mode="json", exclude={"models", "processes", "strips"})
    mine = place.identity.get(job.model, "") + place.identity["blocks"]
    code = _code(Path(__file__))
    return place.keep / runs.run_id("elastictok", code, mine, asked, asdict(job))


@cache
def _code(file: Path) -> str:
    return code_of(file, rooms=MEASURING)


def run(place: Place, jobs: Sequence[Job], processes: int) -> dict[str, pa.Table]:
    """Run the parts that are not there yet and put all of them together.

    Args:
        place: where everything lies.
        jobs: the parts; those of kind ``times`` run last, and nothing beside them.
        processes: parts that run at the same time.
    """
    beside = [job for job in jobs if job.kind != "times" and not folder_of(place, job).is_dir()]
    alone = [job for job in jobs if job.kind == "times" and not folder_of(place, job).is_dir()]
    done = len(jobs) - len(beside) - len(alone)
    with Progress("evaluate", len(jobs), "parts", done=done) as progress:
        for _ in deal(one, [(place, job) for job in beside], processes):
            progress.advance()
        for job in alone:
            one(place, job)
            progress.advance()
    return {name: _together(place, jobs, name, spec) for name, spec in TABLES.items()}


def one(place: Place, job: Job) -> None:
    """Run a part and keep its tables; whole or not at all."""
    params = Params.model_validate_json(place.params)
    target = folder_of(place, job)
    part = temporary(target)
    part.mkdir(parents=True)
    try:
        for name, rows in _tables(place, params, job).items():
            write_shard(TABLES[name], runs.table(TABLES[name], rows), part / f"{name}.parquet")
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _tables(place: Place, params: Params, job: Job) -> measuring.Tables:
    data = _sequences(place.blocks, job.at)
    if job.kind == "codec":
        return measuring.codec(job.model, data, params.build.block_frames)
    subject = measuring.Subject(params, job.model, place.checkpoint)
    known = dict(job.limits)
    if job.kind == "strip":
        return measuring.strip(subject, data, (job.more, known[job.more]))
    kinds = {"measure": measuring.measure, "noise": measuring.noise, "times": measuring.times}
    return kinds[job.kind](subject, data, known)


def _sequences(blocks: Path, at: Sequence[tuple[str, int]]) -> Sequences:
    parts = [
        read(blocks, split).take([i for name, i in at if name == split])
        for split in dict.fromkeys(name for name, _ in at)
    ]
    return sequences.join(parts)


@lru_cache(maxsize=4)
def read(blocks: Path, split: str) -> Sequences:
    """Sequences of a split, read once a process."""
    return sequences.read(blocks, split)


def limits(place: Place) -> measuring.Limits:
    """Error of every threshold, on the validation split; kept like a part."""
    params = Params.model_validate_json(place.params)
    name = params.elastic.name
    path = folder_of(place, Job("limits", name, (), ())).with_suffix(".json")
    if not path.is_file():
        data = read(place.blocks, "validation")
        some = data.take(sequences.spread(data.rows, params.evaluate.sequences))
        found = measuring.limits(measuring.Subject(params, name, place.checkpoint), some)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(found))
    known: measuring.Limits = json.loads(path.read_text(encoding="utf-8"))
    return known


def _together(place: Place, jobs: Sequence[Job], name: str, spec: Table) -> pa.Table:
    files = [folder_of(place, job) / f"{name}.parquet" for job in jobs]
    parts = [spec.conform(read_shard(path)) for path in files if path.is_file()]
    return pa.concat_tables([spec.schema().empty_table(), *parts])
