"""What a runner has and says of itself: the part of ``measurand doctor`` that asks it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from measurand.beam import services
from measurand.beam.failures import quiet
from measurand.beam.runners import LOCAL
from measurand.beam.running import pipeline, pipeline_options
from measurand.beam.sameness import recorded
from measurand.beam.sinks import to_shards
from measurand.errors import MeasurandError, PlaceError, RunnerError, WorkerError
from measurand.progress import reporting
from measurand.tables import Column, Table

PROBE_SECONDS = 60.0
PROBE = Table(
    name="measurand.probe",
    version="1.0.0",
    key=("number",),
    doc="A row that shows that a worker works.",
    columns=(Column("number", pa.int64(), "a number"),),
)
Line = tuple[str, str, str, str]
"""(what was looked at, ``ok``, ``missing`` or ``wrong``, what was found, what to do)."""


def ask_runner(runner: str, argv: Sequence[str], place: Path) -> Iterator[Line]:
    """Look at a runner as a build would use it; a probe job writes a row into ``place``.

    Args:
        runner: see :func:`measurand.beam.pipeline_options`.
        argv: further Beam options.
        place: a folder where builds write; what the probe writes there goes again.
    """
    quiet()
    try:
        options = pipeline_options(runner, argv)
    except RunnerError as error:
        yield "runner", "wrong", error.args[0], error.hint
        return
    name = runner.partition(":")[0]
    yield "runner", "ok", name, ""
    if name != LOCAL:
        found = options.get_all_options(retain_unknown_options=True)
        try:
            if (said := services.cluster(found.get("flink_master"))) is not None:
                yield _cluster(found["flink_master"], said)
            if endpoint := found["job_endpoint"]:
                services.reach(endpoint, services.REACH_SECONDS)
                yield "job service", "ok", f"{endpoint} answers", ""
        except RunnerError as error:
            yield "job service", "wrong", error.args[0], error.hint
            return
    yield from _probe(runner, argv, place)


def _cluster(master: str, said: dict[str, object]) -> Line:
    free, total = said["slots-available"], said["slots-total"]
    found = (
        f"{master}: Flink {said.get('flink-version')}, {said.get('taskmanagers')} task managers, "
        f"{free} of {total} slots free, {said.get('jobs-running')} jobs running"
    )
    if free:
        return "cluster", "ok", found, ""
    return "cluster", "wrong", found, "wait for a job to end, or start more task managers"


def _probe(runner: str, argv: Sequence[str], place: Path) -> Iterator[Line]:
    """Run a job of one row as builds do: same questions to the workers, same way of writing."""
    import apache_beam

    from measurand.beam.ipc import to_ipc

    blob = to_ipc(PROBE.from_columns({"number": [1]}))
    limit = None if runner.startswith(LOCAL) else PROBE_SECONDS
    try:
        place.mkdir(parents=True, exist_ok=True)
        with reporting(None), recorded() as asked, pipeline(runner, argv, timeout_s=limit) as p:
            sink = to_shards(p | apache_beam.Create([blob]), PROBE, place / "probe")
        written = sink.written()
        sink.attempt.remove()
    except PlaceError as error:
        yield "workers' code", "ok", "as here", ""
        yield "place", "wrong", error.args[0], error.hint
    except WorkerError as error:
        yield "workers' code", "wrong", error.args[0], error.hint
    except (MeasurandError, OSError) as error:
        hint = error.hint if isinstance(error, MeasurandError) else "look at the folder"
        yield "workers", "wrong", str(error.args[0] if error.args else error), hint
    else:
        own = f"{len(asked[0]['packages'])} packages" if asked else "this process"
        yield "workers' code", "ok", f"as here ({own})", ""
        state = "ok" if written == 1 else "wrong"
        found = f"workers write below {place}" if written == 1 else "nothing was written there"
        yield "place", state, found, "" if written == 1 else "share the folder with the workers"
