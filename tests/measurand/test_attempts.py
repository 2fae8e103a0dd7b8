from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from measurand import attempts
from measurand.attempts import Attempt, attempt, is_attempt, sweep
from measurand.errors import InputError


def files(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): p.read_text()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def write(folder: Path, text: str) -> None:
    (folder / "t").mkdir()
    (folder / "t" / "a").write_text(text)


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_folder_takes_its_place_whole(
    can_exchange: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr(attempts, "_exchanged", lambda one, two: False)
    out = tmp_path / "d"
    for text in ("old", "new"):
        with attempt(out) as folder:
            write(folder, text)
            assert files(out).get("t/a") == (None if text == "old" else "old")
            assert is_attempt(folder.name)
        assert files(out) == {"t/a": text}
        assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_what_git_keeps_in_the_place_stays(tmp_path: Path) -> None:
    out = tmp_path / "d"
    out.mkdir()
    (out / ".gitignore").write_text("/t")
    with attempt(out) as folder:
        write(folder, "x")
    assert files(out) == {".gitignore": "/t", "t/a": "x"}


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "d"
    with attempt(out) as folder:
        write(folder, "old")

    def fails() -> None:
        with attempt(out) as folder:
            write(folder, "new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert files(out) == {"t/a": "old"}
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_who_was_told_the_name_finds_no_folder_after_the_seal(tmp_path: Path) -> None:
    made = Attempt(tmp_path / "d")
    told = made.folder
    write(told, "checked")
    made.seal()
    with pytest.raises(FileNotFoundError):
        (told / "t" / "a").write_text("late")
    told.mkdir()  # a late writer that makes its own folder
    write(told, "late")
    made.publish()
    assert files(tmp_path / "d") == {"t/a": "checked"}
    with attempt(tmp_path / "d") as folder:
        write(folder, "next")
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_an_attempt_that_somebody_works_at_is_not_swept(tmp_path: Path) -> None:
    out = tmp_path / "d"
    one = Attempt(out)
    two = Attempt(out)
    assert one.folder.exists()
    one.remove()
    assert not one.folder.exists()
    assert two.folder.exists()
    two.remove()
    assert list(tmp_path.iterdir()) == []


DIES = """
import os, sys
from pathlib import Path
from measurand import attempts

if sys.argv[2] == "between":
    attempts._exchanged = lambda one, two: False
    os.replace = lambda *_: os._exit(9)
made = attempts.Attempt(Path(sys.argv[1]))
(made.folder / "a").write_text("new")
if sys.argv[2] == "between":
    made.publish()
os._exit(9)
"""


@pytest.mark.parametrize("moment", ["before", "between"])
def test_the_next_attempt_removes_what_a_killed_process_left(moment: str, tmp_path: Path) -> None:
    out = tmp_path / "d"
    with attempt(out) as folder:
        write(folder, "old")
    done = subprocess.run([sys.executable, "-c", DIES, str(out), moment], check=False)
    assert done.returncode == 9
    assert len(list(tmp_path.iterdir())) == 2
    sweep(out)
    assert files(out) == {"t/a": "old"}
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_an_attempt_goes_with_its_process(tmp_path: Path) -> None:
    code = "import sys; from measurand.attempts import Attempt; from pathlib import Path\n"
    code += "one = Attempt(Path(sys.argv[1])); raise OSError"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "d")], check=False, stderr=subprocess.DEVNULL
    )
    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_taken_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="mount point"):
        Attempt(Path("/proc"))
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    with pytest.raises(InputError, match="working folder"):
        Attempt(tmp_path)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with attempt(tmp_path / "link") as folder:
        write(folder, "x")
    assert (tmp_path / "link").is_symlink()
    assert files(tmp_path / "real") == {"t/a": "x"}


def test_what_the_system_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refuses:
        @staticmethod
        def renameat2(*_: object) -> int:
            attempts.ctypes.set_errno(errno.EACCES)
            return -1

    monkeypatch.setattr(attempts.ctypes, "CDLL", lambda *_, **__: Refuses)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with pytest.raises(PermissionError):
        attempts._exchanged(tmp_path / "a", tmp_path / "b")
    monkeypatch.undo()
    assert attempts._exchanged(tmp_path / "a", tmp_path / "b")
    assert not attempts._exchanged(tmp_path / "a", tmp_path / "none")
    assert os.listdir(tmp_path / "a") == []
