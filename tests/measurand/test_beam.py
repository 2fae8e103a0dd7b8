from __future__ import annotations

import io
import logging
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apache_beam
import pyarrow as pa
import pytest
import toy_build
from toy_build import SPEC, build

from measurand import beam
from measurand.errors import ConservationError, InputError, RunnerError, SchemaError
from measurand.manifest import file_sha256
from measurand.shards import read_manifest, read_table, verify, write_dataset


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
    for found in (one, two):
        assert found["runner"] == name
        assert found["job_endpoint"] == "localhost:8099"
        assert found["environment_type"] == "LOOPBACK"
    assert (one["job_server_timeout"], two["job_server_timeout"]) == (120, 1_000_060)


@pytest.mark.parametrize(
    ("runner", "argv", "reason"),
    [
        ("DirectRunner", (), "download"),
        ("PrismRunner", (), "download"),
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
        ("PortableRunner:timeout_s=soon", (), "no number"),
        ("PortableRunner:timeout_s=0", (), "above 0"),
        ("PortableRunner:timeout_s=nan", (), "above 0"),
    ],
)
def test_runners_that_cannot_work_say_why(runner: str, argv: tuple[str, ...], reason: str) -> None:
    with pytest.raises(RunnerError, match=reason):
        beam.pipeline_options(runner, argv)


def test_a_time_out_needs_a_portable_runner() -> None:
    with pytest.raises(RunnerError, match="cannot be timed out"), beam.pipeline(timeout_s=3):
        pass


def test_importing_the_layer_imports_no_beam() -> None:
    code = "import sys, measurand.beam; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "apache_beam" not in out.stdout.split()


def test_the_harmless_log_line_is_dropped_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.warning("apitools not found, and so on")
        logging.warning("something else")
    assert [r.message for r in caplog.records] == ["something else"]


def test_ipc_carries_the_slice_alone() -> None:
    table = toy_build.answers(0, 50_000)
    part = table.slice(100, 10)
    blob = beam.to_ipc(part)
    assert len(blob) < 5_000
    assert beam.from_ipc(blob).to_pylist() == part.to_pylist()


def test_the_sink_writes_the_bytes_of_the_plain_writer(tmp_path: Path) -> None:
    build({"rows": 3000, "shards": 4}, tmp_path / "beam", "FnApiRunner")
    table = toy_build.answers(0, 3000)
    good = table.filter(pa.compute.less_equal(table["value"], 5))
    write_dataset(tmp_path / "plain", SPEC, good, n_shards=4, shard_key="participant")
    beamed, plain = read_manifest(tmp_path / "beam"), read_manifest(tmp_path / "plain")
    assert beamed.shards == plain.shards
    assert beamed.logical_hash == plain.logical_hash
    assert (beamed.rows_in, beamed.rows, beamed.rejected) == (3000, 2969, {"out_of_range": 31})
    assert verify(tmp_path / "beam") == []


def test_input_order_and_bundle_size_do_not_change_a_byte(tmp_path: Path) -> None:
    build({"rows": 2000, "shards": 3}, tmp_path / "a", "FnApiRunner")
    build(
        {"rows": 2000, "shards": 3, "shuffle_seed": 5, "blob_rows": 77},
        tmp_path / "b",
        "FnApiRunner",
    )
    one, two = ({p.name: file_sha256(p) for p in (tmp_path / d).iterdir()} for d in "ab")
    assert one == two


def test_named_errors_leave_no_traceback_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SchemaError):
        small([beam.to_ipc(toy_build.answers(0, 50))], tmp_path / "d")
    assert "Traceback" not in caplog.text


def small(blobs: list[bytes], out: Path, **arguments: Any) -> Any:
    with beam.pipeline() as p:
        beam.to_shards(p | apache_beam.Create(blobs), SPEC, out, **arguments)
    return beam.finish(p, out)


def test_no_rows_are_a_dataset_too(tmp_path: Path) -> None:
    empty = beam.to_ipc(toy_build.answers(0, 0))
    for name, blobs in (("none", []), ("empty", [empty, empty])):
        manifest = small(blobs, tmp_path / name, n_shards=3)
        assert (manifest.rows, manifest.rows_in, len(manifest.shards)) == (0, 0, 3)
        assert verify(tmp_path / name) == []


def test_equal_keys_from_two_inputs_are_named(tmp_path: Path) -> None:
    blobs = [beam.to_ipc(toy_build.answers(a, b)) for a, b in ((1, 60), (40, 90))]
    with pytest.raises(SchemaError, match=r"key \('participant', 'item'\) unique .*'d\d+-ev\d', 0"):
        small(blobs, tmp_path / "d", n_shards=2)
    assert not (tmp_path / "d/manifest.json").exists()


def test_rows_that_break_a_rule_are_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"toy\.answers\.value: <= 5 broken in 1 rows \(.*: 9\)"):
        small([beam.to_ipc(toy_build.answers(0, 50))], tmp_path / "d")


def test_other_columns_are_named(tmp_path: Path) -> None:
    blob = beam.to_ipc(toy_build.answers(1, 50).drop_columns(["item"]))
    with pytest.raises(SchemaError, match="missing columns"):
        small([blob], tmp_path / "d")


def test_an_error_of_someone_elses_step_is_a_runner_error_with_its_text(tmp_path: Path) -> None:
    def fail(_: int) -> bytes:
        raise ZeroDivisionError("the reason")

    with pytest.raises(RunnerError, match="the reason"), beam.pipeline() as p:
        beam.to_shards(p | apache_beam.Create([1]) | apache_beam.Map(fail), SPEC, tmp_path / "d")


def test_lost_rows_are_found(tmp_path: Path) -> None:
    def drop(span: tuple[int, int]) -> bytes:
        beam.count(SPEC, "rows_in", span[1] - span[0])
        return beam.to_ipc(toy_build.answers(*span).slice(1))

    with beam.pipeline() as p:
        blobs = p | apache_beam.Create([(1, 40), (40, 90)]) | apache_beam.Map(drop)
        beam.to_shards(blobs, SPEC, tmp_path / "d")
    with pytest.raises(ConservationError, match="89 rows in, 87 rows out"):
        beam.finish(p, tmp_path / "d")
    with pytest.raises(ConservationError, match="100 rows expected, 89 read"):
        beam.finish(p, tmp_path / "d", rows_in=100)
    assert not (tmp_path / "d/manifest.json").exists()


def test_counters_are_by_table_and_name(tmp_path: Path) -> None:
    blobs = [beam.to_ipc(toy_build.answers(1, 60))]
    with beam.pipeline() as p:
        beam.to_shards(p | apache_beam.Create(blobs), SPEC, tmp_path / "d", 2)
    assert beam.counters(p) == {"toy.answers": {"rows_at_sink": 59, "rows_out": 59}}


def test_a_runner_without_counters_is_said_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def metrics() -> None:
        raise NotImplementedError

    with beam.pipeline() as p:
        blobs = [beam.to_ipc(toy_build.answers(1, 60))]
        beam.to_shards(p | apache_beam.Create(blobs), SPEC, tmp_path / "d")
    p.result = SimpleNamespace(metrics=metrics)
    assert beam.counters(p) is None
    manifest = beam.finish(p, tmp_path / "d", rows_in=59)
    assert (manifest.rows, manifest.rows_in) == (59, 59)
    assert "rows are counted in the files alone" in caplog.text


def test_a_folder_that_is_no_sink_is_named(tmp_path: Path) -> None:
    with beam.pipeline() as p:
        beam.to_shards(
            p | apache_beam.Create([b""]).with_output_types(bytes) | apache_beam.Filter(bool),
            SPEC,
            tmp_path / "d",
        )
    with pytest.raises(InputError, match="no sink"):
        beam.finish(p, tmp_path / "other")


def test_two_sinks_in_one_pipeline(tmp_path: Path) -> None:
    other = type(SPEC)("toy.again", "1.0.0", SPEC.key, SPEC.columns)
    with beam.pipeline() as p:
        blobs = p | apache_beam.Create([beam.to_ipc(toy_build.answers(1, 60))])
        for spec in (SPEC, other):
            beam.to_shards(blobs, spec, tmp_path / spec.name, 2)
    for spec in (SPEC, other):
        assert beam.finish(p, tmp_path / spec.name).table == spec.name
    assert read_table(tmp_path / "toy.answers").equals(read_table(tmp_path / "toy.again"))


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
