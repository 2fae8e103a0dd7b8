from __future__ import annotations

import http.server
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import toy_build
from beam_services import JOBS, free_port, server

from measurand import beam
from measurand.beam import services
from measurand.errors import RunnerError


class Answers(http.server.BaseHTTPRequestHandler):
    """A REST interface that says one thing."""

    said = b"{}"

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.said)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def rest() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("localhost", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"localhost:{server.server_address[1]}"
        server.shutdown()


def test_a_cluster_says_what_it_has(rest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert services.cluster("[local]") is None
    assert services.cluster(None) is None
    monkeypatch.setattr(Answers, "said", b'{"slots-total": 4, "slots-available": 1}')
    assert services.cluster(rest) == {"slots-total": 4, "slots-available": 1}


@pytest.mark.parametrize("said", [b"{}", b"<html>", b"[1]"])
def test_what_is_no_cluster_is_named(
    said: bytes, rest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answers, "said", said)
    with pytest.raises(RunnerError, match=f"no Flink cluster answers at flink_master={rest}"):
        services.cluster(rest)


def named(runner: str, out: Path) -> str:
    """What a build that cannot start says, within 15 seconds and without a file."""
    start = time.monotonic()
    with pytest.raises(RunnerError) as caught:
        toy_build.build({"rows": 200, "shards": 2}, out, runner)
    assert time.monotonic() - start < 15
    assert not out.exists()
    return str(caught.value)


def test_a_wrong_address_of_a_cluster_is_named(tmp_path: Path) -> None:
    master = f"localhost:{free_port()}"
    runner = (
        f"FlinkRunner:flink_master={master},environment_type=LOOPBACK,"
        f"flink_job_server_jar={__file__},job_server_java_launcher={sys.executable}"
    )
    said = named(runner, tmp_path / "d")
    assert f"no Flink cluster answers at flink_master={master}" in said
    assert "8081" in said


def test_a_service_that_ends_at_once_is_named(tmp_path: Path) -> None:
    program = tmp_path / "prism"
    program.write_text("#!/bin/sh\necho no memory >&2\nexit 4\n")
    program.chmod(0o755)
    said = named(f"PrismRunner:prism_location={program}", tmp_path / "d")
    assert f"its job service {program} ended with exit code 4" in said
    file = Path(said.rpartition("more in ")[2].rstrip(")"))
    assert "no memory" in file.read_text()
    file.unlink()


def test_a_program_for_another_machine_is_named(tmp_path: Path) -> None:
    program = tmp_path / "prism"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    said = named(f"PrismRunner:prism_location={program}", tmp_path / "d")
    assert "does not start" in said
    assert "built for this machine" in said


@pytest.mark.integration
def test_options_that_a_job_service_does_not_know_are_refused(tmp_path: Path) -> None:
    port = free_port()
    with server(*JOBS, "-p", str(port), port=port):
        runner = f"PortableRunner:job_endpoint=localhost:{port},environment_type=LOOPBACK"
        flag = "--number_of_execution_retries=3"
        reason = f"localhost:{port}.* has no options --number_of_execution_retries"
        with pytest.raises(RunnerError, match=reason), beam.pipeline(runner, [flag]):
            pytest.fail("the run began")
