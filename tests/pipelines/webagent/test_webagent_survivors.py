from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from pipelines.webagent import survivors

HOLDS = """
import sys, time
from pipelines.webagent import survivors
watch = survivors.watch("profile-", sys.argv[1][:-1])
(watch.folder / "cookies").write_text("of a session")
print(watch.folder, flush=True)
time.sleep(600)
"""


def sleeper(mark: str) -> subprocess.Popen[bytes]:
    """A process with a mark, in a session of its own as a browser's driver is."""
    words = [sys.executable, "-S", "-c", "import time; time.sleep(600)", mark]
    child = subprocess.Popen(words, start_new_session=True)
    # A program has begun a moment before its words can be read: exec closes its files first.
    said = Path(f"/proc/{child.pid}/cmdline")
    while mark not in said.read_text():
        time.sleep(0.01)
    return child


def gone(folder: Path, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.05)
    return not folder.exists()


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_what_a_killed_process_leaves_is_ended_and_nothing_else(scratch: Path) -> None:
    mark, other = f"--mark={os.getpid()}-a", f"--mark={os.getpid()}-b"
    mine, stranger = sleeper(mark), sleeper(other)
    holder = subprocess.Popen([sys.executable, "-c", HOLDS, f"{mark}!"], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        # The holder's own arguments carry the mark too: it is gone before anybody looks.
        folder = Path(holder.stdout.readline().decode().strip())
        assert folder.parent == scratch
        assert (folder / "cookies").exists()
        time.sleep(0.2)
        assert mine.poll() is None
        holder.send_signal(signal.SIGKILL)
        assert mine.wait(30) == -signal.SIGKILL
        assert stranger.poll() is None
        assert gone(folder)
    finally:
        for process in (mine, stranger, holder):
            process.kill()
            process.wait()


@pytest.mark.integration
def test_killed_at_any_moment_it_leaves_no_folder(scratch: Path) -> None:
    """Twenty-four moments from the interpreter's start to after the first file: 10 seconds."""
    seen, words = 0, [sys.executable, "-c", HOLDS, f"--mark={os.getpid()}-d!"]
    start = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().decode().strip())
        whole = time.monotonic() - start
        holder.kill()
    assert gone(folder)
    for moment in range(24):
        holder = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        time.sleep(1.3 * whole * moment / 23)
        while moment == 23 and not any(scratch.glob("profile-*")):
            time.sleep(0.01)  # however slow the machine has become
        seen += any(scratch.glob("profile-*"))
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        found = list(scratch.glob("profile-*"))
        assert all(map(gone, found))
    time.sleep(1)
    assert 0 < seen < 24
    assert not list(scratch.glob("profile-*"))


def test_who_watched_is_gone_when_the_browser_is_closed(scratch: Path) -> None:
    watch = survivors.watch("profile-", f"--mark={os.getpid()}-c")
    assert watch.folder.parent == scratch
    assert watch.folder.stat().st_mode & 0o777 == 0o700
    watch.close()
    assert watch.process.returncode == 0
    assert not watch.folder.exists()


def test_children_that_know_the_folder_alone_are_ended_before_it_is_removed(scratch: Path) -> None:
    watch = survivors.watch("profile-", f"--mark={os.getpid()}-e")
    child = sleeper(f"--user-data-dir={watch.folder}")
    try:
        watch.close()
        assert child.wait(30) == -signal.SIGKILL
    finally:
        child.kill()
        child.wait()
    assert not watch.folder.exists()


def test_without_a_mark_files_alone_are_removed(scratch: Path) -> None:
    bystander = sleeper("")
    try:
        watch = survivors.watch("room-")
        watch.close()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
    assert not watch.folder.exists()


def test_a_folder_that_cannot_be_made_is_an_error(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(scratch / "nowhere"))
    with pytest.raises(OSError, match="nowhere"):
        survivors.watch("room-")
