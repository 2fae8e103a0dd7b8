"""A chess engine behind UCI: searches of a fixed number of nodes, the same in every order.

One process, one thread, nothing remembered from one position to the next (``fresh``), nodes and
never time: then a position has one value, whoever asks first.
"""

from __future__ import annotations

import math
import os
import select
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from measurand.errors import CapabilityError, InfraError
from measurand.manifest import file_sha256

SCALE = 0.00368208
"""Of centipawns on the logit scale: Ruoss et al. 2024 (arXiv 2402.04494), equation 1."""
PLACES = ("/usr/games/stockfish",)
"""Where Debian puts it, which a search path need not hold."""
SECONDS = 60.0
"""Longest silence of a process that is alive."""


class Value(NamedTuple):
    """What a search says, from the side to move.

    Attributes:
        centipawns: None where a mate was seen.
        mate: moves to it, below 0 if it is suffered; None where none was seen.
    """

    centipawns: int | None
    mate: int | None

    def win_probability(self) -> float:
        """Of the side to move: 1 and 0 for mates, else a logistic of centipawns."""
        if self.mate is not None:
            return float(self.mate > 0)
        assert self.centipawns is not None
        return 1 / (1 + math.exp(-SCALE * self.centipawns))


def locate() -> Path:
    """The Stockfish of this machine.

    Raises:
        CapabilityError: there is none; code ``no_stockfish``.
    """
    found = shutil.which("stockfish") or next((p for p in PLACES if os.access(p, os.X_OK)), None)
    if found is None:
        raise CapabilityError(
            "chess needs Stockfish, which is not installed",
            hint="apt-get install stockfish, or leave the chess source out",
            code="no_stockfish",
        )
    return Path(found)


class Engine:
    """A running engine.

    Args:
        path: its program.
        options: UCI options by name.

    Raises:
        InfraError: it does not start, ends, or is silent.
    """

    def __init__(self, path: Path, options: dict[str, str | int] | None = None) -> None:
        self.path, self.name, self._rest = path, "", b""
        try:
            self._process = subprocess.Popen(
                [path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        except OSError as error:
            raise InfraError(f"{path} does not start: {error}", hint="install it again") from error
        self._tell("uci")
        while (line := self._line()) != "uciok":
            if line.startswith("id name "):
                self.name = line.removeprefix("id name ")
        for name, value in {"Threads": 1, "Hash": 1, **(options or {})}.items():
            self._tell(f"setoption name {name} value {value}")
        self.fresh()

    def fresh(self) -> None:
        """Forget everything."""
        self._tell("ucinewgame\nisready")
        while self._line() != "readyok":
            pass

    def search(self, fen: str, nodes: int, move: str | None = None) -> tuple[str, Value | None]:
        """Best move and value of a position, or of the one after a move.

        Args:
            fen: the position.
            nodes: nodes of the search.
            move: a legal move that is made first.

        Returns:
            The move, ``(none)`` where there is none, and the value for the side to move then.
        """
        moves = f" moves {move}" if move else ""
        self._tell(f"position fen {fen}{moves}\ngo nodes {nodes}")
        value = None
        while True:
            words = self._line().split()
            if words[:1] == ["bestmove"]:
                return words[1], value
            if words[:1] == ["info"] and "score" in words:
                at = words.index("score")
                kind, number = words[at + 1], int(words[at + 2])
                value = Value(number, None) if kind == "cp" else Value(None, number)

    def identity(self) -> str:
        """Name and SHA-256 of the program."""
        return f"{self.name} {file_sha256(self.path)[:16]}"

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _tell(self, text: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(text.encode() + b"\n")
        except OSError as error:
            raise self._gone("ended") from error

    def _line(self) -> str:
        assert self._process.stdout is not None
        while b"\n" not in self._rest:
            file = self._process.stdout.fileno()
            if not select.select([file], [], [], SECONDS)[0]:
                raise self._gone(f"was silent for {SECONDS:.0f} s")
            if not (more := os.read(file, 65536)):
                raise self._gone("ended")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("utf-8", "replace").strip()

    def _gone(self, what: str) -> InfraError:
        return InfraError(f"the engine {self.path} {what}", hint="run it again")
