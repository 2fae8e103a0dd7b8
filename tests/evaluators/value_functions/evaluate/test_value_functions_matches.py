from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import chess
import pytest
from value_functions_small import CHESS, HAS_CHESS, NO_CHESS, small

from evaluators.value_functions.evaluate import matches
from measurand import runs
from measurand.training import tensors
from pipelines.value_functions import networks
from pipelines.value_functions.boards import PLANES
from pipelines.value_functions.net import Net
from schemas.value_functions.params import Params


class Scripted:
    """An opponent that makes the first move by name."""

    def fresh(self) -> None:
        pass

    def search(self, fen: str, nodes: int) -> tuple[str, None]:
        return min(move.uci() for move in chess.Board(fen).legal_moves), None


def first(board: Any) -> str:
    return min(move.uci() for move in board.legal_moves)


def params(**more: Any) -> Params:
    runs = [{"id": "chess", "source": "chess", "steps": 1, "losses": ["mse", "hl_gauss"]}]
    found = small([CHESS], runs)
    evaluate = found.evaluate.model_copy(update={"games": 4, **more})
    return found.model_copy(update={"evaluate": evaluate})


def test_a_game_ends_and_colours_are_the_networks() -> None:
    def mating(board: Any) -> str:
        for move in board.legal_moves:
            board.push(move)
            mates = board.is_checkmate()
            board.pop()
            if mates:
                return str(move.uci())
        return first(board)

    engine: Any = Scripted()
    found = {
        matches.game(1, at, white, mating, engine) for at in range(4) for white in (True, False)
    }
    assert found <= {0.0, 0.5, 1.0}
    assert found != {0.0}


@pytest.mark.parametrize("white", [True, False])
def test_each_side_moves_its_own_colour(white: bool) -> None:
    moved: dict[str, set[bool]] = {"network": set(), "engine": set()}

    def choose(board: Any) -> str:
        moved["network"].add(board.turn)
        return first(board)

    class Watched(Scripted):
        def search(self, fen: str, nodes: int) -> tuple[str, None]:
            moved["engine"].add(chess.Board(fen).turn)
            return super().search(fen, nodes)

    engine: Any = Watched()
    matches.game(1, 0, white, choose, engine)
    assert moved == {"network": {white}, "engine": {not white}}


def test_who_plays() -> None:
    given = params()
    [run] = given.train.runs
    assert matches.plays(given, run)
    assert not matches.plays(params(games=0), run)
    assert not matches.plays(given, run.model_copy(update={"noise": 1.0}))
    assert not matches.plays(given, run.model_copy(update={"shuffled": True}))
    assert not matches.plays(given, run.model_copy(update={"losses": ("mse",)}))


@pytest.mark.integration
@pytest.mark.skipif(not HAS_CHESS, reason=NO_CHESS)
def test_games_are_kept_by_weights(tmp_path: Path) -> None:
    given = params()
    [run] = given.train.runs
    net = Net(PLANES, 8, 1)
    head = {"low": 0.0, "high": 1.0, "bins": 21, "ratio": 0.75, "mean": 0.5, "spread": 0.3}
    about = {"kind": "chess", "net": vars(net), "phases": 1, "head": {**head, "loss": "mse"}}
    own = networks.beginning(net, 2, "chess")
    tensors.save(tmp_path / "chess-mse.safetensors", {f"0.{k}": w for k, w in own.items()}, about)
    journal = tmp_path / "journal"
    rows = list(matches.items(given, run, "mse", tmp_path, journal))
    assert len(rows) == 2 * 4
    assert {row[2] for row in rows} == {"opening-000", "opening-001"}
    kept = (journal / "games.jsonl").read_bytes()
    (journal / "games.jsonl").write_bytes(kept + b'{"key": "cut')
    assert list(matches.items(given, run, "mse", tmp_path, journal)) == rows
    # Two half games, as a killed process leaves them, are played again and the rest is not.
    (journal / "games.jsonl").write_bytes(kept[: len(kept) // 2])
    again = list(matches.items(given, run, "mse", tmp_path, journal))
    assert again[:3] == rows[:3]
    assert len(again) == 8
    assert list(matches.random(given, run, journal))


def test_only_losses_that_are_matched_play_and_need_their_weights(tmp_path: Path) -> None:
    given = params()
    [run] = given.train.runs
    journal = tmp_path / "journal"
    assert list(matches.items(given, run, "two_hot", tmp_path, journal)) == []
    assert list(matches.items(params(games=0), run, "mse", tmp_path, journal)) == []
    with pytest.raises(FileNotFoundError):
        list(matches.items(given, run, "mse", tmp_path, journal))


def test_random_moves_play_where_networks_do_and_read_their_journal(tmp_path: Path) -> None:
    given = params()
    [run] = given.train.runs
    noisy = run.model_copy(update={"noise": 1.0})
    assert list(matches.random(given, noisy, tmp_path / "none")) == []
    assert not (tmp_path / "none").exists()
    won = {(0, True): 0.0, (0, False): 0.5, (1, True): 1.0, (1, False): 0.25}
    lines = [
        json.dumps({"key": runs.run_id(("random",), given.evaluate.seed, opening, white,
                                       matches.WEAKEST, matches.NODES, matches.LONGEST),
                    "won": share})
        for (opening, white), share in won.items()
    ]  # fmt: skip
    (tmp_path / "games.jsonl").write_text("\n".join(lines))
    found = list(matches.random(given, run, tmp_path))
    assert [row[:4] for row in found] == [
        ("won", "game-000-white", "opening-000", 0),
        ("won", "game-000-black", "opening-000", 0),
        ("won", "game-001-white", "opening-001", 0),
        ("won", "game-001-black", "opening-001", 0),
    ]
    assert [row[5] for row in found] == [0.0, 0.5, 1.0, 0.25]
