from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from measurand import outputs
from measurand.errors import InputError


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def make(folder: Path) -> None:
    """A file and a folder of one file."""
    with outputs.new() as made:
        made.text("one\n", folder / "one.txt")
        inside = made.at(folder / "two")
        inside.mkdir()
        (inside / "part").write_text("2")
        assert names(folder) != []
        assert not (folder / "one.txt").exists()


def test_what_is_made_appears_at_the_end_and_nothing_else_stays(tmp_path: Path) -> None:
    make(tmp_path)
    assert names(tmp_path) == ["one.txt", "two", "two/part"]
    assert (tmp_path / "one.txt").read_text() == "one\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(errno.ENOSPC, "full")])
def test_what_ends_badly_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    def fail() -> None:
        with outputs.new() as made:
            made.text("one\n", tmp_path / "one.txt")
            raise error

    with pytest.raises((KeyboardInterrupt, OSError)):
        fail()
    assert names(tmp_path) == []


def test_a_place_that_was_taken_meanwhile_keeps_what_it_has(tmp_path: Path) -> None:
    def late() -> None:
        with outputs.new() as made:
            made.text("mine", tmp_path / "a")
            made.text("mine", tmp_path / "b")
            (tmp_path / "b").write_text("theirs")

    with pytest.raises(InputError) as caught:
        late()
    assert caught.value.code == "file_exists"
    assert names(tmp_path) == ["b"]
    assert (tmp_path / "b").read_text() == "theirs"


def test_an_empty_folder_is_no_obstacle_to_a_folder(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    make(tmp_path)
    assert "two/part" in names(tmp_path)


def test_an_interrupt_between_two_moves_comes_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An earlier test of this process may have left another handler.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    move = os.rename

    def moved(made: Path, path: Path) -> None:
        move(made, path)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(os, "rename", moved)
    try:
        make(tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert names(tmp_path) == ["one.txt", "two", "two/part"]


_AT_THE_END = """
import os, signal, sys
from measurand import cli, outputs
place, before = outputs.Outputs.{place}, {before}
def then(self):
    if before: os.kill(os.getpid(), signal.{sent})
    place(self)
    if not before: os.kill(os.getpid(), signal.{sent})
outputs.Outputs.{place} = then
sys.exit(cli.main())
"""


@pytest.mark.integration  # eight processes, 6 s
@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    ("place", "before", "code"),
    [("_appear", True, None), ("_appear", False, 0), ("_leave", True, 0), ("_leave", False, 0)],
)
def test_a_command_whose_output_is_there_was_not_interrupted(
    tmp_path: Path, sent: str, place: str, before: bool, code: int | None
) -> None:
    (tmp_path / "q.csv").write_text("a,b\n1,2\n2,2\n3,4\n")
    script = _AT_THE_END.format(place=place, before=before, sent=sent)
    words = ("reliability", "q.csv", "--resamples", "0", "--out", "r")
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(outputs.__file__).parents[1])},
    )  # fmt: skip
    if code is None:
        code = {"SIGINT": 130, "SIGTERM": 143}[sent]
    assert (done.returncode, names(tmp_path)) == (code, ["q.csv", *(["r"] if code == 0 else [])])
    assert ("written: r" in done.stderr) is (code == 0)


def test_no_folder_is_named_before_and_while_it_is_made(tmp_path: Path) -> None:
    for path in (tmp_path / "none" / "a", tmp_path / "file" / "a"):
        (tmp_path / "file").write_text("")
        with pytest.raises(InputError) as caught:
            outputs.refuse_existing(path)
        assert caught.value.code == "no_file"
        with pytest.raises(InputError) as caught, outputs.new() as made:
            made.at(path)
        assert caught.value.code == "no_file"


def test_text_goes_to_a_new_file_or_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs.write("said\n", None)
    assert capsys.readouterr().out == "said\n"
    outputs.write("kept\n", tmp_path / "a")
    assert (tmp_path / "a").read_text() == "kept\n"
    with pytest.raises(InputError, match="exists"):
        outputs.write("lost\n", tmp_path / "a")
    assert (tmp_path / "a").read_text() == "kept\n"
