"""Chess: games to take positions from, boards as bits, legal moves and their values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from measurand.stats.resample import rng_for
from pipelines.value_functions.engine import Engine

PLANES = 12 * 64
LONGEST = 80
"""Half-moves of a game after its opening."""
OPENING = (4, 12)
"""Fewest and most random half-moves that begin a game."""
_WORTH = (1, 3, 3, 5, 9, 0)

Row = dict[str, Any]


def bits(board: Any, mover: bool) -> np.ndarray:
    """(768,) of 0 and 1: six planes of the mover's pieces, six of the other's, seen by the mover.

    Args:
        board: a ``chess.Board``.
        mover: whose view it is: True for White; for Black ranks are turned round.
    """
    found = np.zeros((12, 64), np.uint8)
    for square, piece in board.piece_map().items():
        plane = piece.piece_type - 1 + 6 * (piece.color != mover)
        found[plane, square if mover else square ^ 56] = 1
    return found.ravel()


def material(planes: np.ndarray) -> int:
    """Pawns' worth of the mover's pieces less the other's: 1, 3, 3, 5, 9."""
    counts = planes.reshape(2, 6, 64).sum(-1, dtype=int)
    return int((counts[0] - counts[1]) @ np.array(_WORTH))


def position_id(board: Any) -> str:
    """SHA-256 of pieces, side, castling and en passant: clocks do not count."""
    return hashlib.sha256(" ".join(board.fen().split()[:4]).encode()).hexdigest()


def game(
    words: tuple[str | int, ...], positions: int, best: float, choose: Callable[[str], str]
) -> list[tuple[str, str]]:
    """Positions of one game: a random opening, then best moves and random ones.

    Args:
        words: of the game's seed.
        positions: how many to keep; a game that ends early has fewer.
        best: share of best moves after the opening.
        choose: the best move of a position, in UCI.

    Returns:
        (identity, FEN) of positions that have legal moves.
    """
    import chess

    rng = rng_for(*words)
    board = chess.Board()
    opening = int(rng.integers(OPENING[0], OPENING[1] + 1))
    kept = set(rng.choice(LONGEST, min(positions, LONGEST), replace=False) + opening)
    found = []
    for ply in range(max(kept) + 1):
        moves = sorted(move.uci() for move in board.legal_moves)
        if not moves:
            break
        if ply in kept:
            found.append((position_id(board), board.fen()))
        strong = ply >= opening and rng.random() < best
        board.push_uci(choose(board.fen()) if strong else moves[int(rng.integers(len(moves)))])
    return found


def _mate(other: int | None) -> int | None:
    """Moves to a mate by the mover, from what the other side is told after the move."""
    return None if other is None else 1 - other if other <= 0 else -other


def annotate(fen: str, nodes: int, engine: Engine) -> Iterator[Row]:
    """Every legal move of a position with its value for the mover, in the order of their names.

    The engine forgets everything first, so a value depends on the position alone. A move that
    mates is worth 1; what ends in a draw at once is worth one half.
    """
    import chess

    board = chess.Board(fen)
    mover = board.turn
    moves = sorted(move.uci() for move in board.legal_moves)
    engine.fresh()
    for move in moves:
        _, value = engine.search(fen, nodes, move)
        assert value is not None, f"the engine valued nothing: {fen} {move}"
        board.push_uci(move)
        planes = bits(board, mover)
        drawn = board.is_insufficient_material()
        board.pop()
        yield {
            "move": move,
            "fen": fen,
            "planes": np.packbits(planes).tobytes(),
            # The search speaks for the other side, whose turn it is then.
            "win_prob": 0.5 if drawn else 1 - value.win_probability(),
            "mate": _mate(value.mate),
            "material": material(planes),
            "n_legal": len(moves),
        }
