"""Job services and worker pools on this machine, for tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import toy_build

ROOT = Path(__file__).parents[2]
JOBS = (sys.executable, "-m", "apache_beam.runners.portability.local_job_service_main")
POOL = (sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main")


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    """Let worker processes import what this process imports, with this interpreter."""
    folders = [str(ROOT), str(Path(toy_build.__file__).parent), os.environ.get("PYTHONPATH", "")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, folders)))
        # Beam's worker pool starts whatever `python` is first in PATH.
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        yield


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("localhost", 0))
        port: int = s.getsockname()[1]
        return port


@contextmanager
def server(
    *command: str, port: int, cwd: Path | None = None, log: Path | None = None
) -> Iterator[None]:
    """A service in a process group of its own, up before and gone after the block.

    Args:
        command: the program and its words.
        port: where it listens.
        cwd: its working folder.
        log: takes what it says; without it nobody does.
    """
    said = (log or Path(os.devnull)).open("ab")
    process = subprocess.Popen(
        command,
        stdout=said,
        stderr=said,
        start_new_session=True,
        cwd=cwd,
    )
    said.close()
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket() as s:
                if s.connect_ex(("localhost", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            pytest.fail(f"{command} did not start")
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
