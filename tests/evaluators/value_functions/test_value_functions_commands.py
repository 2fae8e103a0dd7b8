"""The engine as chess programs meet it: a process that speaks UCI."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import chess
import chess.engine
import pytest
from value_functions_small import HAS_CHESS, NO_CHESS

from evaluators.value_functions.commands import main
from measurand.errors import InputError
from measurand.training import tensors
from pipelines.value_functions import networks
from pipelines.value_functions.boards import PLANES
from pipelines.value_functions.engine import locate
from pipelines.value_functions.net import Net

GAMES, SECONDS = 20, 1.0


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("uci") / "chess-mse.safetensors"
    own = networks.beginning(Net(PLANES, 8, 1), 1, "chess")
    head = {"low": 0.0, "high": 1.0, "bins": 21, "ratio": 0.75, "mean": 0.5, "spread": 0.3}
    about = {
        "kind": "chess",
        "net": vars(Net(PLANES, 8, 21)),
        "phases": 1,
        "head": {**head, "loss": "mse"},
    }
    tensors.save(path, {f"0.{name}": w for name, w in own.items()}, about)
    return path


def _spent(engine: chess.engine.SimpleEngine) -> float:
    """Processor seconds of an engine's process: a busy machine makes no move longer."""
    pid = engine.transport.get_pid()
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")


def test_what_is_missing_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        main(["uci", "--checkpoint", str(tmp_path / "none")])


@pytest.mark.integration
@pytest.mark.skipif(not HAS_CHESS, reason=NO_CHESS)
def test_whole_games_against_stockfish_without_an_illegal_move(checkpoint: Path) -> None:
    words = [sys.executable, "-m", "measurand.cli", "value_functions", "uci",
             "--checkpoint", str(checkpoint)]  # fmt: skip
    own = chess.engine.SimpleEngine.popen_uci(words, timeout=60)
    # Loading is answered for by "readyok", before any clock runs.
    own.ping()
    other = chess.engine.SimpleEngine.popen_uci(str(locate()))
    other.configure({"Skill Level": 0})
    slow = 0
    try:
        for game in range(GAMES):
            board = chess.Board()
            while not board.is_game_over(claim_draw=True):
                mine = (board.turn == chess.WHITE) == (game % 2 == 0)
                limit = chess.engine.Limit(time=SECONDS) if mine else chess.engine.Limit(nodes=1)
                began = _spent(own)
                # An answer that is no legal move raises.
                result = (own if mine else other).play(board, limit, game=game)
                assert result.move in board.legal_moves
                slow += mine and _spent(own) - began > SECONDS
                board.push(result.move)
            assert board.outcome(claim_draw=True) is not None
        assert slow == 0
    finally:
        own.quit()
        other.quit()
