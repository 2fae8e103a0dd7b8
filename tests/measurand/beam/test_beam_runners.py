"""The same bytes from every runner that this machine can start, and time-outs that end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import prism_runner
import pytest
import toy_build
from beam_services import JOBS, POOL, free_port, importable, server

from measurand import beam, params
from measurand.errors import RunnerError, SchemaError
from measurand.manifest import file_sha256
from measurand.verification import verify

__all__ = ["importable"]
pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
TOY = {"rows": 2000, "shards": 4}
Build = Callable[[Path, str], None]


def toy(out: Path, runner: str) -> None:
    toy_build.build(TOY, out, runner)


def personality(out: Path, runner: str) -> None:
    from pipelines.personality import dataset
    from schemas.personality.params import Params

    dataset.build(params.read(ROOT / "params/personality.yaml", Params), out, runner)


BUILDS = {"toy": toy, "personality": personality}


def digests(out: Path) -> dict[str, str]:
    return {str(p.relative_to(out)): file_sha256(p) for p in sorted(out.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, str]]:
    """File -> sha256 of a build by the default runner, made once a build."""
    made: dict[str, dict[str, str]] = {}

    def of(name: str) -> dict[str, str]:
        if name not in made:
            out = tmp_path_factory.mktemp(name) / "d"
            BUILDS[name](out, "FnApiRunner")
            assert verify(out) == []
            made[name] = digests(out)
        return made[name]

    return of


@pytest.fixture
def own_job_service() -> Iterator[str]:
    """For tests that leave a job hanging in it."""
    port = free_port()
    with server(*JOBS, "-p", str(port), port=port):
        yield f"localhost:{port}"


@pytest.fixture(scope="module")
def job_service() -> Iterator[str]:
    port = free_port()
    with server(*JOBS, "-p", str(port), port=port):
        yield f"localhost:{port}"


@pytest.fixture(scope="module")
def worker_pool() -> Iterator[str]:
    port = free_port()
    with server(*POOL, f"--service_port={port}", port=port):
        yield f"localhost:{port}"


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    """The address of a running Prism."""
    binary = prism_runner.binary()
    port = free_port()
    with server(binary, f"--job_port={port}", "--serve_http=false", port=port):
        yield f"localhost:{port}"


def same(name: str, runner: str, out: Path, reference: Callable[[str], dict[str, str]]) -> None:
    BUILDS[name](out, runner)
    assert verify(out) == []
    assert digests(out) == reference(name)


@pytest.mark.parametrize("runner", ["FnApiRunner:threads=2", "FnApiRunner:processes=2"])
@pytest.mark.parametrize("name", BUILDS)
def test_local_runners(name: str, runner: str, tmp_path: Path, reference) -> None:
    same(name, runner, tmp_path / "d", reference)


@pytest.mark.parametrize("name", BUILDS)
def test_loopback(name: str, tmp_path: Path, job_service: str, reference) -> None:
    runner = f"PortableRunner:job_endpoint={job_service},environment_type=LOOPBACK,timeout_s=120"
    same(name, runner, tmp_path / "d", reference)


@pytest.mark.parametrize("name", BUILDS)
def test_external_workers(
    name: str, tmp_path: Path, job_service: str, worker_pool: str, reference
) -> None:
    runner = (
        f"PortableRunner:job_endpoint={job_service},environment_type=EXTERNAL,"
        f"environment_config={worker_pool},timeout_s=120"
    )
    same(name, runner, tmp_path / "d", reference)


@pytest.mark.parametrize("name", BUILDS)
def test_prism(name: str, tmp_path: Path, prism: str, reference) -> None:
    """Its counters tell of a committed zero and of nothing attempted."""
    runner = f"PortableRunner:job_endpoint={prism},environment_type=LOOPBACK,timeout_s=120"
    same(name, runner, tmp_path / "d", reference)


def test_a_named_error_comes_out_of_prism(tmp_path: Path, prism: str) -> None:
    runner = f"PortableRunner:job_endpoint={prism},environment_type=LOOPBACK,timeout_s=120"
    with pytest.raises(SchemaError, match=r"toy\.answers\.value: <= 5 broken in 1 rows"):
        run_bad(runner, tmp_path / "d")


@pytest.mark.parametrize("name", BUILDS)
def test_a_prism_that_is_started(name: str, tmp_path: Path, reference) -> None:
    runner = f"PrismRunner:prism_location={prism_runner.binary()},timeout_s=280"
    same(name, runner, tmp_path / "d", reference)


def test_shuffled_input_on_threads(tmp_path: Path, reference) -> None:
    params = {**TOY, "shuffle_seed": 11, "blob_rows": 123}
    toy_build.build(params, tmp_path / "d", "FnApiRunner:threads=2")
    assert digests(tmp_path / "d") == reference("toy")


def run_bad(runner: str, out: Path) -> None:
    import apache_beam

    blobs = [beam.to_ipc(toy_build.answers(0, 50))]
    with beam.pipeline(runner) as p:
        beam.to_shards(p | apache_beam.Create(blobs), toy_build.SPEC, out)


@pytest.mark.parametrize("runner", ["FnApiRunner:threads=2", "FnApiRunner:processes=2"])
def test_a_named_error_comes_out_of_local_workers(runner: str, tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"toy\.answers\.value: <= 5 broken in 1 rows"):
        run_bad(runner, tmp_path / "d")


def test_a_named_error_comes_out_of_a_job_service(tmp_path: Path, job_service: str) -> None:
    runner = f"PortableRunner:job_endpoint={job_service},environment_type=LOOPBACK,timeout_s=120"
    with pytest.raises(SchemaError, match=r"toy\.answers\.value: <= 5 broken in 1 rows"):
        run_bad(runner, tmp_path / "d")


def timed(runner: str, out: Path) -> tuple[RunnerError, float]:
    start = time.monotonic()
    with pytest.raises(RunnerError) as caught:
        toy(out, runner)
    return caught.value, time.monotonic() - start


# Beam's thread that reads the job's messages dies with the job service.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_pool_that_is_dead_is_a_named_error(tmp_path: Path, own_job_service: str) -> None:
    runner = (
        f"PortableRunner:job_endpoint={own_job_service},environment_type=EXTERNAL,"
        f"environment_config=localhost:{free_port()},timeout_s=8"
    )
    error, seconds = timed(runner, tmp_path / "d")
    assert seconds < 120
    assert error.code in ("timeout", "bad_runner")
    assert verify(tmp_path / "d")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_cannot_import_ends_in_a_time_out(
    tmp_path: Path, own_job_service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The pool starts workers by the first `python` of PATH: here one that dies at once.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin/python").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    port = free_port()
    with server(*POOL, f"--service_port={port}", port=port):
        runner = (
            f"PortableRunner:job_endpoint={own_job_service},environment_type=EXTERNAL,"
            f"environment_config=localhost:{port},timeout_s=8"
        )
        error, seconds = timed(runner, tmp_path / "d")
    assert error.code == "timeout"
    assert 8 <= seconds < 120


# The threads of services that ended before may be heard of here.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_job_service_that_is_not_there_is_a_named_error(tmp_path: Path) -> None:
    runner = (
        f"PortableRunner:job_endpoint=localhost:{free_port()},environment_type=LOOPBACK,timeout_s=3"
    )
    error, seconds = timed(runner, tmp_path / "d")
    assert "no job service answers" in str(error)
    assert seconds < 120
