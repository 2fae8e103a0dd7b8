"""Programs over the user's operations, measured by the user's function.

The function runs in a process of its own: it may print, raise, hang or end that process. Each is a
failed evaluation with its reason, and the search goes on.
"""

from __future__ import annotations

import json
import math
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from pipelines.guided_evolution import own_process
from pipelines.guided_evolution.programs import Grammar, Op, Program
from pipelines.guided_evolution.spaces import Graphs, Outcome, failed
from schemas.guided_evolution.params import Own

START_SECONDS = 60.0
"""What the import of the function may take."""


@dataclass
class OwnPrograms:
    """The task of making the user's function as large as possible.

    Attributes:
        source: what the user asked for.
    """

    source: Own
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _left: bytes = field(default=b"", repr=False)

    @cached_property
    def space(self) -> Graphs:
        """The programs to choose from."""
        ops = tuple(Op(**op.model_dump()) for op in self.source.operations)
        low, high = self.source.constants
        grammar = Grammar(ops, self.source.gives, self.source.max_nodes, (low, high))
        return Graphs(grammar)

    @property
    def enough(self) -> None:
        """No fitness is known to be the last word."""
        return None

    def function(self, program: Program) -> bytes:
        """The program's own key: what a program of other operations computes is not known."""
        return program.key

    def plain(self, program: Program) -> dict[str, Any]:
        """A program as the user's function is given it."""
        return {
            "ops": [self.space.names[op] for op in program.ops],
            "args": [list(mine) for mine in program.args],
            "constants": list(program.consts),
        }

    def measure(self, program: Program) -> Outcome:
        """What the function says.

        Raises:
            InputError: code ``bad_evaluator``: there is no such function.
        """
        if self._process is None:
            self._start()
        said = self._ask(json.dumps(self.plain(program)).encode() + b"\n", self.source.timeout_s)
        if said is None:
            return failed(self._ended())
        if "raised" in said:
            return failed(said["raised"])
        if not math.isfinite(said["value"]):
            return failed(f"it returned {said['value']}")
        return Outcome(said["value"])

    def close(self) -> None:
        """End the function's process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        self._process, self._left = None, b""

    def _start(self) -> None:
        place, _, name = self.source.evaluate.rpartition(":")
        self._process = subprocess.Popen(
            [sys.executable, str(Path(own_process.__file__).resolve()), place, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        said = self._ask(b"", START_SECONDS)
        if said is None or "refused" in said:
            why = self._ended() if said is None else said["refused"]
            self.close()
            raise InputError(
                f"{self.source.evaluate} cannot be loaded: {why}",
                hint="give package.module:name of an installed package, or file.py:name",
                code="bad_evaluator",
            )

    def _ask(self, line: bytes, seconds: float) -> dict[str, Any] | None:
        """The next line that the process writes; None where it ends or stays silent."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        end = time.monotonic() + seconds
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError:
            return None
        while b"\n" not in self._left:
            wait = end - time.monotonic()
            if wait <= 0 or not select.select([self._process.stdout], [], [], wait)[0]:
                return None
            more = self._process.stdout.read1(65_536)  # type: ignore[attr-defined]
            if not more:
                return None
            self._left += more
        first, _, self._left = self._left.partition(b"\n")
        said: dict[str, Any] = json.loads(first)
        return said

    def _ended(self) -> str:
        """Why there was no answer; the process is replaced."""
        assert self._process is not None
        code = self._process.poll()
        if code is None:
            try:
                code = self._process.wait(0.2)
            except subprocess.TimeoutExpired:
                code = None
        self.close()
        if code is None:
            return f"no answer in {self.source.timeout_s:g} s"
        return f"its process ended with {code}"
