"""Who plays: scripts, random moves, words that fit; and the episodes that they leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from measurand.stats.resample import rng_for
from pipelines.value_functions.worlds import Arcade, Bits, Corridor, Guessing, World
from schemas.value_functions.params import Chain, Game, MinAtar, Wordle

Player = Callable[[Any], int]
"""From a world to an action."""


def _breakout(planes: Bits) -> str:
    """Go where the ball goes."""
    columns = [int(planes[plane].any(0).argmax()) for plane in (0, 1, 2)]
    paddle, ball, trail = columns
    aim = int(np.clip(2 * ball - trail, 0, 9))
    return "l" if aim < paddle else "r" if aim > paddle else "n"


def _freeway(planes: Bits) -> str:
    return "u"


def _space_invaders(planes: Bits) -> str:
    """Leave a column that a bullet comes down; fire at what stands above; else go there."""
    here = int(planes[0].any(0).argmax())
    columns = np.flatnonzero(planes[1].any(0))
    falling = planes[5].any(0)
    if falling[here]:
        return "l" if here > 0 and not falling[here - 1] else "r"
    if len(columns) == 0 or here in columns:
        return "f"
    aim = int(columns[np.abs(columns - here).argmin()])
    return "l" if aim < here else "r"


_SCRIPTS: dict[Game, Callable[[Bits], str]] = {
    "breakout": _breakout,
    "freeway": _freeway,
    "space_invaders": _space_invaders,
}


def scripted(source: MinAtar, actions: tuple[str, ...], epsilon: float, *words: Any) -> Player:
    """A script of the game that moves at random in a share of its steps."""
    rng, script, n = rng_for(*words), _SCRIPTS[source.game], len(actions)

    def play(world: Arcade) -> int:
        if rng.random() < epsilon:
            return int(rng.integers(n))
        return actions.index(script(world.state().reshape(-1, 10, 10)))

    return play


def guesser(source: Wordle, consistent: float, *words: Any) -> Player:
    """Random words, in a share of guesses from those that fit all marks so far."""
    rng = rng_for(*words)

    def play(world: Guessing) -> int:
        fits = world.fitting() if rng.random() < consistent else []
        choice = fits or range(len(world.words))
        return int(choice[int(rng.integers(len(choice)))])

    return play


def episode(world: World, player: Player, cap: int, discount: float) -> list[dict[str, Any]]:
    """Steps of one episode with their returns; what is cut off after ``cap`` is truncated."""
    steps: list[dict[str, Any]] = []
    ended = False
    while not ended and len(steps) < cap:
        state, action = world.state(), player(world)
        reward, ended = world.act(action)
        steps.append(
            {
                "t": len(steps),
                "state": np.packbits(state).tobytes(),
                "action": action,
                "reward": reward,
                "next_state": np.packbits(world.state()).tobytes(),
                "terminated": ended,
                "truncated": not ended and len(steps) == cap - 1,
            }
        )
    after = 0.0
    for step in reversed(steps):
        after = step["reward"] + discount * after
        step["mc_return"] = after
    return steps


def single_steps(source: Chain) -> dict[str, list[dict[str, Any]]]:
    """Every state and action of a chain once, each an episode of one step."""

    def step(at: int, action: int) -> list[dict[str, Any]]:
        return episode(Corridor(source.states, at), lambda _: action, 1, source.discount)

    return {f"s{at}-a{a}": step(at, a) for at in range(source.states) for a in (0, 1)}
