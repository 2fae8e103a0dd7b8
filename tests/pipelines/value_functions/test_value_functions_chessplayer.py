from __future__ import annotations

import random
from pathlib import Path

import chess
import pytest

from measurand.errors import InputError
from measurand.training import tensors
from pipelines.value_functions import networks
from pipelines.value_functions.boards import PLANES
from pipelines.value_functions.chessplayer import Player, locate, position, serve
from pipelines.value_functions.net import Net

HEAD = {"low": -0.1, "high": 1.1, "bins": 21, "ratio": 0.75, "mean": 0.5, "spread": 0.3}


def network(folder: Path, kind: str = "chess", loss: str = "hl_gauss") -> Path:
    own = networks.beginning(Net(PLANES, 8, 21), 2, "chess", loss)
    path = folder / f"chess-{loss}.safetensors"
    about = {
        "kind": kind,
        "net": vars(Net(PLANES, 8, 21)),
        "phases": 1,
        "head": {**HEAD, "loss": loss},
    }
    tensors.save(path, {f"0.{name}": w for name, w in own.items()}, about)
    return path


def said(folder: Path, *lines: str) -> list[str]:
    written: list[str] = []
    serve(lambda: Player(network(folder)), lines, written.append)
    return [line for text in written for line in text.splitlines()]


def test_every_move_is_legal_and_the_best_by_its_own_values(tmp_path: Path) -> None:
    player, board, rng = Player(network(tmp_path)), chess.Board(), random.Random(1)
    for _ in range(60):
        values = dict(player.values(board))
        assert set(values) == {move.uci() for move in board.legal_moves}
        assert all(0 <= value <= 1 for value in values.values())
        found = player.choose(board)
        if not values:
            assert found.move is None
            break
        assert found.move is not None
        assert values[found.move] == max(values.values()) == found.win_probability
        board.push(rng.choice(list(board.legal_moves)))


def test_mirrored_positions_are_played_alike(tmp_path: Path) -> None:
    player, board = Player(network(tmp_path)), chess.Board()
    for san in ("e4", "c5", "Nf3", "d6", "Bb5+"):
        board.push_san(san)
    other = dict(player.values(board.mirror()))
    for move, value in player.values(board):
        turned = chess.Move.from_uci(move)
        turned = chess.Move(turned.from_square ^ 56, turned.to_square ^ 56, turned.promotion)
        assert other[turned.uci()] == pytest.approx(value, abs=1e-6)


def test_a_whole_conversation(tmp_path: Path) -> None:
    found = said(
        tmp_path, "uci", "isready", "ucinewgame", "position startpos moves e2e4", "go movetime 10",
        "quit", "isready",
    )  # fmt: skip
    assert found[2:4] == ["uciok", "readyok"]
    assert found[-2].startswith("info depth 1 score cp")
    board = chess.Board()
    board.push_uci("e2e4")
    assert chess.Move.from_uci(found[-1].split()[1]) in board.legal_moves


def test_an_endless_search_waits_for_stop(tmp_path: Path) -> None:
    asked = ["position startpos", "go infinite", "isready", "stop", "stop"]
    found = said(tmp_path, *asked)
    assert [line.split()[0] for line in found] == ["info", "readyok", "bestmove"]


@pytest.mark.parametrize(
    "line",
    [
        "position", "position fen", "position fen not a board", "position startpos moves e2e5",
        "position fen 8/8/8/8/8/8/8/8 w - - 0 1", "position startpos moves zz", "position here",
    ],
)  # fmt: skip
def test_a_broken_position_is_said_and_changes_nothing(tmp_path: Path, line: str) -> None:
    once = said(tmp_path, "position startpos moves d2d4", "go depth 1")
    found = said(tmp_path, "position startpos moves d2d4", line, "go depth 1")
    assert found[0].startswith("info string no position")
    assert found[1:] == once


def test_unknown_commands_are_said(tmp_path: Path) -> None:
    assert said(tmp_path, "dance", "", "setoption name Hash value 1") == [
        "info string unknown command: dance"
    ]


def test_a_game_that_is_over_has_no_move(tmp_path: Path) -> None:
    mated = "position fen rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3"
    assert said(tmp_path, mated, "go depth 1") == ["bestmove (none)"]
    assert position(["startpos", "moves", "e2e4"]).turn is chess.BLACK


def test_what_is_no_chess_network_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        locate(tmp_path / "none")
    with pytest.raises(InputError, match="holds no chess network"):
        locate(tmp_path)
    path = network(tmp_path, kind="minatar", loss="mse")
    with pytest.raises(InputError, match="is no chess network"):
        Player(path)
    own = network(tmp_path)
    assert locate(tmp_path) == own
    with pytest.raises(InputError, match="no training 2"):
        Player(own, 2)
