from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pipelines.webagent import survivors

HOLDS = """
import sys, time
from pathlib import Path
from pipelines.webagent import survivors
survivors.watch(Path(sys.argv[2]), sys.argv[1][:-1])
print("watched", flush=True)
time.sleep(600)
"""


def sleeper(mark: str) -> subprocess.Popen[bytes]:
    """A process with a mark, in a session of its own as a browser's driver is."""
    words = [sys.executable, "-S", "-c", "import time; time.sleep(600)", mark]
    return subprocess.Popen(words, start_new_session=True)


def test_what_a_killed_process_leaves_is_ended_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    folder.mkdir()
    mark, other = f"--mark={os.getpid()}-a", f"--mark={os.getpid()}-b"
    mine, stranger = sleeper(mark), sleeper(other)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, f"{mark}!", str(folder)], stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        # The holder's own arguments carry the mark too: it is gone before anybody looks.
        assert holder.stdout.readline() == b"watched\n"
        time.sleep(0.2)
        assert mine.poll() is None
        holder.send_signal(signal.SIGKILL)
        assert mine.wait(30) == -signal.SIGKILL
        assert stranger.poll() is None
        end = time.monotonic() + 10
        while folder.exists() and time.monotonic() < end:
            time.sleep(0.05)
        assert not folder.exists()
    finally:
        for process in (mine, stranger, holder):
            process.kill()
            process.wait()


def test_who_watched_is_gone_when_the_browser_is_closed(tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()
    watch = survivors.watch(tmp_path / "profile", f"--mark={os.getpid()}-c")
    watch.close()
    assert watch.process.returncode == 0
    assert not (tmp_path / "profile").exists()


def test_without_a_mark_files_alone_are_removed(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    bystander = sleeper("")
    try:
        survivors.watch(tmp_path / "room").close()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
    assert not (tmp_path / "room").exists()
