from __future__ import annotations

import random

import chess
import numpy as np
import pytest
from value_functions_small import HAS_CHESS, NO_CHESS

from pipelines.value_functions import boards
from pipelines.value_functions.engine import Engine, locate

chess_is_here = pytest.mark.skipif(not HAS_CHESS, reason=NO_CHESS)
MATES = (
    "6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1",
    "r1bqkb1r/pppp1ppp/2n2n2/4p2Q/2B1P3/8/PPPP1PPP/RNB1K1NR w KQkq - 4 4",
    "rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/PPPPP2P/RNBQKBNR b KQkq - 0 2",
    "7k/6pp/8/8/8/8/1Q4PP/6K1 w - - 0 1",
)  # fmt: skip


def test_boards_are_seen_by_the_mover() -> None:
    board = chess.Board()
    white, black = boards.bits(board, True), boards.bits(board, False)
    assert white.sum() == black.sum() == 32
    np.testing.assert_array_equal(white, black)
    board.push_san("e4")
    assert boards.bits(board, True).reshape(12, 64)[0, chess.E4] == 1
    assert boards.bits(board, False).reshape(12, 64)[6, chess.E4 ^ 56] == 1


def test_a_turned_board_is_the_mirror_of_the_package() -> None:
    rng, board = random.Random(3), chess.Board()
    for _ in range(40):
        board.push(rng.choice(list(board.legal_moves)))
    turned = boards.bits(board.mirror(), True)
    np.testing.assert_array_equal(boards.bits(board, False), turned)


def test_material_is_counted_for_the_mover() -> None:
    board = chess.Board("4k3/8/8/8/8/8/P7/QR2K3 w - - 0 1")
    assert boards.material(boards.bits(board, True)) == 15
    assert boards.material(boards.bits(board, False)) == -15


def test_clocks_are_no_part_of_a_position() -> None:
    a = chess.Board("4k3/8/8/8/8/8/P7/4K3 w - - 0 1")
    b = chess.Board("4k3/8/8/8/8/8/P7/4K3 w - - 9 30")
    c = chess.Board("4k3/8/8/8/8/8/P7/4K3 b - - 0 1")
    assert boards.position_id(a) == boards.position_id(b) != boards.position_id(c)


def test_a_game_has_legal_positions_and_is_the_same_again() -> None:
    def choose(fen: str) -> str:
        return min(move.uci() for move in chess.Board(fen).legal_moves)

    found = boards.game(("a", 1), 5, 0.6, choose)
    assert found == boards.game(("a", 1), 5, 0.6, choose)
    assert found != boards.game(("a", 2), 5, 0.6, choose)
    assert 0 < len(found) <= 5
    assert all(any(chess.Board(fen).legal_moves) for _, fen in found)


@chess_is_here
@pytest.mark.parametrize("fen", MATES)
def test_a_mate_in_one_is_the_best_move(fen: str) -> None:
    board = chess.Board(fen)
    mating = set()
    for move in board.legal_moves:
        board.push(move)
        mating |= {move.uci()} if board.is_checkmate() else set()
        board.pop()
    own = Engine(locate())
    rows = list(boards.annotate(fen, 50, own))
    own.close()
    assert mating
    best = {row["move"] for row in rows if row["mate"] == 1}
    assert boards._mate(-1) == 2
    assert boards._mate(2) == -2
    assert mating == best
    assert all(row["win_prob"] == 1 for row in rows if row["move"] in mating)


@chess_is_here
def test_another_order_and_another_engine_give_the_same_values() -> None:
    def choose(fen: str) -> str:
        return min(move.uci() for move in chess.Board(fen).legal_moves)

    fens = [fen for seed in range(4) for _, fen in boards.game(("b", seed), 2, 0.0, choose)]
    one, two = Engine(locate()), Engine(locate(), {"Hash": 1})
    first = {fen: list(boards.annotate(fen, 50, one)) for fen in fens}
    assert {fen: list(boards.annotate(fen, 50, two)) for fen in reversed(fens)} == first
    assert all(len(rows) == rows[0]["n_legal"] for rows in first.values())
    one.close()
    two.close()


def lowest(fen: str) -> str:
    return min(move.uci() for move in chess.Board(fen).legal_moves)


@pytest.mark.integration
@chess_is_here
def test_a_thousand_rows_in_another_order() -> None:
    fens = [fen for seed in range(12) for _, fen in boards.game(("c", seed), 4, 0.0, lowest)]
    one, two = Engine(locate()), Engine(locate())
    first = {fen: boards.annotate(fen, 50, one) for fen in fens}
    assert sum(map(len, first.values())) >= 1000
    random.Random(1).shuffle(fens)
    assert {fen: boards.annotate(fen, 50, two) for fen in fens} == first
    one.close()
    two.close()


def mates(board: chess.Board) -> set[str]:
    """Moves that mate."""
    found = set()
    for move in list(board.legal_moves):
        board.push(move)
        found |= {move.uci()} if board.is_checkmate() else set()
        board.pop()
    return found


@pytest.mark.integration
@chess_is_here
def test_every_mate_in_one_of_random_games_is_found() -> None:
    rng, found = random.Random(2), {}
    while len(found) < 40:
        board = chess.Board()
        while not board.is_game_over():
            if mating := mates(board):
                found[board.fen()] = mating
            board.push(rng.choice(list(board.legal_moves)))
    own = Engine(locate())
    for fen, mating in found.items():
        rows = boards.annotate(fen, 50, own)
        assert {row["move"] for row in rows if row["mate"] == 1} == mating
        assert max(row["win_prob"] for row in rows) == 1
    own.close()


@chess_is_here
def test_draws_are_worth_one_half() -> None:
    own = Engine(locate())
    rows = list(boards.annotate("7k/8/6K1/8/8/8/8/5Q2 w - - 0 1", 50, own))
    stalemate = next(row for row in rows if row["move"] == "f1f7")
    bare = list(boards.annotate("8/8/8/8/8/4k3/4r3/4K3 w - - 0 1", 50, own))
    own.close()
    assert stalemate["win_prob"] == 0.5
    assert bare == [] or all(0 <= row["win_prob"] <= 1 for row in bare)


@chess_is_here
def test_puzzles_have_one_move_that_leads() -> None:
    own = Engine(locate())
    # Taking the queen back is all that saves Black; in the other nothing hangs.
    hangs = boards.annotate("rnb1kbnr/pppp1ppp/8/4p3/4q3/8/PPPPQPPP/RNB1KBNR w KQkq - 0 1", 50, own)
    quiet = boards.annotate(chess.STARTING_FEN, 50, own)
    own.close()
    assert all(row["puzzle"] for row in hangs)
    assert not any(row["puzzle"] for row in quiet)
    worth = sorted((row["win_prob"] for row in hangs), reverse=True)
    assert worth[0] - worth[1] >= boards.LEAD
