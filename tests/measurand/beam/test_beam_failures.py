from __future__ import annotations

import logging
import traceback
from pathlib import Path

import apache_beam
import pytest
import toy_build
from toy_build import SPEC

from measurand import beam
from measurand.beam.failures import named_error
from measurand.errors import (
    InfraError,
    InputError,
    MeasurandError,
    RunnerError,
    SchemaError,
    WorkerError,
)
from measurand.models.openai_http import Refused


def test_the_harmless_log_line_is_dropped_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    beam.quiet()
    with caplog.at_level(logging.INFO):
        logging.warning("apitools not found, and so on")
        logging.warning("something else")
    assert [r.message for r in caplog.records] == ["something else"]


def test_named_errors_leave_no_traceback_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blobs = [beam.to_ipc(toy_build.answers(0, 50))]
    with pytest.raises(SchemaError), beam.pipeline() as p:
        beam.to_shards(p | apache_beam.Create(blobs), SPEC, tmp_path / "d")
    assert "Traceback" not in caplog.text


def test_an_interrupt_inside_a_step_leaves_no_traceback_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def stop(_: int) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, RunnerError)), beam.pipeline() as p:
        beam.to_shards(p | apache_beam.Create([1]) | apache_beam.Map(stop), SPEC, tmp_path / "d")
    assert "Traceback" not in caplog.text


def test_an_error_of_someone_elses_step_is_a_runner_error_with_its_text(tmp_path: Path) -> None:
    def fail(_: int) -> bytes:
        raise ZeroDivisionError("the reason")

    with pytest.raises(RunnerError, match="the reason"), beam.pipeline() as p:
        beam.to_shards(p | apache_beam.Create([1]) | apache_beam.Map(fail), SPEC, tmp_path / "d")


def test_an_error_of_a_systems_own_is_read_from_the_text() -> None:
    from pipelines.elastictok.frames import BrokenClipError

    name = "pipelines.elastictok.frames.BrokenClipError"
    text = f"RuntimeError: x\n{name}: a.mp4 [while running 'make']"
    found = named_error(RuntimeError(text), "FnApiRunner")
    assert isinstance(found, BrokenClipError)
    assert isinstance(found, InputError)
    assert "a.mp4" in str(found)
    strange = named_error(RuntimeError("measurand.nowhere.NoError: y"), "FnApiRunner")
    assert type(strange) is RunnerError


def test_a_module_that_a_worker_lacks_is_told_as_such() -> None:
    text = "Traceback ...\nModuleNotFoundError: No module named 'pipelines.x' [while running 'a']"
    found = named_error(RuntimeError(text), "PortableRunner (job service at a:1)")
    assert isinstance(found, WorkerError)
    assert "a worker of PortableRunner (job service at a:1) has no module pipelines.x" in str(found)
    assert type(named_error(RuntimeError(text), "FnApiRunner")) is RunnerError


def test_a_service_that_is_lost_is_told_as_such() -> None:
    text = (
        "<_MultiThreadedRendezvous of RPC that terminated with:\n\tstatus = StatusCode.UNAVAILABLE"
        '\n\tdetails = "Socket closed"\n\tdebug_error_string = "x"\n>'
    )
    found = named_error(RuntimeError(text), "PortableRunner (job service at a:1)")
    assert (
        found.args[0] == "PortableRunner (job service at a:1) is lost: UNAVAILABLE, Socket closed"
    )


def test_what_a_file_system_refuses_is_told_as_such() -> None:
    text = "OSError: [Errno 28] No space left on device: '/x/part-0.parquet' [while running 'a']"
    found = named_error(RuntimeError(text), "FnApiRunner")
    assert isinstance(found, OSError)
    assert (found.errno, found.filename) == (28, "/x/part-0.parquet")
    assert found.strerror == "No space left on device"


@pytest.mark.parametrize(
    "runner",
    ["FnApiRunner", pytest.param("FnApiRunner:processes=2", marks=pytest.mark.integration)],
)
def test_a_named_error_keeps_hint_and_code_on_its_way(runner: str, tmp_path: Path) -> None:
    def refuse(_: int) -> bytes:
        raise InfraError("a folder\nis gone [here]", hint="look (at it)", code="no_folder")

    with pytest.raises(InfraError) as caught, beam.pipeline(runner) as p:
        beam.to_shards(p | apache_beam.Create([1]) | apache_beam.Map(refuse), SPEC, tmp_path / "d")
    error = caught.value
    assert type(error) is InfraError
    assert (error.args[0], error.hint, error.code) == (
        "a folder\nis gone [here]",
        "look (at it)",
        "no_folder",
    )


def handed_on(error: MeasurandError) -> Exception:
    """What becomes of an error when a step raises it in another process."""
    assert error._tagged_with_step
    assert error._tagged_with_step
    text = "".join(traceback.format_exception(error))
    assert text.count(error.code) == 1
    return named_error(RuntimeError(f"Traceback\n{text}\n\n"), "PortableRunner")


def test_an_error_that_is_not_made_of_a_message_is_one_of_its_kind_above() -> None:
    error = handed_on(Refused(404, "no such model"))
    assert (type(error), str(error)) == (InfraError, "no such model")
    assert isinstance(error, InfraError)
    assert error.code == "request_refused"
    lost = named_error(RuntimeError("measurand.models.openai_http.Refused: x"), "FnApiRunner")
    assert (type(lost), str(lost)) == (InfraError, "x")


def test_a_kind_that_the_driver_does_not_know_keeps_what_it_says() -> None:
    class OwnError(InputError):
        pass

    error = handed_on(OwnError("a cell is wrong", hint="mend it", code="bad_cell"))
    assert isinstance(error, MeasurandError)
    assert (str(error), error.code) == ("a cell is wrong (mend it)", "bad_cell")


def test_a_note_that_is_cut_is_none() -> None:
    text = 'measurand.errors.InputError: x\nmeasurand: {"module": "meas'
    found = named_error(RuntimeError(text), "FnApiRunner")
    assert (type(found), str(found)) == (InputError, "x")
