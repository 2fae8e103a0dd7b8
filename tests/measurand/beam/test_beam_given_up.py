"""Builds that are given up in the middle: what was published stays, the job is cancelled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import prism_runner
import pytest
import toy_build
from beam_services import POOL, free_port, importable, server

from measurand.errors import RunnerError
from measurand.manifest import file_sha256
from measurand.verification import verify

__all__ = ["importable"]
pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SLOW = {"rows": 2_000, "shards": 8, "blob_rows": 50, "pause_s": 0.3}
OLD, NEW = {"rows": 400, "shards": 2}, {"rows": 900, "shards": 3}
# The command as it stands, with another build in it.
COMMAND = """
import json, sys
from pathlib import Path

import toy_build

from measurand import cli


def call(args):
    toy_build.build(json.loads(sys.argv[2]), Path(sys.argv[1]), sys.argv[3])
    return 0


cli._call = call
raise SystemExit(cli.main())
"""


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    """The address of a running Prism."""
    binary, port = prism_runner.binary(), free_port()
    with server(binary, f"--job_port={port}", "--serve_http=false", port=port):
        yield f"localhost:{port}"


@pytest.fixture(scope="module")
def pool() -> Iterator[str]:
    """The address of a worker pool."""
    port = free_port()
    with server(*POOL, f"--service_port={port}", port=port):
        yield f"localhost:{port}"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with a published dataset."""
    toy_build.build(OLD, tmp_path / "d", "FnApiRunner")
    return tmp_path / "d"


def digests(folder: Path) -> dict[str, str]:
    return {p.name: file_sha256(p) for p in sorted(folder.iterdir())}


def started(out: Path, runner: str) -> subprocess.Popen[str]:
    """A slow build whose job has begun and has written nothing yet."""
    begun = out.parent.parent / f"begun-{out.parent.name}"
    params = SLOW | {"begun": str(begun)}
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(out), json.dumps(params), runner],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    while not begun.exists() and process.poll() is None:
        time.sleep(0.1)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_stopped_cancels_its_job(
    number: signal.Signals, out: Path, prism: str, pool: str
) -> None:
    before = digests(out)
    runner = (
        f"PortableRunner:job_endpoint={prism},environment_type=EXTERNAL,environment_config={pool}"
    )
    process = started(out, runner)
    process.send_signal(number)
    begun = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - begun < 30
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert f"job service at {prism}" in said
    assert "has ended: CANCELLED" in said, said
    assert "run it again" in said
    assert "Traceback" not in said
    assert digests(out) == before
    assert verify(out) == []
    assert [p.name for p in out.parent.iterdir()] == ["d"]


def test_a_prism_of_its_own_ends_with_the_build(out: Path) -> None:
    before = digests(out)
    process = started(out, f"PrismRunner:prism_location={prism_runner.binary()}")
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "has ended: CANCELLED" in said
    assert digests(out) == before
    assert [p.name for p in out.parent.iterdir()] == ["d"]


def test_a_lost_job_reaches_nothing_that_is_published(out: Path, prism: str, pool: str) -> None:
    before = digests(out)
    runner = (
        f"PortableRunner:job_endpoint={prism},environment_type=EXTERNAL,environment_config={pool}"
    )
    process = started(out, runner)
    process.kill()
    process.communicate()
    assert digests(out) == before
    assert verify(out.parent) == []
    assert len(list(out.parent.iterdir())) == 2
    toy_build.build(NEW, out, "FnApiRunner")
    after = digests(out)
    assert [p.name for p in out.parent.iterdir()] == ["d"]
    time.sleep(15)  # the lost job would have written its shards by now
    assert digests(out) == after
    assert verify(out.parent) == []
    assert [p.name for p in out.parent.iterdir()] == ["d"]


def test_a_time_out_says_whether_the_job_has_ended(
    out: Path, prism: str, pool: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = digests(out)
    runner = (
        f"PortableRunner:job_endpoint={prism},environment_type=EXTERNAL,environment_config={pool},"
        "timeout_s=8"
    )
    with pytest.raises(RunnerError) as caught:
        toy_build.build(SLOW, out, runner)
    assert caught.value.code == "timeout"
    assert "has ended: CANCELLED" in capfd.readouterr().err
    assert digests(out) == before
    assert [p.name for p in out.parent.iterdir()] == ["d"]
