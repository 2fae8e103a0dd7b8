"""Worker processes that die: Beam alone would wait for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import toy_build
from beam_services import importable

from measurand.beam import processes
from measurand.errors import RunnerError
from measurand.verification import verify

__all__ = ["importable"]
SLOW = {"rows": 2_000, "shards": 4, "blob_rows": 50, "pause_s": 0.2}


def test_what_a_run_comes_to_and_what_it_raises() -> None:
    hook = threading.excepthook
    assert processes.watched(lambda: 7) == 7

    def fails() -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        processes.watched(fails)
    assert threading.excepthook is hook


def test_descendants_are_found() -> None:
    words = [sys.executable, "-c", "import subprocess, sys; subprocess.run(['sleep', '60'])"]
    child = subprocess.Popen(words)
    try:
        deadline = time.monotonic() + 20
        while len(found := processes._descendants(child.pid)) != 1:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert {child.pid, *found} <= set(processes._descendants(os.getpid()))
        assert processes._descendants(found[0]) == []
        os.kill(found[0], signal.SIGKILL)
    finally:
        child.kill()
        child.wait()


@pytest.mark.integration
@pytest.mark.timeout(120)
def test_a_worker_process_that_is_killed_ends_the_build_by_name(tmp_path: Path) -> None:
    toy_build.build({"rows": 400, "shards": 2}, tmp_path / "d", "FnApiRunner")
    begun = tmp_path / "begun"

    def kill() -> None:
        while not (begun.exists() and (text := begun.read_text())):
            time.sleep(0.05)
        os.kill(int(text), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(RunnerError, match="a worker process has died"):
        toy_build.build(SLOW | {"begun": str(begun)}, tmp_path / "d", "FnApiRunner:processes=2")
    killer.join()
    assert verify(tmp_path / "d") == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["begun", "d"]
    # The other worker is gone too.
    assert processes.workers() == []
