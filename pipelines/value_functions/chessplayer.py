"""The chess network as a player: every legal move is valued, the best is made; UCI around it.

Source of the protocol: "Description of the universal chess interface" (Meyer-Kahlen, 2006).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from measurand.errors import InputError
from measurand.training import tensors
from pipelines.value_functions import networks
from pipelines.value_functions.boards import PLANES, bits
from pipelines.value_functions.engine import SCALE
from pipelines.value_functions.losses import Head
from pipelines.value_functions.net import Net
from pipelines.value_functions.supports import Support

START = "startpos"


class Choice(NamedTuple):
    """A move in UCI, and what it is worth to whoever makes it; None where there is no move."""

    move: str | None
    win_probability: float | None


class Player:
    """A trained chess network.

    Args:
        checkpoint: a ``RUN-LOSS.safetensors`` of a chess run, or a folder that holds one.
        seed: 0-based training.

    Raises:
        InputError: there is no such network, it is of another source, or has no such training.
    """

    def __init__(self, checkpoint: Path, seed: int = 0) -> None:
        named, about = tensors.load(locate(checkpoint))
        if about.get("kind") != "chess":
            raise InputError(f"{checkpoint} is no chess network", hint="give one of a chess run")
        last = f"{about['phases'] - 1}."
        own = {k.removeprefix(last): w for k, w in named.items() if k.startswith(last)}
        trainings = len(own["w" + networks.HEAD])
        if not 0 <= seed < trainings:
            raise InputError(
                f"{checkpoint} has no training {seed}", hint=f"it has 0 to {trainings - 1}"
            )
        self._weights = {name: w[seed : seed + 1] for name, w in own.items()}
        said: dict[str, Any] = about["head"]
        support = Support(*(said[name] for name in ("low", "high", "bins", "ratio")))
        self._head = Head(said["loss"], support, said["mean"], said["spread"])
        self._net = Net(**about["net"])
        if self._net.inputs != PLANES:
            raise InputError(f"{checkpoint} sees no board", hint="train it again")

    def values(self, board: Any) -> list[tuple[str, float]]:
        """(move, win probability) of every legal move, by name."""
        import torch

        moves = sorted(move.uci() for move in board.legal_moves)
        if not moves:
            return []
        planes = np.empty((len(moves), PLANES), np.uint8)
        for at, move in enumerate(moves):
            board.push_uci(move)
            planes[at] = bits(board, not board.turn)
            board.pop()
        with torch.inference_mode():
            out = networks.outputs(self._net, self._weights, torch.from_numpy(planes))
            found = self._head.value(out)[0].clamp(0, 1).tolist()
        return list(zip(moves, found, strict=True))

    def choose(self, board: Any) -> Choice:
        """The best move; of equal ones the first by name."""
        found = self.values(board)
        return Choice(*max(found, key=lambda one: one[1])) if found else Choice(None, None)


def locate(checkpoint: Path) -> Path:
    """The file of a chess network: the one that is given, or a folder's, HL-Gauss first.

    Raises:
        InputError: there is none.
    """
    if not checkpoint.exists():
        raise InputError(f"{checkpoint}: no such file or folder", hint="name a checkpoint")
    if not checkpoint.is_dir():
        return checkpoint
    found = sorted(checkpoint.glob("*.safetensors"))
    fit = [path for path in found if (tensors.about(path) or {}).get("kind") == "chess"]
    lead = [path for path in fit if path.stem.endswith("-hl_gauss")]
    if not fit:
        raise InputError(
            f"{checkpoint} holds no chess network", hint="run `measurand train value_functions`"
        )
    return (lead or fit)[0]


def serve(load: Callable[[], Player], lines: Iterable[str], write: Callable[[str], None]) -> None:
    """Answer a chess program until it says ``quit`` or has no more to say.

    A line that cannot be read, and an unknown command, are answered by ``info string`` and change
    nothing. A search is over at once; after ``go infinite`` and ``go ponder`` its move is held back
    until ``stop`` or ``ponderhit``, as the protocol asks.

    Args:
        load: gives the player; called when it is first needed.
        lines: what the program says.
        write: takes a line for it.
    """
    session = _Session(load, write)
    for line in lines:
        words = line.split()
        if words[:1] == ["quit"]:
            return
        if words:
            session.answer(words)


class _Session:
    """What is remembered between lines: the position, and a move that is held back."""

    def __init__(self, load: Callable[[], Player], write: Callable[[str], None]) -> None:
        self._load, self._write = load, write
        self._player: Player | None = None
        self._held = ""
        self._new([])

    def answer(self, words: list[str]) -> None:
        """One line."""
        known = {
            "uci": self._uci,
            "isready": self._ready,
            "ucinewgame": self._new,
            "position": self._position,
            "go": self._go,
            "stop": self._release,
            "ponderhit": self._release,
        }
        ignored = ("setoption", "debug", "register")
        if words[0] in known:
            known[words[0]](words[1:])
        elif words[0] not in ignored:
            self._write(f"info string unknown command: {words[0][:40]}")

    def _uci(self, _: list[str]) -> None:
        self._write("id name Measurand value network\nid author Measurand\nuciok")

    def _ready(self, _: list[str]) -> None:
        import chess

        # The first pass of a network pays for its set-up; no clock runs yet.
        self._loaded().choose(chess.Board())
        self._write("readyok")

    def _loaded(self) -> Player:
        self._player = self._player or self._load()
        return self._player

    def _new(self, _: list[str]) -> None:
        import chess

        self._board, self._held = chess.Board(), ""

    def _position(self, words: list[str]) -> None:
        try:
            self._board = position(words)
        except (ValueError, IndexError) as error:
            self._write(f"info string no position: {' '.join(str(error).split())}")

    def _go(self, words: list[str]) -> None:
        found = self._loaded().choose(self._board)
        if found.win_probability is not None:
            self._write(f"info depth 1 score cp {_centipawns(found.win_probability)}")
        self._held = f"bestmove {found.move or '(none)'}"
        if not {"infinite", "ponder"} & set(words):
            self._release([])

    def _release(self, _: list[str]) -> None:
        if self._held:
            self._write(self._held)
        self._held = ""


def position(words: list[str]) -> Any:
    """The board of ``startpos | fen FEN [moves ...]``.

    Raises:
        ValueError, IndexError: it is none, or a move is not legal.
    """
    import chess

    at = words.index("moves") if "moves" in words else len(words)
    kind, rest, moves = words[0], words[1:at], words[at + 1 :]
    if kind not in (START, "fen") or (kind == START and rest):
        raise ValueError(f"neither startpos nor fen: {' '.join(words[:8])}")
    board = chess.Board() if kind == START else chess.Board(" ".join(rest))
    if not board.is_valid():
        raise ValueError(f"not a legal position: {' '.join(rest)}")
    for move in moves:
        board.push_uci(move)
    return board


def _centipawns(p: float) -> int:
    p = min(max(p, 1e-4), 1 - 1e-4)
    return round(math.log(p / (1 - p)) / SCALE)
