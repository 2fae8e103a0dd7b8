"""Processes that are killed: what they began, and whether it goes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

Process = tuple[int, str]
"""Id of a process, and when it began."""


def begin(code: str, words: list[Path], scratch: Path) -> subprocess.Popen[bytes]:
    """Run Python code in a process that puts its files into a folder with a short name."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def alive() -> dict[Process, int]:
    """Parent of every process that runs."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if words[0] != "Z":
            found[int(folder.name), words[19]] = int(words[1])
    return found


def below(pid: int) -> set[Process]:
    """A process and all that it began."""
    every, found = alive(), {pid}
    while more := {key[0] for key, parent in every.items() if parent in found} - found:
        found |= more
    return {key for key in every if key[0] in found}


def left(some: set[Process], seconds: float = 20.0) -> set[Process]:
    """Of some processes, those that do not end."""
    end = time.monotonic() + seconds
    while (found := some & set(alive())) and time.monotonic() < end:
        time.sleep(0.1)
    return found
