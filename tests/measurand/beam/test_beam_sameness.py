"""Workers are asked before the first row whether they have the driver's code."""

from __future__ import annotations

import json
import pickle
import platform
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pyarrow
import pytest
import toy_build
from beam_services import ROOT, importable
from prism_runner import workers

from measurand import beam
from measurand.beam import sameness
from measurand.errors import PlaceError, WorkerError

__all__ = ["importable"]
TOY = {"rows": 600, "shards": 2}


def test_a_hash_is_of_names_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "some_package"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "data" / "words.csv").write_text("good")
    (tmp_path / "some_module.py").write_text("x = 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = sameness.source_hash("some_package")
    assert before is not None
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.pyc").write_text("made")
    (package / ".words.csv.swp").write_text("an editor's")
    assert sameness.source_hash("some_package") == before
    (package / "data" / "words.csv").write_text("Good")
    assert sameness.source_hash("some_package") != before
    assert sameness.source_hash("some_module") not in (None, before)
    assert sameness.source_hash("no_such_package") is None
    assert sameness.source_hash("no_such_package.inner") is None


def test_both_sides_of_every_difference_are_told() -> None:
    own = sameness.facts({"toy_build", "json", "apache_beam.transforms.core", "yaml"})
    assert set(own["sources"]) >= {"measurand", "toy_build"}
    assert not {"json", "yaml"} & set(own["sources"])
    assert own["packages"]["pyarrow"] == pyarrow.__version__
    assert sameness.differences(own) == []
    other: dict[str, Any] = json.loads(json.dumps(own))
    other["python"] = "3.11.99"
    other["packages"]["pyarrow"] = "1.2.3"
    other["packages"]["no-such-package"] = "1"
    other["others"] = {"no-such-package": "2", "numpy": "0.1"}
    other["sources"]["measurand"] = "0" * 64
    found = sameness.differences(other)
    assert len(found) == 5
    assert found[0] == f"Python: 3.11.99 at the driver, {platform.python_version()} at the worker"
    assert f"pyarrow: 1.2.3 at the driver, {pyarrow.__version__} at the worker" in found
    assert "no-such-package: 1 at the driver, none at the worker" in found
    assert found[-1].startswith("source of measurand: 000000000000 at the driver, ")


def test_a_worker_without_the_folder_is_named(tmp_path: Path) -> None:
    asked = sameness.facts(set())
    there, gone = tmp_path / ".place-a.tmp", tmp_path / "elsewhere" / ".place-b.tmp"
    there.touch()
    step = pickle.dumps(sameness._Guard(json.dumps({**asked, "places": [str(there)]})))
    assert pickle.loads(step) is None
    step = pickle.dumps(sameness._Guard(json.dumps({**asked, "places": [str(gone)]})))
    with pytest.raises(PlaceError, match=f"does not see {gone.parent}") as caught:
        pickle.loads(step)
    assert caught.value.code == "no_place"


@pytest.mark.integration
def test_what_processes_were_asked_is_recorded(tmp_path: Path) -> None:
    with beam.recorded() as asked:
        toy_build.build(TOY, tmp_path / "d", "FnApiRunner:processes=2")
        toy_build.build(TOY, tmp_path / "e", "FnApiRunner")
    assert len(asked) == 1
    assert asked[0]["sources"].keys() >= {"measurand", "toy_build"}
    assert str(tmp_path) not in json.dumps(asked)


def refused(runner: str, out: Path) -> WorkerError:
    """What a build says, in 15 seconds, whose workers are not right; nothing is written."""
    start = time.monotonic()
    with pytest.raises(WorkerError) as caught:
        toy_build.build(TOY, out, runner)
    seconds = time.monotonic() - start
    print(f"named after {seconds:.1f} s: {caught.value}")
    assert seconds < 15
    assert list(out.parent.glob("**/*.parquet")) == []
    assert not out.exists()
    return caught.value


@pytest.mark.integration
def test_other_code_on_a_worker_is_named(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(ROOT / "measurand", other / "measurand")
    tables = other / "measurand" / "tables.py"
    tables.write_text(tables.read_text() + "\n# one word\n")
    with workers(path=other) as runner:
        said = str(refused(runner, tmp_path / "d"))
    assert "source of measurand: " in said
    assert "at the driver" in said
    assert "toy_build" not in said


@pytest.mark.integration
def test_another_package_on_a_worker_is_named(tmp_path: Path) -> None:
    info = tmp_path / "other" / "pyarrow-99.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pyarrow\nVersion: 99.0\n")
    with workers(path=info.parent) as runner:
        said = str(refused(runner, tmp_path / "d"))
    assert f"pyarrow: {pyarrow.__version__} at the driver, 99.0 at the worker" in said


@pytest.mark.integration
def test_a_worker_with_a_disk_of_its_own_is_named(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    own_disk = ("unshare", "--mount", "sh", "-c", f'mount -t tmpfs none {shared} && exec "$@"', "-")
    if subprocess.run([*own_disk, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount: no worker with a disk of its own")
    with workers(*own_disk) as runner:
        error = refused(runner, shared / "d")
    assert error.code == "no_place"
    assert "share" in str(error)
