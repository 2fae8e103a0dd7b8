from __future__ import annotations

import subprocess
from pathlib import Path

import prism_runner
import pytest
from beam_services import POOL, free_port, importable, server

from measurand.beam.diagnosis import ask_runner

__all__ = ["importable"]


def told(runner: str, place: Path) -> dict[str, tuple[str, str, str]]:
    return {what: rest for what, *rest in ask_runner(runner, (), place)}  # type: ignore[misc]


def test_the_local_runner_is_fine(tmp_path: Path) -> None:
    found = told("FnApiRunner", tmp_path / "data")
    assert [(what, line[0]) for what, line in found.items()] == [
        ("runner", "ok"), ("workers' code", "ok"), ("place", "ok"),
    ]  # fmt: skip
    assert list((tmp_path / "data").iterdir()) == []


def test_a_runner_that_cannot_work_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A user is given ten seconds to start it.
    monkeypatch.setattr("measurand.beam.services.REACH_SECONDS", 0.5)
    assert told("DaskRunner", tmp_path)["runner"][0] == "wrong"
    port = free_port()
    found = told(
        f"PortableRunner:job_endpoint=localhost:{port},environment_type=LOOPBACK", tmp_path
    )
    assert found["job service"][:2] == ["wrong", f"no job service answers at localhost:{port}"]


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    assert told("FnApiRunner", tmp_path / "data")["workers"][0] == "wrong"


@pytest.mark.integration
def test_workers_with_a_disk_of_their_own_are_told(tmp_path: Path) -> None:
    """About half a minute: Prism and two worker pools."""
    shared = tmp_path / "shared"
    shared.mkdir()
    own_disk = ("unshare", "--mount", "sh", "-c", f'mount -t tmpfs none {shared} && exec "$@"', "-")
    if subprocess.run([*own_disk, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount: no worker with a disk of its own")
    binary, port = prism_runner.binary(), free_port()
    with server(binary, f"--job_port={port}", "--serve_http=false", port=port):
        for words, state in (((), "ok"), (own_disk, "wrong")):
            pool = free_port()
            with server(*words, *POOL, f"--service_port={pool}", port=pool):
                found = told(
                    f"PortableRunner:job_endpoint=localhost:{port},environment_type=EXTERNAL,"
                    f"environment_config=localhost:{pool}",
                    shared,
                )
            assert found["job service"][0] == "ok"
            assert found["workers' code"][0] == "ok"
            assert found["place"][0] == state
    assert list(shared.iterdir()) == []
