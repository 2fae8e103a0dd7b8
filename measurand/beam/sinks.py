"""Datasets that a pipeline writes: the same bytes on every runner, checked before they count.

Beam's own Parquet sink gives other bytes at every run. Here rows are grouped by the shard that
their key hashes to, and one call writes each shard.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from measurand import shards
from measurand.attempts import Attempt
from measurand.beam.counts import count, counters
from measurand.beam.ipc import from_ipc, to_ipc
from measurand.errors import ConservationError, InfraError, SchemaError
from measurand.manifest import REJECTED_FILE, Manifest, Source, shard_name
from measurand.parquet import REJECTED, shard_of, split, write_shard
from measurand.tables import Table

if TYPE_CHECKING:
    from apache_beam import PCollection, Pipeline

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sink:
    """A dataset that a pipeline writes.

    Attributes:
        pipeline: the pipeline.
        spec: declaration of the table.
        out: dataset folder.
        attempt: where the workers write; it becomes ``out`` in :meth:`finish`.
        n_shards: number of files.
        shard_key: key column that decides the shard.
    """

    pipeline: Pipeline
    spec: Table
    out: Path
    attempt: Attempt
    n_shards: int
    shard_key: str | None

    def written(self) -> int:
        """How many shards are written."""
        names = (shard_name(i, self.n_shards) for i in range(self.n_shards))
        return sum((self.attempt.folder / name).exists() for name in names)

    def finish(
        self,
        *,
        parents: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        sources: Sequence[Source] = (),
        rows_in: int | None = None,
    ) -> Manifest:
        """Check counters against files, write the manifest, publish; after the pipeline has run.

        An earlier dataset stands in ``out`` until then.

        Args:
            parents: logical hashes of the datasets that it was made from, by name.
            params: parameters of the build.
            sources: outside material.
            rows_in: rows that must come out or be rejected, where known beforehand; otherwise the
                counter ``rows_in``, otherwise what reached the sink.

        Raises:
            ConservationError: rows were lost on the way.
            SchemaError, InputError: see :func:`measurand.shards.write_manifest`.
        """
        found = counters(self.pipeline)
        mine = None if found is None else found.get(self.spec.name, {})
        if mine is None:
            log.warning("%s: no counters; rows are counted in the files alone", self.spec.name)
        else:
            counted = mine.get("rows_in")
            if rows_in is not None and counted is not None and rows_in != counted:
                raise ConservationError(
                    f"{self.spec.name}: {rows_in} rows expected, {counted} read",
                    hint="the source is not what the parameters say",
                )
            reached = mine.get("rows_at_sink", 0) + mine.get("rejected_at_sink", 0)
            rows_in = next(n for n in (rows_in, counted, reached) if n is not None)
        self.attempt.seal()
        for unfinished in self.attempt.folder.glob(".*.tmp"):
            unfinished.unlink()  # a copy of a step that was tried twice
        manifest = shards.write_manifest(
            self.attempt.folder,
            self.spec,
            n_shards=self.n_shards,
            shard_key=self.shard_key,
            parents=parents or {},
            params=params or {},
            sources=sources,
            rows_in=rows_in,
        )
        written = {"rows_out": manifest.rows, "rejected": sum(manifest.rejected.values())}
        for name, rows in written.items():
            if mine is not None and mine.get(name, 0) != rows:
                # A bundle that was tried twice counts twice where a runner reports attempts.
                log.warning(
                    "%s: counter %s is %s, files hold %s", self.out, name, mine.get(name, 0), rows
                )
        self.attempt.publish()
        return manifest


def sinks_of(pipeline: Pipeline) -> list[Sink]:
    """The sinks that a pipeline was given so far."""
    found: list[Sink] = vars(pipeline).setdefault("measurand_sinks", [])
    return found


def to_shards(
    tables: PCollection[bytes],
    spec: Table,
    out: Path,
    n_shards: int = 1,
    shard_key: str | None = None,
    *,
    rejected: PCollection[bytes] | None = None,
) -> Sink:
    """Write Arrow IPC bytes (see :func:`to_ipc`) as the shards of a dataset.

    Call the sink's ``finish`` after the pipeline has run: it publishes what was written.
    Workers must see the same file system, and the rows of one shard must fit in memory.

    Args:
        tables: tables with the columns of ``spec``, of any size and in any order.
        spec: declaration of the table.
        out: dataset folder.
        n_shards: number of files; each is written, even without a row.
        shard_key: key column that decides the shard; the first of the key by default.
        rejected: tables of ``REJECTED``: the rows left out, each with its reason.

    Raises:
        SchemaError: at run time, naming column, rule, rows and values; equal keys included.
    """
    import apache_beam

    sink = _opened(tables.pipeline, spec, out, n_shards, shard_key)
    keyed = tables | f"{spec.name}: split" >> apache_beam.FlatMap(
        _split, spec, n_shards, sink.shard_key
    ).with_output_types(tuple[int, bytes])
    every = tables.pipeline | f"{spec.name}: every shard" >> apache_beam.Create(
        [(i, b"") for i in range(n_shards)], reshuffle=False
    ).with_output_types(tuple[int, bytes])
    _ = (
        (keyed, every)
        | f"{spec.name}: both" >> apache_beam.Flatten()
        | f"{spec.name}: group" >> apache_beam.GroupByKey()
        | f"{spec.name}: write"
        >> apache_beam.Map(_write, spec, sink.attempt.folder, n_shards).with_output_types(str)
    )
    if rejected is not None:
        _to_rejected(rejected, spec, sink.attempt.folder)
    return sink


Make = Callable[[list[str]], Iterable[tuple[pa.Table, pa.Table]]]
"""From keys to their rows: pieces of (rows of the table, rows of ``REJECTED``)."""
MakeTables = Callable[[list[str]], Iterable[tuple[Mapping[str, pa.Table], pa.Table]]]
"""The same for several tables: pieces of (rows by the table's name, rows of ``REJECTED``)."""


def make_shards(
    pipeline: Pipeline,
    keys: Sequence[str],
    spec: Table,
    out: Path,
    n_shards: int,
    make: Make,
    *,
    one_row: bool = True,
) -> Sink:
    """Make the rows of known keys, each shard in one step: nothing is shuffled.

    A worker holds the rows of one shard at a time. Call the sink's ``finish`` after the pipeline
    has run.

    Args:
        pipeline: the pipeline.
        keys: values of the first key column, which decides the shard.
        spec: declaration of the table.
        out: dataset folder; an earlier build stands until ``finish``.
        n_shards: number of files; each is written, even without a row.
        make: picklable; called once a shard, with the shard's keys sorted. What it needs beyond
            the keys it should load at its first call and keep.
        one_row: every key must give one row, or one rejected row; otherwise ``make`` counts
            ``rows_in`` itself (see :func:`count`).

    Raises:
        SchemaError: at run time, where a row breaks a rule or does not belong to the shard.
    """
    single = _Single(make, spec.name)
    return make_tables(pipeline, keys, [(spec, out)], n_shards, single, one_row=one_row)[0]


@dataclass(frozen=True)
class _Single:
    """A maker of one table as one of several."""

    make: Make
    name: str

    def __call__(self, keys: list[str]) -> Iterator[tuple[Mapping[str, pa.Table], pa.Table]]:
        for rows, rejected in self.make(keys):
            yield {self.name: rows}, rejected


def make_tables(
    pipeline: Pipeline,
    keys: Sequence[str],
    tables: Sequence[tuple[Table, Path]],
    n_shards: int,
    make: MakeTables,
    *,
    one_row: bool = True,
) -> list[Sink]:
    """Make several tables of the same keys at once, as :func:`make_shards` makes one.

    All have the same first key column, so that shards of one number belong together.

    Args:
        pipeline: the pipeline.
        keys: values of that column.
        tables: declarations and folders; rejected rows go to the first.
        n_shards: number of files of each.
        make: see :data:`MakeTables`; a table that a piece does not name has no rows in it.
        one_row: of the first table, as for :func:`make_shards`; the others have any number.

    Returns:
        Sinks in the order of ``tables``.
    """
    import apache_beam

    sinks = [_opened(pipeline, spec, out, n_shards, None) for spec, out in tables]
    first = sinks[0]
    groups: list[list[str]] = [[] for _ in range(n_shards)]
    for key in keys:
        groups[shard_of(key, n_shards)].append(key)
    name = first.spec.name
    parts = [(sink.spec, sink.attempt.folder) for sink in sinks]
    rejected = (
        pipeline
        | f"{name}: keys" >> apache_beam.Create(list(enumerate(map(sorted, groups))))
        | f"{name}: spread" >> apache_beam.Reshuffle()
        | f"{name}: make"
        >> apache_beam.FlatMap(_make, parts, n_shards, make, one_row).with_output_types(bytes)
    )
    _to_rejected(rejected, first.spec, first.attempt.folder)
    return sinks


def _opened(
    pipeline: Pipeline, spec: Table, out: Path, n_shards: int, shard_key: str | None
) -> Sink:
    """A sink with an attempt of its own, known to its pipeline."""
    shard_key = shards.check_sharding(spec, n_shards, shard_key)
    attempt = shards.begin(out, spec)
    sink = Sink(pipeline, spec, attempt.out, attempt, n_shards, shard_key)
    sinks_of(pipeline).append(sink)
    return sink


def _to_rejected(rejected: PCollection[bytes], spec: Table, out: Path) -> None:
    import apache_beam

    _ = (
        rejected
        | f"{spec.name}: rejected"
        >> apache_beam.Map(lambda blob: (0, blob)).with_output_types(tuple[int, bytes])
        | f"{spec.name}: group rejected" >> apache_beam.GroupByKey()
        | f"{spec.name}: write rejected"
        >> apache_beam.Map(_write_rejected, spec, out).with_output_types(str)
    )


def _standing(folder: Path) -> Path:
    """The folder of an attempt, where it still is: a job that was given up makes no new one."""
    if not folder.is_dir():
        raise InfraError(
            f"{folder} is not there",
            hint="the build was given up, or this worker does not see its folder",
            code="no_folder",
        )
    return folder


def _split(
    blob: bytes, spec: Table, n_shards: int, shard_key: str | None
) -> Iterator[tuple[int, bytes]]:
    table = spec.conform(from_ipc(blob))
    count(spec, "rows_at_sink", table.num_rows)
    for index, part in split(table, shard_key, n_shards).items():
        yield index, to_ipc(part)


def _write(group: tuple[int, Iterable[bytes]], spec: Table, out: Path, n_shards: int) -> str:
    index, blobs = group
    parts = [spec.conform(from_ipc(blob)) for blob in blobs if blob]
    table = pa.concat_tables(parts) if parts else spec.schema().empty_table()
    name = shard_name(index, n_shards)
    write_shard(spec, table, _standing(out) / name)
    count(spec, "rows_out", table.num_rows)
    return name


def _make(
    group: tuple[int, list[str]],
    parts: Sequence[tuple[Table, Path]],
    n_shards: int,
    make: MakeTables,
    one_row: bool = True,
) -> Iterator[bytes]:
    index, keys = group
    if one_row:
        count(parts[0][0], "rows_in", len(keys))
    rows = {spec.name: [spec.schema().empty_table()] for spec, _ in parts}
    specs = {spec.name: spec for spec, _ in parts}
    left = [REJECTED.schema().empty_table()]
    for made, rejected in make(keys) if keys else ():
        for name, table in made.items():
            rows[name].append(specs[name].conform(table))
        left.append(REJECTED.conform(rejected))
    for spec, out in parts:
        table = pa.concat_tables(rows.pop(spec.name))
        if strangers := set(table.column(spec.key[0]).to_pylist()) - set(keys):
            raise SchemaError(f"{spec.name}: rows of other keys were made: {sorted(strangers)[:3]}")
        count(spec, "rows_at_sink", table.num_rows)
        write_shard(spec, table, _standing(out) / shard_name(index, n_shards))
        count(spec, "rows_out", table.num_rows)
    if (refused := pa.concat_tables(left)).num_rows:
        yield to_ipc(refused)


def _write_rejected(group: tuple[int, Iterable[bytes]], spec: Table, out: Path) -> str:
    parts = [REJECTED.conform(from_ipc(blob)) for blob in group[1]]
    table = pa.concat_tables(parts)
    count(spec, "rejected_at_sink", table.num_rows)
    shards.write_rejected(_standing(out), table)
    count(spec, "rejected", table.num_rows)
    return REJECTED_FILE
