"""Parts of `make test` run side by side and are told one after the other."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

BESIDE = Path(__file__).parents[1] / "beside.py"


def beside(*commands: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, BESIDE, *commands], capture_output=True, text=True, timeout=60
    )


def test_they_run_at_the_same_time_and_are_told_whole_in_order(tmp_path: Path) -> None:
    """Each waits for the other: one after the other, they would never end."""
    one, two = tmp_path / "one", tmp_path / "two"
    done = beside(
        f"echo 1 begins; touch {one}; until [ -e {two} ]; do sleep .02; done; echo 1 ends",
        f"echo 2 begins; touch {two}; until [ -e {one} ]; do sleep .02; done; echo 2 ends >&2",
    )
    assert done.stdout.splitlines() == ["1 begins", "1 ends", "2 begins", "2 ends"]
    assert done.returncode == 0


def test_one_that_fails_fails_all_is_named_last_and_the_others_end() -> None:
    done = beside("sleep .2; echo whole", "exit 3", "kill -9 $$")
    assert done.stdout.splitlines() == [
        *("whole", "failed with 3: exit 3", "failed with -9: kill -9 $$")
    ]
    assert done.returncode == 3


def test_what_ends_it_ends_them(tmp_path: Path) -> None:
    """A time limit of CI: nothing goes on, and it is no success."""
    words = f"trap 'echo ended; exit 1' TERM; touch {tmp_path}/begun; while :; do sleep .02; done"
    process = subprocess.Popen([sys.executable, BESIDE, words], stdout=subprocess.PIPE, text=True)
    while not (tmp_path / "begun").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    assert out.splitlines()[0] == "ended"
    assert process.returncode == 1
