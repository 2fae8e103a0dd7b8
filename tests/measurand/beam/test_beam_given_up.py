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
from slow_build import SLOW, started

from measurand.errors import RunnerError
from measurand.manifest import file_sha256
from measurand.verification import verify

__all__ = ["importable"]
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

OLD, NEW = {"rows": 400, "shards": 2}, {"rows": 900, "shards": 3}


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
    _, said = process.communicate(timeout=120)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert f"job service at {prism}" in said
    assert "has ended: CANCELLED" in said, said
    assert "run it again" in said
    assert "Traceback" not in said
    assert digests(out) == before
    assert verify(out) == []
    assert [p.name for p in out.parent.iterdir()] == ["d"]


def begun_in(out: Path) -> int:
    """The process that makes the rows of a build."""
    file = out.parent.parent / f"begun-{out.parent.name}"
    while not (text := file.read_text()):
        time.sleep(0.1)
    return int(text)


def test_a_worker_that_is_killed_is_named_and_the_next_run_is_right(
    out: Path, prism: str, pool: str
) -> None:
    before = digests(out)
    runner = (
        f"PortableRunner:job_endpoint={prism},environment_type=EXTERNAL,environment_config={pool}"
    )
    process = started(out, runner)
    os.kill(begun_in(out), signal.SIGKILL)
    _, said = process.communicate(timeout=100)
    assert process.returncode == 3, said
    assert f"bad_runner: PortableRunner (job service at {prism})" in said
    assert "Traceback" not in said
    assert digests(out) == before
    assert verify(out.parent) == []
    assert [p.name for p in out.parent.iterdir()] == ["d"]
    toy_build.build(NEW, out.parent / "e", "FnApiRunner")
    toy_build.build(NEW, out, runner + ",timeout_s=200")
    assert digests(out) == digests(out.parent / "e")


def test_a_job_service_that_is_killed_is_named(out: Path, pool: str) -> None:
    before = digests(out)
    binary, port = prism_runner.binary(), free_port()
    with server(binary, f"--job_port={port}", "--serve_http=false", port=port):
        process = started(
            out,
            f"PortableRunner:job_endpoint=localhost:{port},environment_type=EXTERNAL,"
            f"environment_config={pool}",
        )
    _, said = process.communicate(timeout=100)
    assert process.returncode == 3, said
    assert f"PortableRunner (job service at localhost:{port})" in said
    assert "is lost: UNAVAILABLE" in said
    assert "it does not answer" in said
    assert "Traceback" not in said
    assert digests(out) == before
    assert verify(out.parent) == []
    assert [p.name for p in out.parent.iterdir()] == ["d"]


FULL = """
import os, subprocess, sys
from pathlib import Path

import toy_build

from measurand.verification import verify

root = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "none", root], check=True)
toy_build.build({"rows": 400, "shards": 2}, root / "d", "FnApiRunner")
before = {p.name: p.read_bytes() for p in (root / "d").iterdir()}
try:
    toy_build.build({"rows": 120_000, "shards": 2, "blob_rows": 20_000}, root / "d", "FnApiRunner")
except OSError as error:
    assert error.errno == 28, error
else:
    raise SystemExit("the disk is not full")
assert {p.name: p.read_bytes() for p in (root / "d").iterdir()} == before
assert verify(root) == []
assert os.listdir(root) == ["d"]
"""


def test_a_full_disk_leaves_the_earlier_build(tmp_path: Path) -> None:
    own_disk = ("unshare", "--mount")
    mount = [*own_disk, "mount", "-t", "tmpfs", "none", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount: no small disk")
    command = [*own_disk, sys.executable, "-c", FULL, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_two_drivers_at_one_folder_leave_one_of_both_builds(tmp_path: Path) -> None:
    code = "import json, sys, toy_build; from pathlib import Path\n"
    code += "toy_build.build(json.loads(sys.argv[2]), Path(sys.argv[1]), 'FnApiRunner')"
    out = tmp_path / "both" / "d"
    wanted = []
    for i, params in enumerate((OLD, NEW)):
        toy_build.build(params, tmp_path / str(i), "FnApiRunner")
        wanted.append(digests(tmp_path / str(i)))
    for _ in range(3):
        drivers = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(out), json.dumps(params)],
                stderr=subprocess.DEVNULL,
            )
            for params in (OLD, NEW)
        ]
        assert [driver.wait() for driver in drivers] == [0, 0]
        assert digests(out) in wanted
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
        # A quick machine is done with the usual pauses before the time is out.
        toy_build.build(SLOW | {"pause_s": 2.0}, out, runner)
    assert caught.value.code == "timeout"
    assert "has ended: CANCELLED" in capfd.readouterr().err
    assert digests(out) == before
    assert [p.name for p in out.parent.iterdir()] == ["d"]
