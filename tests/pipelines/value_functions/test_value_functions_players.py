from __future__ import annotations

import numpy as np
import pytest

from pipelines.value_functions import players, worlds
from schemas.value_functions.params import Chain, Game, MinAtar, Wordle

WORDLE = Wordle(kind="wordle", id="w", words=20)
WORDS = ("abide", "speed", "crane", "eagle", "other", "plumb")


@pytest.mark.parametrize("game", ["breakout", "freeway", "space_invaders"])
def test_scripts_play_better_than_chance(game: Game) -> None:
    source = MinAtar(kind="minatar", id="g", game=game, episodes=3)
    actions = worlds.actions_of(source, 1)

    def mean(epsilon: float) -> float:
        found = []
        for at in range(8):
            player = players.scripted(source, actions, epsilon, "player", at)
            steps = players.episode(worlds.Arcade(source, "w", at), player, 500, 0.99)
            found.append(sum(step["reward"] for step in steps))
        return float(np.mean(found))

    assert mean(0.0) > 2 * mean(1.0)


def test_consistent_guessers_solve_more() -> None:
    def solved(consistent: float) -> int:
        count = 0
        for at, secret in enumerate(WORDS * 5):
            player = players.guesser(WORDLE, consistent, "g", at)
            steps = players.episode(worlds.Guessing(WORDS, secret), player, 6, 0.9)
            count += int(steps[-1]["reward"])
        return count

    assert solved(1.0) == 30
    assert solved(0.0) < 28


def test_returns_are_discounted_and_cuts_are_said() -> None:
    world = worlds.Corridor(3)
    steps = players.episode(world, lambda _: 1, 10, 0.5)
    assert [step["mc_return"] for step in steps] == [0.25, 0.5, 1.0]
    assert [step["terminated"] for step in steps] == [False, False, True]
    cut = players.episode(worlds.Corridor(3), lambda _: 0, 2, 0.5)
    assert [step["truncated"] for step in cut] == [False, True]


def test_a_chain_has_every_step_once() -> None:
    found = players.single_steps(Chain(kind="chain", id="c", states=5))
    assert len(found) == 10
    assert all(len(steps) == 1 for steps in found.values())
    assert found["s4-a1"][0]["reward"] == 1
    assert found["s4-a1"][0]["terminated"]
    assert not found["s4-a0"][0]["terminated"]
