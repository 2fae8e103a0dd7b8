"""A pipeline on a named runner: its options, its time limit, its progress, its end."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import TYPE_CHECKING, Any

from measurand.beam.failures import named_error, quiet
from measurand.beam.runners import LOCAL, flags, parse, seconds
from measurand.beam.sinks import sinks_of
from measurand.errors import RunnerError
from measurand.progress import Progress

if TYPE_CHECKING:
    from apache_beam import Pipeline
    from apache_beam.options.pipeline_options import PipelineOptions

CONNECT_SECONDS = 30.0

log = logging.getLogger(__name__)


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
    quiet()
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
    quiet()
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
            raise named_error(error, name) from error
    if state != "DONE":
        if limit is not None and state in ("RUNNING", "STARTING", "STOPPED", "UNKNOWN"):
            _cancel(built.result)
            raise RunnerError(
                f"{name}: state {state} after {limit:g} s",
                code="timeout",
                hint="look at the worker's log: a worker that cannot start never answers",
            )
        raise RunnerError(f"{name} ended in state {state}")


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
    sinks = sinks_of(built)

    def written() -> int:
        return sum(sink.written() for sink in sinks)

    stop = threading.Event()
    with Progress("build", sum(sink.n_shards for sink in sinks), "shards") as progress:

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
