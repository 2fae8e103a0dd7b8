"""A pipeline on a named runner: its options, its time limit, its progress, its end."""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import TYPE_CHECKING, Any

from measurand.beam import messages, processes, services, work
from measurand.beam.cancelling import ENDED, give_up
from measurand.beam.counts import counters
from measurand.beam.failures import named_error, quiet
from measurand.beam.runners import LOCAL, PORTABLE, flags, parse, refuse_unknown, require, seconds
from measurand.beam.sameness import ask_workers
from measurand.beam.sinks import sinks_of
from measurand.beam.waiting import Waiting
from measurand.errors import RunnerError
from measurand.progress import Progress

if TYPE_CHECKING:
    from apache_beam import Pipeline
    from apache_beam.options.pipeline_options import PipelineOptions

SUBMIT_SECONDS = 10.0
"""How long an interrupted submission may take to end, so that its job can be cancelled."""

log = logging.getLogger(__name__)


def pipeline_options(runner: str = LOCAL, argv: Sequence[str] = ()) -> PipelineOptions:
    """Beam options of a runner.

    Args:
        runner: ``FnApiRunner`` (one process), ``FnApiRunner:threads=2``,
            ``FnApiRunner:processes=2``, or ``PortableRunner``, ``PrismRunner``, ``FlinkRunner``,
            ``SparkRunner``, ``DataflowRunner`` with their options after a colon, such as
            ``PortableRunner:job_endpoint=localhost:8099,environment_type=LOOPBACK``. The
            portable ones take ``timeout_s``, after which a run is given up.
        argv: further options in Beam's own form, passed through.

    Raises:
        RunnerError: the runner is refused or unknown, it has no such option, or what it needs
            (a binary, a jar, an address) is not at hand.
    """
    quiet()
    from apache_beam.options.pipeline_options import PipelineOptions

    name, settings = parse(runner)
    if any(a.split("=")[0] == "--runner" for a in argv):
        raise RunnerError(f"--runner in {list(argv)}", hint="name the runner in one place")
    words = [f"--runner={name}", *flags(name, settings), *argv]
    if name not in _WITH_A_JOB_SERVICE:
        refuse_unknown(name, words, PipelineOptions([]).get_all_options())
    found = _parsed(words)
    if name in PORTABLE:
        words += [f"--{key}={value}" for key, value in require(name, found).items()]
        _parsed(words)
    return PipelineOptions(words)


_WITH_A_JOB_SERVICE = ("PortableRunner", "FlinkRunner", "SparkRunner")
"""Runners whose service has options of its own: what is unknown is only known when it is there."""


def _parsed(words: list[str]) -> dict[str, Any]:
    from apache_beam.options.pipeline_options import PipelineOptions

    with redirect_stderr(io.StringIO()) as usage:
        try:
            found: dict[str, Any] = PipelineOptions(words).get_all_options(
                retain_unknown_options=True
            )
        except (SystemExit, ValueError) as error:
            reason = (usage.getvalue() or str(error)).strip().splitlines()[-1]
            raise RunnerError(f"Beam refuses {words}: {reason}") from error
    return found


@contextmanager
def pipeline(
    runner: str = LOCAL, argv: Sequence[str] = (), *, timeout_s: float | None = None
) -> Iterator[Pipeline]:
    """A Beam pipeline that runs when the block ends, with progress on standard error.

    A job that runs elsewhere is cancelled when this process gives it up: by an exception, an
    interrupt or a time-out.

    Args:
        runner: see :func:`pipeline_options`.
        argv: further Beam options.
        timeout_s: give up a portable run after so many seconds; without it a run whose worker
            cannot start waits for ever. ``timeout_s`` in the runner string means the same.

    Raises:
        RunnerError: the runner is refused, failed or ran out of time.
        WorkerError: a worker has other code or other packages.
        PlaceError: a worker does not see the build's folder.
        MeasurandError: whatever named error a step of the pipeline raised.
    """
    quiet()
    import apache_beam

    name, settings = parse(runner)
    limit = seconds(settings.get("timeout_s") if timeout_s is None else str(timeout_s))
    if limit is not None and name == LOCAL:
        raise RunnerError(f"{LOCAL} cannot be timed out", hint="it runs in this very process")
    options = pipeline_options(runner, argv)
    if name == LOCAL and "processes" not in settings:
        built = apache_beam.Pipeline(options=options)
        with _whole_or_nothing(built):
            with _plain_names():
                yield built
            _run_here(built)
        return
    words = [*flags(name, settings), *argv]
    with messages.kept() as file:
        try:
            with _served(name, options, words, limit) as where:
                built = apache_beam.Pipeline(options=options)
                with _whole_or_nothing(built):
                    with _plain_names():
                        yield built
                    if name == LOCAL:
                        _run_here(built)
                        os.truncate(file, 0)  # its workers say something at every run
                    else:
                        _run_elsewhere(built, where, limit)
        except RunnerError as error:
            if file.stat().st_size:
                error.hint = "; ".join(filter(None, [error.hint, f"more in {file}"]))
            raise


@contextmanager
def _whole_or_nothing(built: Pipeline) -> Iterator[None]:
    """Remove what was written where the block fails: nothing of it is published."""
    try:
        yield
    except BaseException:
        for sink in sinks_of(built):
            sink.attempt.remove()
        raise


@contextmanager
def _plain_names() -> Iterator[None]:
    """Below IPython Beam would name steps after cells, and load data frames that pandas 3 breaks.

    A build is the same wherever it is called.
    """
    from apache_beam.utils import interactive_utils

    asked = interactive_utils.is_in_ipython
    interactive_utils.is_in_ipython = lambda: False
    try:
        yield
    finally:
        interactive_utils.is_in_ipython = asked


@contextmanager
def _served(
    name: str, options: PipelineOptions, words: list[str], limit: float | None
) -> Iterator[str]:
    """The runner in words, with its address, while its service is there."""
    from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions

    patience = min(limit or services.REACH_SECONDS, services.REACH_SECONDS)
    with services.job_service(name, options, patience) as endpoint:
        if endpoint is None or endpoint == "embed":
            yield name
            return
        if name in _WITH_A_JOB_SERVICE:
            known = {*PipelineOptions([]).get_all_options(), *services.options_of(endpoint)}
            refuse_unknown(f"{name} (job service at {endpoint})", words, known)
        options.view_as(PortableOptions).job_endpoint = endpoint
        yield f"{name} (job service at {endpoint})"


def _run_here(built: Pipeline) -> None:
    from apache_beam.options.pipeline_options import DirectOptions

    apart = built.options.view_as(DirectOptions).direct_running_mode == "multi_processing"
    if apart:
        ask_workers(built)
    with _heartbeat(built):
        try:
            built.result = processes.watched(built.run) if apart else built.run()
            state = built.result.wait_until_finish()
        except Exception as error:
            raise named_error(error, LOCAL) from error
    if state != "DONE":
        raise RunnerError(f"{LOCAL} ended in state {state}")


def _run_elsewhere(built: Pipeline, where: str, limit: float | None) -> None:
    ask_workers(built)
    submission = _Submission(built)
    waiting = Waiting(built.options.get_all_options(retain_unknown_options=True))
    try:
        with _heartbeat(built, lambda: waiting.reason(submission.taken)):
            try:
                built.result = submission.result(limit)
                duration = None if limit is None else int(limit * 1000)
                state = built.result.wait_until_finish(duration=duration)
                if state == "DONE":
                    # A service that ends with this block is asked for its counters while it lives.
                    counters(built)
            except Exception as error:
                raise named_error(error, where) from error
        if state not in ENDED and limit is not None:
            raise RunnerError(
                f"{where}: state {state} after {limit:g} s",
                code="timeout",
                hint="look at the workers' log: a worker that cannot start never answers",
            )
        if state != "DONE":
            raise RunnerError(f"{where} ended in state {state}")
    except BaseException:
        # A submission that failed has left no job.
        if not submission.failed and (said := give_up(submission.late(), where)):
            print(f"{work.of(built).label}: {said}", file=sys.stderr, flush=True)
        raise


class _Submission:
    """Handing a job over, on a thread: an interrupt in the middle of it must not lose the job."""

    def __init__(self, built: Pipeline) -> None:
        self._result: Any = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._submit, args=(built,), daemon=True)
        self._thread.start()

    def _submit(self, built: Pipeline) -> None:
        try:
            self._result = built.run()
        except Exception as error:
            self._error = error

    def result(self, limit: float | None) -> Any:
        """Beam's handle of the job, once it is handed over.

        Raises:
            RunnerError: code ``timeout``: it is not after so many seconds.
        """
        self._thread.join(limit)
        if self._thread.is_alive():
            raise RunnerError(
                f"the job service has not taken the job after {limit:g} s",
                code="timeout",
                hint="look at its log",
            )
        if self._error is not None:
            raise self._error
        return self._result

    @property
    def taken(self) -> Any:
        """The handle where the service has the job; null before."""
        return self._result

    @property
    def failed(self) -> bool:
        """Whether the service refused the job."""
        return self._error is not None

    def late(self) -> Any:
        """The same after an interrupt; null where it does not come."""
        self._thread.join(SUBMIT_SECONDS)
        return self._result


@contextmanager
def _heartbeat(built: Pipeline, reason: Callable[[], str] | None = None) -> Iterator[None]:
    """Progress while the pipeline runs: a line at least every 15 s in a log.

    Args:
        built: the pipeline.
        reason: asked while nothing is written yet; what the job waits for.
    """
    doing = work.of(built)
    stop = threading.Event()
    idle = "" if doing.total or doing.place else "what the tables are made of is computed first"
    before = doing.done()
    with Progress(doing.label, doing.total or None, doing.unit, done=before) as progress:

        def beat() -> None:
            while not stop.wait(0.5):
                done = doing.done()
                progress.note = (reason() if reason and done == before else "") or idle
                progress.advance(done - progress.done)

        thread = threading.Thread(target=beat, name="build progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            progress.note = ""
            progress.advance(doing.done() - progress.done)
