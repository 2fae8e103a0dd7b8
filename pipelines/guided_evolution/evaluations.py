"""What a search paid for: every evaluation kept as it comes, and counted by another process.

A search that was killed runs again from its beginning; what it had measured it finds here, so that
it draws the same numbers, trains the same networks and asks its evaluator only for what is new.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from measurand.errors import InfraError, InputError
from pipelines.guided_evolution.programs import Program
from pipelines.guided_evolution.spaces import Outcome, Task

FILE, CALLS = "evaluations.jsonl", "calls"


class Evaluations:
    """The evaluations of one search.

    Args:
        task: what measures.
        folder: where they are kept; it belongs to this search alone.
    """

    def __init__(self, task: Task, folder: Path) -> None:
        self._task, self._folder = task, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._known: dict[str, tuple[Outcome, float]] = dict(_read(folder / FILE))
        self._file = (folder / FILE).open("a", encoding="utf-8")
        self._counter: subprocess.Popen[bytes] | None = None
        self.seconds = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if self._counter is not None and self._counter.stdin is not None:
            self._counter.stdin.close()
            self._counter.wait(timeout=60)

    def measure(self, program: Program) -> Outcome:
        """The outcome of a program: as it was measured before, or by a call that is counted.

        Raises:
            InputError: the fitness is no finite number although the evaluation did not fail.
        """
        key = program.key.hex()
        found = self._known.get(key)
        if found is None:
            self._count()
            start = time.perf_counter()
            outcome = self._task.measure(program)
            seconds = time.perf_counter() - start
            if outcome.status == "ok" and not _finite(outcome.fitness):
                raise InputError(f"an evaluation is ok and has the fitness {outcome.fitness}")
            row = {"key": key, "seconds": round(seconds, 9), **vars(outcome)}
            self._file.write(json.dumps(row) + "\n")
            self._file.flush()
            found = self._known[key] = (outcome, seconds)
        self.seconds += found[1]
        return found[0]

    def _count(self) -> None:
        """Tell the counter, a process that sees a byte a call and writes their number at its end.

        It outlives a search that is killed, since the pipe then ends.
        """
        if self._counter is None:
            with (self._folder / CALLS).open("ab") as out:
                self._counter = subprocess.Popen(
                    ["wc", "-c"], stdin=subprocess.PIPE, stdout=out, start_new_session=True
                )
        assert self._counter.stdin is not None
        os.write(self._counter.stdin.fileno(), b".")


def counted(folder: Path) -> tuple[int, int]:
    """Calls of the evaluator and the sessions that made them, as each session's counter wrote.

    A session that was killed may have made one call more than it kept.

    Raises:
        InfraError: a counter wrote something else than a number.
    """
    try:
        counts = [int(line) for line in (folder / CALLS).read_text().split()]
    except FileNotFoundError:
        return 0, 0
    except ValueError as error:
        raise InfraError(f"{folder / CALLS} is no list of numbers: {error}") from error
    return sum(counts), len(counts)


def _read(path: Path) -> Iterator[tuple[str, tuple[Outcome, float]]]:
    """What was measured; a last line that a killed process left unfinished is cut off."""
    if not path.is_file():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        with path.open("rb+") as file:
            file.truncate(whole)
    for line in data[:whole].splitlines():
        row = json.loads(line)
        outcome = Outcome(row["fitness"], row["status"], row["reason"])
        yield row["key"], (outcome, row["seconds"])


def _finite(value: float | None) -> bool:
    with contextlib.suppress(TypeError):
        return value is not None and abs(value) < float("inf")
    return False
