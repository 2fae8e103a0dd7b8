"""Networks that play: the same worlds for every loss, every seed and every control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.value_functions import worlds
from pipelines.value_functions.splits import splits_of
from pipelines.value_functions.worlds import World
from schemas.value_functions.params import Arcades, Params, Wordle

FloatArray = npt.NDArray[np.float64]
Choose = Callable[[npt.NDArray[Any]], npt.NDArray[np.int64]]
"""From states (S, E, D) to actions (S, E)."""


@dataclass(frozen=True)
class Stage:
    """Worlds to be played in.

    Attributes:
        names: of the episodes.
        open: makes the world of an episode anew.
        cap: most choices.
        discount: of later rewards.
        games: the game of each episode; empty where there is one.
        turns: choices that make one step of the world.
    """

    names: tuple[str, ...]
    open: Callable[[int], World]
    cap: int
    discount: float
    games: tuple[str, ...] = ()
    turns: int = 1


def stage(params: Params, source: Arcades | Wordle, split: str, episodes: int, seed: int) -> Stage:
    """Episodes of a game, or secrets: some pick the learning rate, the others are reported.

    Args:
        params: parameters.
        source: what is played.
        split: ``val`` or ``test``; a game's episodes of the two have different seeds.
        episodes: how many of every game; of words there are as many as there are.
        seed: of the episodes.
    """
    if isinstance(source, Wordle):
        words = worlds.vocabulary(source, params.build.seed)
        of = splits_of(params.build.seed, source.id, words, params.build.shares)
        secrets = tuple(word for word in words if (of[word] == "val") == (split == "val"))
        return Stage(secrets, lambda at: worlds.Guessing(words, secrets[at]), worlds.TURNS,
                     source.discount)  # fmt: skip
    several = len(source.games) > 1
    games = tuple(str(game) for game in source.games for _ in range(episodes))
    names = tuple(
        f"{game}-{split}-{at:03d}" if several else f"{split}-{at:03d}"
        for game in source.games for at in range(episodes)
    )  # fmt: skip
    turns = worlds.turns_of(source)
    return Stage(
        names,
        lambda at: worlds.game(source, games[at], "value_functions", seed, source.id, names[at]),
        source.cap * turns,
        source.discount,
        games if several else (),
        turns,
    )


@dataclass(frozen=True)
class Played:
    """What came of it, each (S, E).

    Attributes:
        total: rewards added up.
        discounted: the same, later ones less.
        steps: how long episodes were.
        cut: whether they were cut off.
    """

    total: FloatArray
    discounted: FloatArray
    steps: FloatArray
    cut: npt.NDArray[np.bool_]


def play(found: Stage, choose: Choose, seeds: int) -> Played:
    """Every seed's network through every episode, all at the same pace."""
    games = [[found.open(at) for at in range(len(found.names))] for _ in range(seeds)]
    shape = (seeds, len(found.names))
    total, discounted, steps = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    going = np.ones(shape, np.bool_)
    states = np.stack([[game.state() for game in row] for row in games])
    for step in range(found.cap):
        actions = choose(states)
        for s, e in zip(*np.nonzero(going), strict=True):
            reward, ended = games[s][e].act(int(actions[s, e]))
            total[s, e] += reward
            discounted[s, e] += reward * found.discount ** (step // found.turns)
            steps[s, e] += 1
            going[s, e] = not ended
            states[s, e] = games[s][e].state()
        if not going.any():
            break
    return Played(total, discounted, steps, going)


def watch(found: Stage, players: Sequence[Callable[[int], Callable[[World], int]]]) -> Played:
    """Players that see the world itself: each makes a player for an episode."""
    shape = (len(players), len(found.names))
    total, discounted, steps = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    going = np.ones(shape, np.bool_)
    for s, player in enumerate(players):
        for e in range(shape[1]):
            world, act = found.open(e), player(e)
            for step in range(found.cap):
                reward, ended = world.act(act(world))
                total[s, e] += reward
                discounted[s, e] += reward * found.discount ** (step // found.turns)
                steps[s, e] += 1
                going[s, e] = not ended
                if ended:
                    break
    return Played(total, discounted, steps, going)
