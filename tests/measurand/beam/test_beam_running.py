from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import apache_beam
import pytest
import toy_build
from toy_build import SPEC

from measurand import beam
from measurand.errors import RunnerError


def options(runner: str, *argv: str) -> dict[str, Any]:
    found: dict[str, Any] = beam.pipeline_options(runner, argv).get_all_options()
    return found


def test_the_runner_is_named() -> None:
    assert options("FnApiRunner")["runner"] == "FnApiRunner"
    assert options("FnApiRunner")["direct_running_mode"] == "in_memory"


@pytest.mark.parametrize(
    ("runner", "argv", "mode", "workers"),
    [
        ("FnApiRunner:threads=2", (), "multi_threading", 2),
        ("FnApiRunner:processes=3", (), "multi_processing", 3),
        (
            "FnApiRunner",
            ("--direct_running_mode=multi_processing", "--direct_num_workers=2"),
            "multi_processing",
            2,
        ),
    ],
)
def test_local_modes(runner: str, argv: tuple[str, ...], mode: str, workers: int) -> None:
    found = options(runner, *argv)
    assert (found["direct_running_mode"], found["direct_num_workers"]) == (mode, workers)


@pytest.mark.parametrize("name", ["PortableRunner", "FlinkRunner", "SparkRunner"])
def test_portable_options_pass_through(name: str) -> None:
    one = options(f"{name}:job_endpoint=localhost:8099,environment_type=LOOPBACK,timeout_s=60")
    two = options(name, "--job_endpoint=localhost:8099", "--environment_type=LOOPBACK")
    assert "timeout_s" not in one
    for found in (one, two):
        assert found["runner"] == name
        assert found["job_endpoint"] == "localhost:8099"
        assert found["environment_type"] == "LOOPBACK"
    assert (one["job_server_timeout"], two["job_server_timeout"]) == (120, 1_000_060)


@pytest.mark.parametrize(
    ("runner", "argv", "reason"),
    [
        ("DirectRunner", (), "download"),
        ("PrismRunner:prism_location=/no/such/prism", (), "/no/such/prism is no file"),
        (f"PrismRunner:prism_location={__file__}", (), "is no program"),
        ("PrismRunner:prism_locaton=/x", (), "has no options --prism_locaton"),
        ("PortableRunner", (), "no job_endpoint"),
        ("PortableRunner:job_endpoint=localhost:1", (), "nothing says where workers run"),
        ("FlinkRunner:job_endpoint=localhost:1", (), "environment_type=EXTERNAL,environ"),
        (
            "PortableRunner:job_endpoint=localhost:1,environment_type=EXTERNAL",
            (),
            "without environment_config",
        ),
        ("FlinkRunner", (), "no jar of its job server.*nothing is downloaded"),
        ("FlinkRunner:flink_job_server_jar=/no/x.jar", (), "/no/x.jar is no file"),
        ("SparkRunner", (), "no jar of its job server.*spark_job_server_jar=FILE"),
        (
            f"FlinkRunner:flink_job_server_jar={__file__},job_server_java_launcher=no-java",
            (),
            "no program `no-java`",
        ),
        ("DaskRunner", (), "loses rows silently"),
        ("apache_beam.runners.dask.dask_runner.DaskRunner", (), "loses rows silently"),
        ("BundleBasedDirectRunner", (), "slower"),
        ("RayRunner", (), "known are FnApiRunner, PortableRunner"),
        ("", (), "unknown"),
        ("fnapirunner", (), "unknown"),
        ("FnApiRunner:threads=0", (), "no count"),
        ("FnApiRunner:threads=many", (), "no count"),
        ("FnApiRunner:threads", (), "without a value"),
        ("FnApiRunner:threads=2,processes=2", (), "threads=N or processes=N"),
        ("FnApiRunner:timeout_s=3", (), "time-out works on portable runners"),
        ("FnApiRunner", ("--runner=DirectRunner",), "one place"),
        ("FnApiRunner", ("--direct_num_worker=2",), "--direct_num_worker"),
        ("FnApiRunner", ("--direct_running_mode=many",), "direct_running_mode"),
        ("FnApiRunner", ("stray",), "has no options stray"),
        ("FnApiRunner", ("-x",), "has no options -x"),
        ("PortableRunner:timeout_s=soon", (), "no number"),
        ("PortableRunner:timeout_s=0", (), "above 0"),
        ("PortableRunner:timeout_s=nan", (), "above 0"),
    ],
)
def test_runners_that_cannot_work_say_why(runner: str, argv: tuple[str, ...], reason: str) -> None:
    with pytest.raises(RunnerError, match=reason):
        beam.pipeline_options(runner, argv)


def test_the_runner_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEASURAND_RUNNER", raising=False)
    assert beam.chosen(None, ["--x=1"]) == ("FnApiRunner", ["--x=1"])
    monkeypatch.setenv("MEASURAND_RUNNER", "FlinkRunner:flink_master=a:1 -- --y='2 3'")
    assert beam.chosen(None, ["--x=1"]) == ("FlinkRunner:flink_master=a:1", ["--y=2 3", "--x=1"])
    assert beam.chosen("PrismRunner") == ("PrismRunner", [])
    monkeypatch.setenv("MEASURAND_RUNNER", "FlinkRunner 'x")
    with pytest.raises(RunnerError, match="MEASURAND_RUNNER: No closing quotation"):
        beam.chosen(None)


def test_prism_comes_from_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RunnerError, match="no program `prism` on the PATH"):
        options("PrismRunner")
    (tmp_path / "prism").write_text("")
    (tmp_path / "prism").chmod(0o755)
    found = options("PrismRunner")
    assert found["prism_location"] == str(tmp_path / "prism")
    assert found["environment_type"] == "LOOPBACK"


def test_masters_on_this_machine_work_in_this_process() -> None:
    jar = f"flink_job_server_jar={__file__},job_server_java_launcher={sys.executable}"
    assert options(f"FlinkRunner:{jar},flink_master=[local]")["environment_type"] == "LOOPBACK"
    with pytest.raises(RunnerError, match="nothing says where workers run"):
        options(f"FlinkRunner:{jar},flink_master=localhost:8081")


def test_a_time_out_needs_a_portable_runner() -> None:
    with pytest.raises(RunnerError, match="cannot be timed out"), beam.pipeline(timeout_s=3):
        pass


def test_importing_the_layer_imports_no_beam() -> None:
    code = "import sys, measurand.beam; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "apache_beam" not in out.stdout.split()


def test_a_log_hears_of_a_long_build_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr("measurand.progress.LOG_SECONDS", 0.5)

    def slow(_: int) -> bytes:
        time.sleep(2)
        return beam.to_ipc(toy_build.answers(1, 60))

    with beam.pipeline() as p:
        beam.to_shards(p | apache_beam.Create([1]) | apache_beam.Map(slow), SPEC, tmp_path / "d", 2)
    lines = [line for line in stream.getvalue().splitlines() if line.startswith("build: ")]
    assert lines[0].startswith("build: 0/2 shards")
    assert len([line for line in lines if line.startswith("build: 0/2")]) >= 3
    assert lines[-1].startswith("build: 2/2 shards")


def test_steps_keep_their_names_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    from apache_beam.utils import interactive_utils

    monkeypatch.setattr(interactive_utils, "is_in_ipython", lambda: True)
    with beam.pipeline() as p:
        made = p | "numbers" >> apache_beam.Create([1])
    assert made.producer.full_label.startswith("numbers")
    assert interactive_utils.is_in_ipython()
