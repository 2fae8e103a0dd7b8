"""An evaluation whose calls workers make, on real runners with real engines."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import dealt_loop
import prism_runner
import pytest
from beam_services import POOL, free_port, importable, server

from measurand.beam import processes
from measurand.beam.dealt import ask_units
from measurand.dealing import running
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
    binary, port, pool = prism_runner.binary(), free_port(), free_port()
    with (
        server(binary, f"--job_port={port}", "--serve_http=false", port=port),
        server(*POOL, f"--service_port={pool}", port=pool),
    ):
        yield (
            f"PortableRunner:job_endpoint=localhost:{port},environment_type=EXTERNAL,"
            f"environment_config=localhost:{pool},timeout_s=200"
        )


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
