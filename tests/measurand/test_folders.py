from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from measurand import folders, shards
from measurand.errors import InputError
from measurand.tables import Column, Table

_HOLD = """
import sys, time
from pathlib import Path
from measurand import folders
with folders.held(Path(sys.argv[2])):
    print('held', flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_told_who_works_there(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    script = tmp_path / "measurand"
    script.write_text(_HOLD)
    first = subprocess.Popen(
        [sys.executable, str(script), "run", str(out)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=f"process {first.pid}") as caught, folders.held(out):
            pass
        assert caught.value.code == "folder_in_use"
        assert "(measurand run " in str(caught.value)
    finally:
        first.kill()
        first.wait()
    # Whoever held it is gone, however it ended.
    with folders.held(out):
        (out / "x").touch()


def test_the_same_process_may_come_back_to_its_folder(tmp_path: Path) -> None:
    with folders.held(tmp_path / "out"), folders.held(tmp_path / "out"):
        pass
    assert not (tmp_path / "out").exists()
    with folders.held(tmp_path / "kept"):
        (tmp_path / "kept" / "x").touch()
    assert (tmp_path / "kept").is_dir()


def test_a_folder_is_one_systems(tmp_path: Path) -> None:
    folders.claim(tmp_path, "many_shot")
    folders.claim(tmp_path, "many_shot")
    with pytest.raises(InputError, match="holds a run of many_shot") as caught:
        folders.claim(tmp_path, "soft_labels")
    assert caught.value.code == "another_system"
    (tmp_path / folders.OWNER).write_text("{")
    folders.claim(tmp_path, "soft_labels")


def test_tables_of_another_system_are_refused(tmp_path: Path) -> None:
    spec = Table("one.words", "1.0.0", ("a",), (Column("a", pa.string(), "a"),), doc="rows")
    shards.write_dataset(tmp_path / "d" / "words", spec, spec.schema().empty_table())
    systems = ["one", "two"]
    folders.refuse_others(tmp_path / "d", "one", systems)
    folders.refuse_others(tmp_path / "none", "two", systems)
    folders.refuse_others(tmp_path / "d", "two", ["two"])
    with pytest.raises(InputError, match=r"holds the table one\.words"):
        folders.refuse_others(tmp_path / "d", "two", systems)
