"""Items of runs that bootstrap: values of a chain that are known, episodes that are played."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from pipelines.value_functions import players, worlds
from pipelines.value_functions.bootstrapped import Bootstrapped
from pipelines.value_functions.layers import Weights
from pipelines.value_functions.play import Played, Stage, play, stage, watch
from schemas.value_functions.params import Arcades, Chain, Params, Run, Wordle

NO_SCALE = "the script plays no better than chance: no scale"
Found = tuple[str, str, str, int, str, float | None, str | None]


def items(params: Params, run: Run, trial: Bootstrapped, weights: Weights) -> Iterator[Found]:
    """Rows of every seed; see :mod:`evaluators.value_functions.evaluate`.

    ``score`` is 1 - error of a chain's values; of a game the return, 0 for random play and 1 for
    the script; of Wordle the share of secrets that are found in six guesses.
    """
    source = params.build.source(run.source)
    if isinstance(source, Chain):
        for seed, errors in enumerate(np.abs(trial.worst(weights))):
            for at, error in enumerate(errors):
                name = f"s{at // 2}-a{at % 2}"
                yield "score", name, name, seed, "", 1 - float(error), None
                yield "absolute_error", name, name, seed, "", float(error), None
            yield "worst_error", "worst", "worst", seed, "", float(errors.max()), None
        return
    assert isinstance(source, Arcades | Wordle)
    asked = _stage(params, source)
    done = play(asked, lambda s: trial.values(weights, s).argmax(-1), params.train.seeds)
    yield from _of(params, source, asked, done)


def controls(params: Params, run: Run) -> Iterator[tuple[str, Iterator[Found]]]:
    """Random play, and the best player that data come from."""
    source = params.build.source(run.source)
    if isinstance(source, Chain):
        return
    assert isinstance(source, Arcades | Wordle)
    asked = _stage(params, source)
    yield "random", _of(params, source, asked, _watched(params, source, asked, best=False))
    name = "script" if isinstance(source, Arcades) else "consistent"
    yield name, _of(params, source, asked, _watched(params, source, asked, best=True))


def _stage(params: Params, source: Arcades | Wordle) -> Stage:
    return stage(params, source, "test", params.evaluate.episodes, params.evaluate.seed)


def _watched(params: Params, source: Arcades | Wordle, asked: Stage, *, best: bool) -> Played:
    words = ("value_functions", params.evaluate.seed, source.id, "control", str(best))

    def player(seed: int, episode: int) -> players.Player:
        if isinstance(source, Arcades):
            actions = worlds.actions_of(source, params.build.seed)
            return players.scripted(source, actions, 0.0 if best else 1.0, *words, seed, episode)
        return players.guesser(source, 1.0 if best else 0.0, *words, seed, episode)

    return watch(asked, [partial(player, seed) for seed in range(params.train.seeds)])


def _of(params: Params, source: Arcades | Wordle, asked: Stage, done: Played) -> Iterator[Found]:
    scales = {"": (0.0, 1.0)}
    games = asked.games or ("",) * len(asked.names)
    if isinstance(source, Arcades):
        ends = [_watched(params, source, asked, best=best).total for best in (False, True)]
        for game in dict.fromkeys(games):
            own = [name == game for name in games]
            scales[game] = (float(ends[0][:, own].mean()), float(ends[1][:, own].mean()))
    for seed, row in enumerate(done.total):
        for at, (name, total) in enumerate(zip(asked.names, row, strict=True)):
            low, high = scales[games[at]]
            score = float((total - low) / (high - low)) if high > low else None
            yield "score", name, name, seed, "", score, None if high > low else NO_SCALE
            yield "return", name, name, seed, "", float(total), None
            steps = float(done.steps[seed, at])
            yield "steps", name, name, seed, "", steps, None
