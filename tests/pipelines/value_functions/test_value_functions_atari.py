from __future__ import annotations

import numpy as np
import pytest

from pipelines.value_functions import atari, players, worlds
from pipelines.value_functions.states import arrays, packer
from schemas.value_functions.params import Atari

pytest.importorskip("ale_py")
SOURCE = Atari(kind="atari", id="a", game="breakout", episodes=3, cap=40, side=21)


def test_states_are_the_last_four_pictures() -> None:
    world = worlds.game(SOURCE, "breakout", "w")
    assert isinstance(world, atari.Console)
    assert world.names() == ("n", "f", "r", "l")
    first = world.state().reshape(4, -1)
    assert (first == first[0]).all()
    world.act(1)
    after = world.state().reshape(4, -1)
    np.testing.assert_array_equal(after[:3], first[1:])
    assert worlds.inputs_of(SOURCE) == 4 * 21 * 21


def test_what_is_stored_gives_the_states_back() -> None:
    seen, episodes, steps = [], [], []
    for name in ("a", "b"):
        world = worlds.game(SOURCE, "breakout", name)
        seen.append(world.state())

        def player(own: atari.Console) -> int:
            return len(seen) % 4

        rows = players.episode(_Watched(world, seen), player, 6, 0.9, pack=packer(SOURCE))
        steps += rows
        episodes += [name] * len(rows)
    state, after = arrays(
        SOURCE, [r["state"] for r in steps], [r["next_state"] for r in steps], np.array(episodes),
        np.array([r["t"] for r in steps]), worlds.inputs_of(SOURCE),
    )  # fmt: skip
    wanted = np.stack([np.stack(seen[at : at + 7]) for at in (0, 7)])
    np.testing.assert_array_equal(state, wanted[:, :-1].reshape(12, -1))
    np.testing.assert_array_equal(after, wanted[:, 1:].reshape(12, -1))


class _Watched:
    """A world that notes its states after every action."""

    def __init__(self, world: worlds.World, seen: list[np.ndarray]) -> None:
        self._world, self._seen = world, seen

    def state(self) -> np.ndarray:
        return self._world.state()

    def act(self, action: int) -> tuple[float, bool]:
        found = self._world.act(action)
        self._seen.append(self._world.state())
        return found


def test_pictures_are_means_of_points() -> None:
    world = worlds.game(SOURCE, "breakout", "w")
    assert isinstance(world, atari.Console)
    grey = np.arange(210 * 160).reshape(210, 160) % 251
    found = world._picture(grey)
    rows, columns = slice(0, 10), slice(160 // 21, 2 * 160 // 21)
    assert found[0, 1] == int(grey[rows, columns].mean())


@pytest.mark.integration
@pytest.mark.parametrize("game", ["breakout", "pong"])
def test_scripts_play_better_than_chance(game: str) -> None:
    source = Atari.model_validate({**SOURCE.model_dump(), "game": game, "cap": 600})
    actions = worlds.actions_of(source, 1)

    def mean(epsilon: float) -> float:
        found = []
        for at in range(3):
            player = players.scripted(source, actions, epsilon, "player", at)
            steps = players.episode(worlds.game(source, game, "w", at), player, source.cap, 0.99,
                                    pack=packer(source))  # fmt: skip
            found.append(sum(step["reward"] for step in steps))
        return float(np.mean(found))

    assert mean(0.0) > mean(1.0) + 1
