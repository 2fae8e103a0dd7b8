"""Chess: games to take positions from, boards as bits, legal moves and their values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from measurand.stats.resample import rng_for
from pipelines.value_functions import openings
from pipelines.value_functions.engine import Engine

PLANES = 12 * 64
LONGEST = 80
"""Half-moves of a game after its opening."""
OPENING = (4, 12)
"""Fewest and most random half-moves that begin a game."""
LEAD, DEEPER = 0.3, 10
"""A puzzle's best move leads the second by this in win probability, at more times the nodes too."""
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
    words: tuple[str | int, ...],
    positions: int,
    best: float,
    choose: Callable[[str], str],
    named: float = 0.0,
) -> list[tuple[str, str]]:
    """Positions of one game: a random opening or a named one, then best moves and random ones.

    Args:
        words: of the game's seed.
        positions: how many to keep; a game that ends early has fewer.
        best: share of best moves after the opening.
        choose: the best move of a position, in UCI.
        named: chance that the opening is a named one.

    Raises:
        CapabilityError: named openings are asked for and not installed.

    Returns:
        (identity, FEN) of positions that have legal moves.
    """
    import chess

    rng = rng_for(*words)
    board = chess.Board()
    opening = int(rng.integers(OPENING[0], OPENING[1] + 1))
    if named and rng.random() < named:
        known = openings.lines()
        line = known[int(rng.integers(len(known)))]
        opening = len(line)
        for move in line:
            board.push_uci(move)
    done = board.ply()
    kept = set(rng.choice(LONGEST, min(positions, LONGEST), replace=False) + opening)
    found = []
    for ply in range(done, max(kept) + 1):
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


def annotate(fen: str, nodes: int, engine: Engine) -> list[Row]:
    """Every legal move of a position with its value for the mover, in the order of their names.

    The engine forgets everything first, so a value depends on the position alone. A move that
    mates is worth 1; what ends in a draw at once is worth one half.
    """
    import chess

    board = chess.Board(fen)
    mover = board.turn
    moves = sorted(move.uci() for move in board.legal_moves)
    found: list[Row] = []
    engine.fresh()
    for move in moves:
        worth, mate = _worth(board, move, nodes, engine)
        board.push_uci(move)
        planes = bits(board, mover)
        board.pop()
        found.append(
            {
                "move": move,
                "fen": fen,
                "planes": np.packbits(planes).tobytes(),
                "win_prob": worth,
                "mate": mate,
                "material": material(planes),
                "n_legal": len(moves),
            }
        )
    puzzle = _is_puzzle(board, {str(row["move"]): float(row["win_prob"]) for row in found}, nodes,
                        engine)  # fmt: skip
    return [row | {"puzzle": puzzle} for row in found]


def _worth(board: Any, move: str, nodes: int, engine: Engine) -> tuple[float, int | None]:
    """Win probability of the mover after a move, and moves to a mate."""
    fen = board.fen()
    _, value = engine.search(fen, nodes, move)
    assert value is not None, f"the engine valued nothing: {fen} {move}"
    board.push_uci(move)
    drawn = board.is_insufficient_material()
    board.pop()
    # The search speaks for the other side, whose turn it is then.
    return 0.5 if drawn else 1 - value.win_probability(), _mate(value.mate)


def _is_puzzle(board: Any, worth: dict[str, float], nodes: int, engine: Engine) -> bool:
    """Whether one move is far better than all others, at more nodes too."""
    ranked = sorted(worth, key=lambda move: (-worth[move], move))
    if len(ranked) < 2 or worth[ranked[0]] - worth[ranked[1]] < LEAD:
        return False
    engine.fresh()
    best, second = (_worth(board, move, DEEPER * nodes, engine)[0] for move in ranked[:2])
    return best - second >= LEAD
