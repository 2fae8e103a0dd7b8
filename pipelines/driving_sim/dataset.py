"""Build the dataset of scenarios: six tables whose shards of one number belong together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from measurand import beam
from measurand.errors import InputError
from measurand.parquet import rejected_table
from pipelines.driving_sim import sources
from pipelines.driving_sim.generator import scenario
from pipelines.driving_sim.recording import RecordError
from pipelines.driving_sim.scenario import Scenario, fault
from pipelines.driving_sim.sources import Entry
from pipelines.driving_sim.storage import to_tables
from schemas.driving_sim.params import Build, Params
from schemas.driving_sim.tables import DATASET

PIECE = 16
"""Scenarios that are held in memory as objects at a time."""
MADE = "Apache-2.0"
"""Licence of made scenarios."""


def build(
    params: Params, out: Path, runner: str, beam_options: Sequence[str] = (), *, journal: Path
) -> None:
    """Write the scenarios below ``out``; see :func:`write`.

    Args:
        params: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`.
        beam_options: further Beam options.
        journal: not used: no model is called.
    """
    write(params.build, out, runner, beam_options)


def write(build: Build, out: Path, runner: str, argv: Sequence[str] = ()) -> None:
    """Write the tables of :data:`DATASET` below ``out``.

    Args:
        build: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`.
        argv: further Beam options.

    Raises:
        ConservationError: a scenario was neither written nor rejected.
    """
    beam.pipeline_options(runner, argv)  # refuse a runner before anything is written
    last = build.first + build.scenarios
    keys = [f"{family}-{n}" for family in build.families for n in range(build.first, last)]
    planned = sources.plan(build.recorded)
    entries = {entry.key: entry for entry in planned.entries}
    if strange := sorted(set(keys) & set(entries)):
        raise InputError(f"{strange[0]} is both made and read", hint="rename the file")
    keys += list(entries)
    tables = [(spec, out / spec.name.split(".")[1]) for spec in DATASET]
    with beam.pipeline(runner, argv) as pipeline:
        make = Generate(build, entries)
        sinks = beam.make_tables(pipeline, keys, tables, build.n_shards, make)
    settings = build.model_dump(mode="json")
    head = sinks[0].finish(params=settings, rows_in=len(keys), sources=planned.sources)
    for sink in sinks[1:]:
        sink.finish(
            parents={"scenarios": head.logical_hash}, params=settings, sources=planned.sources
        )


@dataclass(frozen=True)
class Generate:
    """Makes the rows of made and read scenarios; see :data:`measurand.beam.MakeTables`.

    Attributes:
        build: parameters.
        entries: what is read, by key; every other key is made.
    """

    build: Build
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def __call__(self, keys: list[str]) -> Iterator[tuple[Mapping[str, pa.Table], pa.Table]]:
        """One scenario, or one rejected row, a key: ``<family>-<number>``, or an entry's."""
        for start in range(0, len(keys), PIECE):
            made, left = [], []
            for key in keys[start : start + PIECE]:
                try:
                    made.append((key, self._one(key)))
                except RecordError as error:
                    left.append((key, error.code, Exception.__str__(error)))
            by_source: dict[tuple[str, str], list[Scenario]] = {("generated", MADE): []}
            for key, found in made:
                entry = self.entries.get(key)
                what = ("generated", MADE) if entry is None else (entry.source, entry.licence)
                by_source.setdefault(what, []).append(found)
            yield {}, rejected_table(left)
            for (source, licence), some in by_source.items():
                share = self.build.test_share
                split = {s.scenario_id: split_of(s.cluster_id, share) for s in some}
                yield (
                    to_tables(some, source=source, licence=licence, split=split),
                    rejected_table([]),
                )

    def _one(self, key: str) -> Scenario:
        if key in self.entries:
            return sources.scenario_of(self.entries[key])
        family, number = key.rsplit("-", 1)
        try:
            found = scenario(family, int(number), scripted=self.build.scripted)
        except InputError as error:
            raise RecordError(str(error), code="not_made") from error
        if (why := fault(found)) is not None:
            raise RecordError(why)
        return found


def split_of(scenario_id: str, test_share: float) -> str:
    """Train or test by the hash of a name: adding scenarios moves none to the other side."""
    digest = hashlib.sha256(f"split\0{scenario_id}".encode()).digest()
    return "test" if int.from_bytes(digest[:8], "big") < test_share * 2**64 else "train"
