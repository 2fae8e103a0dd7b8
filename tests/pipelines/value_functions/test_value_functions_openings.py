from __future__ import annotations

from pathlib import Path

import chess
import pytest

from measurand.errors import CapabilityError
from pipelines.value_functions import boards, openings

HAS_OPENINGS = Path(openings.PLACE).exists()
LINES = """[ECO "A00"]
[Opening "Polish"]

1. b4 *

[ECO "C20"]
[Opening "King's pawn game"]

1. e4 e5 *
"""


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "eco.pgn"
    path.write_text(LINES)
    monkeypatch.setattr(openings, "PLACE", str(path))
    openings.lines.cache_clear()


def test_games_begin_with_named_openings(named: None) -> None:
    assert openings.lines() == (("b2b4",), ("e2e4", "e7e5"))

    def choose(fen: str) -> str:
        return min(move.uci() for move in chess.Board(fen).legal_moves)

    found = [fen for at in range(6) for _, fen in boards.game(("n", at), 80, 0.5, choose, 1.0)]
    first = {chess.Board(fen).fen().split()[0] for fen in found if chess.Board(fen).ply() <= 2}
    openings.lines.cache_clear()
    wanted = set()
    for line in (("b2b4",), ("e2e4", "e7e5")):
        board = chess.Board()
        for move in line:
            board.push_uci(move)
        wanted.add(board.board_fen())
    assert first & wanted


def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(openings, "PLACE", str(tmp_path / "none"))
    openings.lines.cache_clear()
    with pytest.raises(CapabilityError, match="is not there"):
        openings.lines()
    openings.lines.cache_clear()


@pytest.mark.integration
@pytest.mark.skipif(not HAS_OPENINGS, reason="Debian's pgn-extract is not installed")
def test_the_file_of_debian() -> None:
    openings.lines.cache_clear()
    found = openings.lines()
    assert len(found) > 1000
    assert ("e2e4", "c7c5") in found
