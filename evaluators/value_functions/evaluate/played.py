"""Items of runs that bootstrap: values of a chain that are known, episodes that are played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.value_functions import players, worlds
from pipelines.value_functions.bootstrapped import Bootstrapped
from pipelines.value_functions.layers import Weights
from pipelines.value_functions.play import Played, Stage, play, stage, watch
from schemas.value_functions.params import Arcades, Chain, Params, Run, Source, Wordle

NO_SCALE = "the script plays no better than chance: no scale"
Found = tuple[str, str, str, int, str, float | None, str | None]


@dataclass(frozen=True)
class Beside:
    """What stands beside the networks on a source, played once for all of them.

    Attributes:
        asked: the episodes.
        chance: random play.
        best: the best player that data come from.
    """

    asked: Stage
    chance: Played
    best: Played


def beside(params: Params, source: Source) -> Beside | None:
    """Controls in the episodes of the networks; None of what is not played."""
    if not isinstance(source, Arcades | Wordle):
        return None
    asked = stage(params, source, "test", params.evaluate.episodes, params.evaluate.seed)
    return Beside(
        asked,
        _watched(params, source, asked, best=False),
        _watched(params, source, asked, best=True),
    )


def items(
    params: Params, run: Run, trial: Bootstrapped, weights: Weights, others: Beside | None
) -> Iterator[Found]:
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
    assert others is not None
    choose = partial(_greedy, trial, weights)
    yield from _of(source, others, play(others.asked, choose, params.train.seeds))


def _greedy(
    trial: Bootstrapped, weights: Weights, states: npt.NDArray[Any]
) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = trial.values(weights, states).argmax(-1)
    return found


def controls(
    params: Params, run: Run, others: Beside | None
) -> Iterator[tuple[str, Iterator[Found]]]:
    """Random play, and the best player that data come from."""
    source = params.build.source(run.source)
    if others is not None:
        yield "random", _of(source, others, others.chance)
        name = "consistent" if isinstance(source, Wordle) else "script"
        yield name, _of(source, others, others.best)


def _watched(params: Params, source: Arcades | Wordle, asked: Stage, *, best: bool) -> Played:
    words = ("value_functions", params.evaluate.seed, source.id, "control", str(best))

    def player(seed: int, episode: int) -> players.Player:
        if isinstance(source, Arcades):
            actions = worlds.actions_of(source, params.build.seed)
            return players.scripted(source, actions, 0.0 if best else 1.0, *words, seed, episode)
        return players.guesser(source, 1.0 if best else 0.0, *words, seed, episode)

    return watch(asked, [partial(player, seed) for seed in range(params.train.seeds)])


def _of(source: Source, others: Beside, done: Played) -> Iterator[Found]:
    asked, scales = others.asked, {"": (0.0, 1.0)}
    games = asked.games or ("",) * len(asked.names)
    if isinstance(source, Arcades):
        for game in dict.fromkeys(games):
            own = [name == game for name in games]
            low, high = (one.total[:, own].mean() for one in (others.chance, others.best))
            scales[game] = (float(low), float(high))
    for seed, row in enumerate(done.total):
        for at, (name, total) in enumerate(zip(asked.names, row, strict=True)):
            low, high = scales[games[at]]
            score = float((total - low) / (high - low)) if high > low else None
            yield "score", name, name, seed, "", score, None if high > low else NO_SCALE
            yield "return", name, name, seed, "", float(total), None
            steps = float(done.steps[seed, at])
            yield "steps", name, name, seed, "", steps, None
