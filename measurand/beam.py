"""Apache Beam: a pipeline on a named runner, and a sink whose bytes do not depend on it.

Beam's own Parquet sink gives other bytes at every run. Here rows travel as Arrow IPC bytes, are
grouped by the shard that their key hashes to, and one call writes each shard.
"""

from __future__ import annotations

import io
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pyarrow as pa

from measurand import errors, shards
from measurand.errors import ConservationError, InputError, RunnerError, SchemaError
from measurand.manifest import REJECTED_FILE, Manifest, Source, shard_name
from measurand.parquet import REJECTED, split, write_shard
from measurand.progress import Progress
from measurand.runners import LOCAL, flags, parse, seconds
from measurand.tables import Table

if TYPE_CHECKING:
    from apache_beam import PCollection, Pipeline
    from apache_beam.options.pipeline_options import PipelineOptions

CONNECT_SECONDS = 30.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Sink:
    spec: Table
    out: Path
    n_shards: int
    shard_key: str | None


_SINKS: WeakKeyDictionary[Any, list[_Sink]] = WeakKeyDictionary()


def _wanted(record: logging.LogRecord) -> bool:
    kind = record.exc_info[0] if record.exc_info else None
    named = kind is not None and issubclass(kind, errors.MeasurandError)
    return not named and not str(record.msg).startswith("apitools not found")


# Importing apache_beam without its Google Cloud extra logs a warning through the root logger, and
# a step that raises is logged with its traceback; a named error reaches the caller anyway.
for _name in (None, "apache_beam.runners.common"):
    logging.getLogger(_name).addFilter(_wanted)


def pipeline_options(runner: str = LOCAL, argv: Sequence[str] = ()) -> PipelineOptions:
    """Beam options of a runner.

    Args:
        runner: ``FnApiRunner`` (one process), ``FnApiRunner:threads=2``,
            ``FnApiRunner:processes=2``, or ``PortableRunner``, ``FlinkRunner``, ``SparkRunner``,
            ``DataflowRunner`` with their options after a colon, such as
            ``PortableRunner:job_endpoint=localhost:8099,environment_type=LOOPBACK``. The
            portable ones take ``timeout_s``, after which a run is given up.
        argv: further options in Beam's own form, passed through.

    Raises:
        RunnerError: the runner is refused or unknown, or it has no such option.
    """
    from apache_beam.options.pipeline_options import PipelineOptions

    name, settings = parse(runner)
    if any(a.split("=")[0] == "--runner" for a in argv):
        raise RunnerError(f"--runner in {list(argv)}", hint="name the runner in one place")
    words = [f"--runner={name}", *flags(name, settings), *argv]
    if name == LOCAL:
        # Beam would drop an option that it does not know; job servers may have options of theirs.
        known = PipelineOptions([]).get_all_options()
        names = [f[2:].split("=")[0] for f in words if f.startswith("--")]
        if unknown := [f"--{w}" for w in names if w not in known and not w.startswith("no_")]:
            raise RunnerError(f"{LOCAL} has no options {unknown}", hint="see the Beam options")
    options = PipelineOptions(words)
    with redirect_stderr(io.StringIO()) as usage:
        try:
            options.get_all_options()
        except (SystemExit, ValueError) as error:
            reason = (usage.getvalue() or str(error)).strip().splitlines()[-1]
            raise RunnerError(f"Beam refuses {words}: {reason}") from error
    return options


@contextmanager
def pipeline(
    runner: str = LOCAL, argv: Sequence[str] = (), *, timeout_s: float | None = None
) -> Iterator[Pipeline]:
    """A Beam pipeline that runs when the block ends, with progress on standard error.

    Args:
        runner: see :func:`pipeline_options`.
        argv: further Beam options.
        timeout_s: give up a portable run after so many seconds; without it a run whose worker
            cannot start waits for ever. ``timeout_s`` in the runner string means the same.

    Raises:
        RunnerError: the runner is refused, failed or ran out of time.
        MeasurandError: whatever named error a step of the pipeline raised.
    """
    import apache_beam

    name, settings = parse(runner)
    limit = seconds(settings.get("timeout_s") if timeout_s is None else str(timeout_s))
    if limit is not None and name == LOCAL:
        raise RunnerError(f"{LOCAL} cannot be timed out", hint="it runs in this very process")
    options = pipeline_options(runner, argv)
    endpoint = options.get_all_options().get("job_endpoint")
    if endpoint and endpoint != "embed":
        _reach(endpoint, min(limit or CONNECT_SECONDS, CONNECT_SECONDS))
    built = apache_beam.Pipeline(options=options)
    yield built
    with _heartbeat(built):
        try:
            built.result = built.run()
            duration = None if limit is None else int(limit * 1000)
            state = built.result.wait_until_finish(duration=duration)
        except Exception as error:
            raise _named(error, name) from error
    if state != "DONE":
        if limit is not None and state in ("RUNNING", "STARTING", "STOPPED", "UNKNOWN"):
            _cancel(built.result)
            raise RunnerError(
                f"{name}: state {state} after {limit:g} s",
                code="timeout",
                hint="look at the worker's log: a worker that cannot start never answers",
            )
        raise RunnerError(f"{name} ended in state {state}")


def to_ipc(table: pa.Table) -> bytes:
    """A table as Arrow IPC stream bytes, without metadata: what travels between steps."""
    plain = pa.table(table.columns, names=table.column_names)
    sink = pa.BufferOutputStream()
    # Text repeats: compressed, the steps of a large build hold an eighth of the memory.
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, plain.schema, options=options) as writer:
        # One dictionary for all batches: a stream cannot replace one.
        writer.write_table(plain.unify_dictionaries())
    return bytes(sink.getvalue())


def from_ipc(data: bytes) -> pa.Table:
    """Inverse of :func:`to_ipc`."""
    return pa.ipc.open_stream(data).read_all()


def to_shards(
    tables: PCollection[bytes],
    spec: Table,
    out: Path,
    n_shards: int = 1,
    shard_key: str | None = None,
    *,
    rejected: PCollection[bytes] | None = None,
) -> PCollection[str]:
    """Write Arrow IPC bytes (see :func:`to_ipc`) as the shards of a dataset.

    The folder is emptied of an earlier build when the pipeline is made; call :func:`finish` after
    it has run. Workers must see the same file system, and one shard's rows must fit in memory.

    Args:
        tables: tables with the columns of ``spec``, of any size and in any order.
        spec: declaration of the table.
        out: dataset folder.
        n_shards: number of files; each is written, even without a row.
        shard_key: key column that decides the shard; the first of the key by default.
        rejected: tables of ``REJECTED``: the rows left out, each with its reason.

    Returns:
        The names of the files written.

    Raises:
        SchemaError: at run time, naming column, rule, rows and values; equal keys included.
    """
    import apache_beam

    shard_key = shards.check_sharding(spec, n_shards, shard_key)
    out = Path(out).resolve()
    shards.prepare(out, spec)
    _SINKS.setdefault(tables.pipeline, []).append(_Sink(spec, out, n_shards, shard_key))
    keyed = tables | f"{spec.name}: split" >> apache_beam.FlatMap(
        _split, spec, n_shards, shard_key
    ).with_output_types(tuple[int, bytes])
    every = tables.pipeline | f"{spec.name}: every shard" >> apache_beam.Create(
        [(i, b"") for i in range(n_shards)], reshuffle=False
    ).with_output_types(tuple[int, bytes])
    files = (
        (keyed, every)
        | f"{spec.name}: both" >> apache_beam.Flatten()
        | f"{spec.name}: group" >> apache_beam.GroupByKey()
        | f"{spec.name}: write"
        >> apache_beam.Map(_write, spec, out, n_shards).with_output_types(str)
    )
    if rejected is not None:
        _to_rejected(rejected, spec, out)
    return files


Make = Callable[[list[str]], Iterable[tuple[pa.Table, pa.Table]]]
"""From keys to their rows: pieces of (rows of the table, rows of ``REJECTED``)."""


def make_shards(
    pipeline: Pipeline, keys: Sequence[str], spec: Table, out: Path, n_shards: int, make: Make
) -> None:
    """Make the rows of known keys, each shard in one step: nothing is shuffled.

    A worker holds the rows of one shard at a time. Every key must give one row, or one rejected
    row. Call :func:`finish` after the pipeline has run.

    Args:
        pipeline: the pipeline.
        keys: values of the first key column, which decides the shard.
        spec: declaration of the table.
        out: dataset folder, emptied of an earlier build at once.
        n_shards: number of files; each is written, even without a row.
        make: picklable; called once a shard, with the shard's keys sorted. What it needs beyond
            the keys it should load at its first call and keep.

    Raises:
        SchemaError: at run time, where a row breaks a rule or does not belong to the shard.
    """
    import apache_beam

    shard_key = shards.check_sharding(spec, n_shards, None)
    out = Path(out).resolve()
    shards.prepare(out, spec)
    _SINKS.setdefault(pipeline, []).append(_Sink(spec, out, n_shards, shard_key))
    groups: list[list[str]] = [[] for _ in range(n_shards)]
    for key in keys:
        groups[shards.shard_of(key, n_shards)].append(key)
    rejected = (
        pipeline
        | f"{spec.name}: keys" >> apache_beam.Create(list(enumerate(map(sorted, groups))))
        | f"{spec.name}: spread" >> apache_beam.Reshuffle()
        | f"{spec.name}: make"
        >> apache_beam.FlatMap(_make, spec, out, n_shards, make).with_output_types(bytes)
    )
    _to_rejected(rejected, spec, out)


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


def count(spec: Table, name: str, n: int = 1) -> None:
    """Add ``n`` to a counter of ``spec``; for use inside a step (``rows_in`` at the source)."""
    from apache_beam.metrics import Metrics

    Metrics.counter(spec.name, name).inc(n)


def counters(built: Pipeline) -> dict[str, dict[str, int]] | None:
    """Counters of a pipeline that has run, table -> name -> value; null if the runner has none."""
    try:
        found = built.result.metrics().query()["counters"]
    except (AttributeError, KeyError, NotImplementedError) as error:
        log.info("the runner gives no counters (%r)", error)
        return None
    values: dict[str, dict[str, int]] = {}
    for counter in found:
        table = values.setdefault(counter.key.metric.namespace, {})
        # Each step that adds to a counter reports its own share.
        name = counter.key.metric.name
        table[name] = table.get(name, 0) + int(counter.result)
    return values


def finish(
    built: Pipeline,
    out: Path,
    *,
    parents: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    sources: Sequence[Source] = (),
    rows_in: int | None = None,
) -> Manifest:
    """Check counters against files and write the manifest of one sink of a pipeline that has run.

    Args:
        built: the pipeline, after its ``with`` block.
        out: dataset folder that was given to :func:`to_shards`.
        parents: logical hashes of the datasets that it was made from, by name.
        params: parameters of the build.
        sources: outside material.
        rows_in: rows that must come out or be rejected, where known beforehand; otherwise the
            counter ``rows_in``, otherwise what reached the sink.

    Raises:
        ConservationError: rows were lost on the way.
        SchemaError, InputError: see :func:`measurand.shards.write_manifest`.
    """
    sink = next((s for s in _SINKS.get(built, []) if s.out == Path(out).resolve()), None)
    if sink is None:
        raise InputError(f"{out} is no sink of this pipeline", hint="give the folder of to_shards")
    found = counters(built)
    mine = None if found is None else found.get(sink.spec.name, {})
    if mine is None:
        log.warning("%s: no counters; rows are counted in the files alone", sink.spec.name)
    else:
        counted = mine.get("rows_in")
        if rows_in is not None and counted is not None and rows_in != counted:
            raise ConservationError(
                f"{sink.spec.name}: {rows_in} rows expected, {counted} read",
                hint="the source is not what the parameters say",
            )
        reached = mine.get("rows_at_sink", 0) + mine.get("rejected_at_sink", 0)
        rows_in = next(n for n in (rows_in, counted, reached) if n is not None)
    manifest = shards.write_manifest(
        sink.out,
        sink.spec,
        n_shards=sink.n_shards,
        shard_key=sink.shard_key,
        parents=parents or {},
        params=params or {},
        sources=sources,
        rows_in=rows_in,
    )
    written = {"rows_out": manifest.rows, "rejected": sum(manifest.rejected.values())}
    for name, rows in written.items():
        if mine is not None and mine.get(name, 0) != rows:
            # A bundle that was tried twice counts twice where a runner reports attempts.
            log.warning("%s: counter %s is %s, files hold %s", out, name, mine.get(name, 0), rows)
    return manifest


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
    write_shard(spec, table, out / name)
    count(spec, "rows_out", table.num_rows)
    return name


def _make(
    group: tuple[int, list[str]], spec: Table, out: Path, n_shards: int, make: Make
) -> Iterator[bytes]:
    index, keys = group
    count(spec, "rows_in", len(keys))
    rows, left = [spec.schema().empty_table()], [REJECTED.schema().empty_table()]
    for made, rejected in make(keys) if keys else ():
        rows.append(spec.conform(made))
        left.append(REJECTED.conform(rejected))
    table = pa.concat_tables(rows)
    key = spec.key[0]
    if strangers := set(table.column(key).to_pylist()) - set(keys):
        raise SchemaError(f"{spec.name}: rows of other keys were made: {sorted(strangers)[:3]}")
    count(spec, "rows_at_sink", table.num_rows)
    write_shard(spec, table, out / shard_name(index, n_shards))
    count(spec, "rows_out", table.num_rows)
    if (refused := pa.concat_tables(left)).num_rows:
        yield to_ipc(refused)


def _write_rejected(group: tuple[int, Iterable[bytes]], spec: Table, out: Path) -> str:
    parts = [REJECTED.conform(from_ipc(blob)) for blob in group[1]]
    table = pa.concat_tables(parts)
    count(spec, "rejected_at_sink", table.num_rows)
    shards.write_rejected(out, table)
    count(spec, "rejected", table.num_rows)
    return REJECTED_FILE


def _named(error: Exception, runner: str) -> Exception:
    """The named error that a worker raised, out of the text that Beam makes of it."""
    if isinstance(error, errors.MeasurandError):
        return error
    found = re.findall(r"measurand\.errors\.(\w+): (.*?)(?: \[while running|$)", str(error), re.M)
    for name, message in reversed(found):
        kind = getattr(errors, name, None)
        if isinstance(kind, type) and issubclass(kind, errors.MeasurandError):
            return kind(message)
    lines = [line for line in str(error).splitlines() if line.strip()]
    return RunnerError(f"{runner} failed: {lines[-1] if lines else error!r}")


def _reach(endpoint: str, seconds: float) -> None:
    import grpc  # type: ignore[import-untyped]

    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=seconds)
        except grpc.FutureTimeoutError:
            raise RunnerError(
                f"no job service answers at {endpoint}", hint="start it, or check job_endpoint"
            ) from None


def _cancel(result: Any) -> None:
    try:
        result.cancel()
    except Exception as error:
        log.info("cancelling failed: %r", error)


@contextmanager
def _heartbeat(built: Pipeline) -> Iterator[None]:
    """Progress in shards while the pipeline runs: a line at least every 15 s in a log."""
    sinks = _SINKS.get(built, [])
    total = sum(s.n_shards for s in sinks)

    def written() -> int:
        names = ((s, shard_name(i, s.n_shards)) for s in sinks for i in range(s.n_shards))
        return sum((s.out / name).exists() for s, name in names)

    stop = threading.Event()
    with Progress("build", total, "shards") as progress:

        def beat() -> None:
            while not stop.wait(0.5):
                progress.advance(written() - progress.done)

        thread = threading.Thread(target=beat, name="build progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            progress.advance(written() - progress.done)
