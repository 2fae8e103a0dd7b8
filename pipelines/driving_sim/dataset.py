"""Build the dataset of scenarios: six tables whose shards of one number belong together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from measurand import beam
from measurand.errors import InputError
from measurand.parquet import rejected_table
from pipelines.driving_sim.generator import scenario
from pipelines.driving_sim.scenario import fault
from pipelines.driving_sim.storage import to_tables
from schemas.driving_sim.params import Build, Params
from schemas.driving_sim.tables import DATASET

PIECE = 16
"""Scenarios that are held in memory as objects at a time."""


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
    tables = [(spec, out / spec.name.split(".")[1]) for spec in DATASET]
    with beam.pipeline(runner, argv) as pipeline:
        sinks = beam.make_tables(pipeline, keys, tables, build.n_shards, Generate(build))
    settings = build.model_dump(mode="json")
    head = sinks[0].finish(params=settings, rows_in=len(keys))
    for sink in sinks[1:]:
        sink.finish(parents={"scenarios": head.logical_hash}, params=settings)


@dataclass(frozen=True)
class Generate:
    """Makes the rows of made scenarios; see :data:`measurand.beam.MakeTables`."""

    build: Build

    def __call__(self, keys: list[str]) -> Iterator[tuple[Mapping[str, pa.Table], pa.Table]]:
        """One scenario, or one rejected row, a key ``<family>-<number>``."""
        for start in range(0, len(keys), PIECE):
            made, left = [], []
            for key in keys[start : start + PIECE]:
                family, number = key.rsplit("-", 1)
                try:
                    found = scenario(family, int(number), scripted=self.build.scripted)
                except InputError as error:
                    left.append((key, "not_made", str(error)))
                    continue
                if (why := fault(found)) is None:
                    made.append(found)
                else:
                    left.append((key, "invalid", why))
            split = {s.scenario_id: split_of(s.scenario_id, self.build.test_share) for s in made}
            yield (
                to_tables(made, source="generated", licence="Apache-2.0", split=split),
                rejected_table(left),
            )


def split_of(scenario_id: str, test_share: float) -> str:
    """Train or test by the hash of a name: adding scenarios moves none to the other side."""
    digest = hashlib.sha256(f"split\0{scenario_id}".encode()).digest()
    return "test" if int.from_bytes(digest[:8], "big") < test_share * 2**64 else "train"
