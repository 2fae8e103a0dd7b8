"""What a portable runner needs to be there: its job service, started where asked, and its cluster.

Beam would start these itself and speak of a failure in the words of gRPC, urllib and Java.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from measurand.beam.runners import JARS, PRISM
from measurand.errors import RunnerError

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

REACH_SECONDS = 10.0
START_SECONDS = 60.0
CLUSTER_SECONDS = 5.0
IDLE_SECONDS = 60
"""A Prism whose driver was killed ends by itself after so long without a job."""


@contextmanager
def job_service(
    name: str, options: PipelineOptions, seconds: float = REACH_SECONDS
) -> Iterator[str | None]:
    """The address of a runner's job service within this block; null where the runner has none.

    Prism and the job servers of jars are started, on this machine, and end with the block.

    Args:
        name: of the runner.
        options: its options, which :func:`measurand.beam.runners.require` has seen.
        seconds: how long a service that should run may take to answer.

    Raises:
        RunnerError: the service or the cluster does not answer, naming part and address.
    """
    found = options.get_all_options()
    endpoint = found["job_endpoint"]
    if name == "FlinkRunner" and not endpoint:
        # Of a job server that runs, the cluster need not be seen from here.
        cluster(found["flink_master"])
    if endpoint and endpoint != "embed":
        reach(endpoint, seconds)
        yield endpoint
    elif name == PRISM or (name in JARS and not _is_uber(found)):
        command, endpoint = _prism(found) if name == PRISM else _jar(name, options)
        with _started(name, command, endpoint):
            yield endpoint
    else:
        yield endpoint


def _is_uber(found: dict[str, Any]) -> bool:
    """Whether Beam hands the whole jar to the cluster, without a job server."""
    return bool(found.get("flink_submit_uber_jar") or found.get("spark_submit_uber_jar"))


def reach(endpoint: str, seconds: float) -> None:
    """Wait until a job service answers.

    Raises:
        RunnerError: it does not.
    """
    import grpc  # type: ignore[import-untyped]

    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=seconds)
        except grpc.FutureTimeoutError:
            raise RunnerError(
                f"no job service answers at {endpoint}", hint="start it, or check job_endpoint"
            ) from None


def cluster(master: str | None) -> dict[str, Any] | None:
    """What a Flink cluster says of itself (slots, task managers, jobs); null for one to be started.

    Raises:
        RunnerError: nothing of Flink's answers at that address.
    """
    if not (address := rest_address(master)):
        return None
    try:
        with urllib.request.urlopen(f"{address}/overview", timeout=CLUSTER_SECONDS) as answer:
            said: dict[str, Any] = json.load(answer)
        if "slots-total" not in said:
            raise ValueError("it is no Flink")
    except (OSError, ValueError, AttributeError) as error:
        reason = getattr(error, "reason", error)
        raise RunnerError(
            f"no Flink cluster answers at flink_master={master}: {reason}",
            hint="start it, or give HOST:PORT of its REST interface (8081 by default)",
        ) from None
    return said


def rest_address(master: str | None) -> str:
    """Where a Flink cluster's REST interface is; empty where the job server starts a cluster."""
    if not master or master.startswith("["):
        return ""
    return master if "://" in master else f"http://{master}"


def options_of(endpoint: str, seconds: float = REACH_SECONDS) -> set[str]:
    """Names of the options that a job service takes beyond Beam's own; none if it cannot tell."""
    import grpc
    from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

    with grpc.insecure_channel(endpoint) as channel:
        stub = beam_job_api_pb2_grpc.JobServiceStub(channel)
        request = beam_job_api_pb2.DescribePipelineOptionsRequest()
        try:
            return {o.name for o in stub.DescribePipelineOptions(request, timeout=seconds).options}
        except grpc.RpcError:
            return set()


def _prism(found: dict[str, Any]) -> tuple[list[str], str]:
    from apache_beam.utils.subprocess_server import pick_port

    (port,) = pick_port(found.get("job_port") or None)
    return [
        found["prism_location"], f"--job_port={port}", "--serve_http=false", "--log_level=warn",
        f"--idle_shutdown_timeout={IDLE_SECONDS}s",
    ], f"localhost:{port}"  # fmt: skip


def _jar(name: str, options: PipelineOptions) -> tuple[list[str], str]:
    """Beam's own command line for a job server."""
    if name == "FlinkRunner":
        from apache_beam.options.pipeline_options import FlinkRunnerOptions
        from apache_beam.runners.portability.flink_runner import FlinkJarJobServer, FlinkRunner

        view = options.view_as(FlinkRunnerOptions)
        view.flink_master = FlinkRunner.add_http_scheme(view.flink_master)
        server = FlinkJarJobServer(options)
    else:
        from apache_beam.runners.portability.spark_runner import SparkJarJobServer

        server = SparkJarJobServer(options)
    command, endpoint = server.subprocess_cmd_and_endpoint()
    return [*command], endpoint


@contextmanager
def _started(name: str, command: list[str], endpoint: str) -> Iterator[None]:
    """A service in a process group of its own: a Ctrl-C must not end it before its job."""
    with tempfile.TemporaryDirectory(prefix="measurand-service-") as folder:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=2, start_new_session=True, cwd=folder
            )
        except OSError as error:
            raise RunnerError(
                f"{name}: its job service does not start: {command[0]}: {error.strerror}",
                hint="is it built for this machine?",
            ) from error
        try:
            _await(name, process, command, endpoint)
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _await(name: str, process: subprocess.Popen[bytes], command: list[str], endpoint: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if (code := process.poll()) is not None:
            raise RunnerError(
                f"{name}: its job service {command[0]} ended with exit code {code}",
                hint="what it said stands in the log file",
            )
        with suppress(RunnerError):
            return reach(endpoint, 0.5)
    raise RunnerError(
        f"{name}: its job service {command[0]} does not answer at {endpoint} after "
        f"{START_SECONDS:g} s",
        hint="what it said stands in the log file",
    )
