"""Who plays: scripts, random moves, words that fit; and the episodes that they leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from measurand.stats.resample import rng_for
from pipelines.value_functions.atari import Console
from pipelines.value_functions.control import looking_ahead
from pipelines.value_functions.worlds import Arcade, Bits, Corridor, Guessing, World
from schemas.value_functions.params import Arcades, Chain, Control, Game, Wordle

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


def scripted(source: Arcades, actions: tuple[str, ...], epsilon: float, *words: Any) -> Player:
    """A script of the game that moves at random in a share of its steps; on an arm, one that tries.

    Args:
        source: what is played.
        actions: names of its actions.
        epsilon: the share.
        words: of its seed.
    """
    if isinstance(source, Control):
        found: Player = looking_ahead(epsilon, *words)
        return found
    rng, n = rng_for(*words), len(actions)

    def play(world: Arcade | Console) -> int:
        if rng.random() < epsilon:
            return int(rng.integers(n))
        wanted = (
            world.script() if isinstance(world, Console) else _SCRIPTS[world.game](world.planes())
        )
        return actions.index(wanted)

    return play


def guesser(source: Wordle, consistent: float, *words: Any) -> Player:
    """Random words, in a share of guesses from those that fit all marks so far."""
    rng = rng_for(*words)

    def play(world: Guessing) -> int:
        fits = world.fitting() if rng.random() < consistent else []
        choice = fits or range(len(world.words))
        return int(choice[int(rng.integers(len(choice)))])

    return play


def bits(state: npt.NDArray[Any]) -> bytes:
    """A state of 0 and 1, one bit a number."""
    return np.packbits(state).tobytes()


def episode(
    world: World,
    player: Player,
    cap: int,
    discount: float,
    *,
    turns: int = 1,
    pack: Callable[[npt.NDArray[Any]], bytes] = bits,
) -> list[dict[str, Any]]:
    """Steps of one episode with their returns; what is cut off after ``cap`` is truncated.

    Args:
        world: the world.
        player: who plays.
        cap: most steps of the world.
        discount: of later rewards, a step of the world.
        turns: choices that make one; each is a row.
        pack: makes bytes of a state.
    """
    steps: list[dict[str, Any]] = []
    ended = False
    state = pack(world.state())
    while not ended and len(steps) < cap * turns:
        action = player(world)
        reward, ended = world.act(action)
        after = pack(world.state())
        steps.append(
            {
                "t": len(steps),
                "state": state,
                "action": action,
                "reward": reward,
                "next_state": after,
                "terminated": ended,
                "truncated": not ended and len(steps) == cap * turns - 1,
            }
        )
        state = after
    later = 0.0
    for step in reversed(steps):
        later = step["reward"] + float(discount_at(step["t"], discount, turns)) * later
        step["mc_return"] = later
    return steps


def discount_at(t: Any, discount: float, turns: int) -> Any:
    """Discount of what follows a 0-based choice: only the last one of a step costs time."""
    return np.where((t + 1) % turns == 0, discount, 1.0)


def single_steps(source: Chain) -> dict[str, list[dict[str, Any]]]:
    """Every state and action of a chain once, each an episode of one step."""

    def step(at: int, action: int) -> list[dict[str, Any]]:
        return episode(Corridor(source.states, at), lambda _: action, 1, source.discount)

    return {f"s{at}-a{a}": step(at, a) for at in range(source.states) for a in (0, 1)}
