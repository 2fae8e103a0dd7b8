"""Commands as processes that can be interrupted: from their start, or as copies of a warm one."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LIMIT = 240.0
"""Seconds of a whole run, at most."""


@dataclass
class Running:
    """A command that runs.

    Attributes:
        pid: its process, which leads a session.
        ended: waits for its end, at most so many seconds; its exit code, None if it goes on.
        streams: files of what it prints and says.
    """

    pid: int
    ended: Callable[[float], int | None]
    streams: tuple[Path, Path]

    def whole(self) -> tuple[int, str, str]:
        """Exit code, output and errors."""
        code = self.ended(LIMIT)
        assert code is not None, "it does not end"
        out, err = (path.read_text(errors="replace") for path in self.streams)
        return code, out, err


class Fresh:
    """Runs commands in processes of their own."""

    def __init__(self, project: Path) -> None:
        self._project = project

    def begin(self, words: str) -> Running:
        """A process that runs a command."""
        streams = _streams(self._project)
        with streams[0].open("wb") as out, streams[1].open("wb") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "measurand.cli", *words.split()],
                cwd=self._project, stdin=subprocess.PIPE, stdout=out, stderr=err,
                env=_environment(self._project), start_new_session=True,
                # Whoever runs the tests in the background hands on that interrupts are ignored.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
            )  # fmt: skip

        def ended(seconds: float) -> int | None:
            try:
                return process.wait(seconds)
            except subprocess.TimeoutExpired:
                return None

        return Running(process.pid, ended, streams)


HEAVY = ("pyarrow.parquet", "polars", "scipy.stats", "torch", "apache_beam", "pydantic", "jinja2")
COPIES = """
import importlib, json, os, signal, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
from measurand.cli import main
print("ready", flush=True)
for line in iter(sys.stdin.readline, ""):
    words, out, err = json.loads(line)
    if (pid := os.fork()) == 0:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["measurand", *words]
        wanted = ((os.devnull, os.O_RDONLY), (out, os.O_WRONLY), (err, os.O_WRONLY))
        print(os.getpid(), flush=True)
        for number, (path, how) in enumerate(wanted):
            os.dup2(os.open(path, how | os.O_CREAT | os.O_TRUNC), number)
        code = main()
        sys.stdout.flush()
        # Taking down what was imported is no part of the command.
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Copies:
    """Runs commands in copies of one process that has imported what is heavy."""

    def __init__(self, project: Path) -> None:
        self._streams = _streams(project)
        self._process = subprocess.Popen(
            [sys.executable, "-c", COPIES, *HEAVY], cwd=project, env=_environment(project),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        assert self._answer(LIMIT) == "ready"

    def _answer(self, seconds: float) -> str | None:
        """The next line that the process says."""
        assert self._process.stdout is not None
        found, _, _ = select.select([self._process.stdout], [], [], seconds)
        return self._process.stdout.readline().strip() if found else None

    def begin(self, words: str) -> Running:
        """A copy that runs a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([words.split(), *map(str, self._streams)]) + "\n")
        pid = self._answer(LIMIT)
        assert pid is not None

        def ended(seconds: float) -> int | None:
            code = self._answer(seconds)
            return None if code is None else int(code)

        return Running(int(pid), ended, self._streams)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate(timeout=LIMIT)


def _environment(project: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}


def _streams(project: Path) -> tuple[Path, Path]:
    return project.with_name("printed.txt"), project.with_name("said.txt")


def left(session: int) -> list[int]:
    """Processes of a session that have not ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            state, *numbers = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            if int(numbers[2]) == session and state not in "ZX":
                found.append(int(folder.name))
    return found
