"""Games of trained chess networks against Stockfish's own weakest settings.

Stockfish picks its weak moves by the clock, so a game is not played alike again: what was played is
kept in the journal, by the weights, the opening and the colour.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evaluators.value_functions.evaluate.given import Found
from measurand import runs
from measurand.manifest import file_sha256
from measurand.stats.resample import rng_for
from pipelines.value_functions.chessplayer import Player
from pipelines.value_functions.engine import Engine, locate
from schemas.value_functions.params import BASELINE, Loss, Params, Run

WEAKEST: dict[str, str | int] = {"Skill Level": 0}
NODES = 1
MATCHED = (BASELINE, "hl_gauss")
"""Losses whose networks play."""
OPENING, LONGEST = 6, 200
"""Random half-moves before a game, and half-moves after which it is adjudged by pieces."""
Choose = Callable[[Any], str]


def plays(params: Params, run: Run) -> bool:
    """Whether networks of a run play: on chess, as it is, with all the losses that play."""
    kind = params.build.source(run.source).kind
    changed = run.noise or run.shuffled or not set(MATCHED) <= set(params.losses(run))
    return bool(params.evaluate.games) and kind == "chess" and not changed


def items(params: Params, run: Run, loss: Loss, checkpoint: Path, journal: Path) -> Iterator[Found]:
    """``won`` of every game and training: 1, one half, 0. Openings are clusters: both colours."""
    if not plays(params, run) or loss not in MATCHED:
        return
    path = checkpoint / f"{run.id}-{loss}.safetensors"
    known = file_sha256(path)
    for seed in range(params.train.seeds):
        yield from _games(params, seed, (known, seed), journal, _chooser(Player(path, seed)))


def _chooser(player: Player) -> Choose:
    def choose(board: Any) -> str:
        found = player.choose(board).move
        assert found is not None, "asked only where there is a move"
        return found

    return choose


def random(params: Params, run: Run, journal: Path) -> Iterator[Found]:
    """The same of moves by chance."""
    if not plays(params, run):
        return
    rng = rng_for("value_functions", params.evaluate.seed, "random moves")

    def choose(board: Any) -> str:
        moves: list[str] = sorted(move.uci() for move in board.legal_moves)
        return moves[int(rng.integers(len(moves)))]

    yield from _games(params, 0, ("random",), journal, choose)


def _games(
    params: Params, seed: int, who: tuple[str | int, ...], journal: Path, choose: Choose
) -> Iterator[Found]:
    journal.mkdir(parents=True, exist_ok=True)
    kept = _kept(journal / "games.jsonl")
    engine: Engine | None = None
    try:
        for at in range(params.evaluate.games):
            opening, white = at // 2, at % 2 == 0
            key = runs.run_id(who, params.evaluate.seed, opening, white, WEAKEST, NODES, LONGEST)
            if key not in kept:
                engine = engine or Engine(locate(), WEAKEST)
                kept[key] = game(params.evaluate.seed, opening, white, choose, engine)
                with open(journal / "games.jsonl", "a", encoding="utf-8") as file:
                    file.write(f"\n{json.dumps({'key': key, 'won': kept[key]})}\n")
            name = f"game-{opening:03d}-{'white' if white else 'black'}"
            yield "won", name, f"opening-{opening:03d}", seed, "", kept[key], None
    finally:
        if engine is not None:
            engine.close()


def _kept(path: Path) -> dict[str, float]:
    """Games by key; a killed process may have cut off a line."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        found[str(row["key"])] = float(row["won"])
    return found


def game(seed: int, opening: int, white: bool, choose: Choose, engine: Engine) -> float:
    """One game: 1 where the network won, one half for a draw, 0 where it lost.

    Args:
        seed: of the opening.
        opening: 0-based.
        white: the network's colour.
        choose: a legal move of a ``chess.Board``, in UCI.
        engine: the other side.
    """
    import chess

    from pipelines.value_functions.boards import bits, material

    rng, board = rng_for("value_functions", seed, "opening", opening), chess.Board()
    for _ in range(OPENING):
        moves = sorted(move.uci() for move in board.legal_moves)
        board.push_uci(moves[int(rng.integers(len(moves)))])
    engine.fresh()
    while not board.is_game_over(claim_draw=True) and board.ply() < OPENING + LONGEST:
        own = board.turn == white
        board.push_uci(choose(board) if own else engine.search(board.fen(), NODES)[0])
    outcome = board.outcome(claim_draw=True)
    if outcome is not None:
        return 0.5 if outcome.winner is None else float(outcome.winner == white)
    ahead = material(bits(board, white))
    return 0.5 if ahead == 0 else float(ahead > 0)
