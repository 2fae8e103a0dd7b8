"""An evaluation whose calls workers make, on real runners with real engines."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import dealt_loop
import pytest
from beam_services import ROOT, importable
from prism_runner import workers

from measurand.beam import processes
from measurand.beam.dealt import ask_units
from measurand.dealing import running
from measurand.errors import WorkerError
from measurand.runs import slug

__all__ = ["importable"]
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
SPEC = "synthetic:uniform"


def dealt(folder: Path, runner: str, spec: str = SPEC, n: int = 60) -> None:
    journal = folder / "journal"

    def evaluate(out: Path) -> None:
        dealt_loop.evaluate(out, journal, spec, n)

    running.run(evaluate, folder / "out", journal, partial(ask_units, runner, []))


def same_as_the_loop(folder: Path, spec: str = SPEC, n: int = 60) -> None:
    dealt_loop.evaluate(folder.parent / "loop", folder.parent / "loop", spec, n)
    rows = (folder / "out/rows.json").read_bytes()
    assert rows == (folder.parent / "loop/rows.json").read_bytes()
    found = dealt_loop.calls(folder / "journal", spec)
    assert found == dealt_loop.calls(folder.parent / "loop", spec)
    assert [p.name for p in (folder / "journal").iterdir()] == [f"{slug(spec)}.jsonl"]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_any_number_of_processes_gives_the_loops_results(workers: int, tmp_path: Path) -> None:
    dealt(tmp_path / "dealt", f"FnApiRunner:processes={workers}")
    same_as_the_loop(tmp_path / "dealt")


def test_processes_with_a_language_model_each(tmp_path: Path, toy_model_folder: Path) -> None:
    spec = f"hf:{toy_model_folder}?template=none&device=cpu"
    dealt(tmp_path / "dealt", "FnApiRunner:processes=2", spec)
    same_as_the_loop(tmp_path / "dealt", spec)


@pytest.fixture(scope="module")
def pooled() -> Iterator[str]:
    """Prism with a worker pool."""
    with workers() as runner:
        yield runner


def test_prism_gives_the_loops_results(tmp_path: Path, pooled: str) -> None:
    dealt(tmp_path / "dealt", pooled)
    same_as_the_loop(tmp_path / "dealt")


def test_workers_that_are_killed_cost_their_units(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, n = tmp_path / "dealt", 4000
    killed: list[int] = []

    def kill() -> None:
        """End a worker once something is published of the second part."""
        while not killed:
            published = [*(folder / "journal").glob(".dealt-*/answers-*.jsonl")]
            if len(published) >= 3:
                os.kill(processes.workers()[-1], signal.SIGKILL)
                killed.append(len(published))
            time.sleep(0.01)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    dealt(folder, "FnApiRunner:processes=2", n=n)
    assert killed
    assert "a worker process has died" in capsys.readouterr().err
    same_as_the_loop(folder, n=n)


def test_a_worker_with_other_code_asks_nothing(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(ROOT / "measurand", other / "measurand")
    protocol = other / "measurand" / "models" / "protocol.py"
    protocol.write_text(protocol.read_text() + "\n# one word\n")
    with workers(path=other) as runner:
        start = time.monotonic()
        with pytest.raises(WorkerError, match="source of measurand: "):
            dealt(tmp_path / "dealt", runner)
        print(f"named after {time.monotonic() - start:.1f} s")
    assert dealt_loop.calls(tmp_path / "dealt/journal", SPEC) == []
    assert not (tmp_path / "dealt" / "out").exists()
