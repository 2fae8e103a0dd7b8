from __future__ import annotations

import numpy as np
import pytest
from value_functions_small import HAS_WORDS, NO_WORDS

from measurand.errors import CapabilityError
from pipelines.value_functions import worlds
from pipelines.value_functions.worlds import Arcade, Corridor, Guessing, chain_values, marks
from schemas.value_functions.params import Chain, MinAtar, Wordle

GAME = MinAtar(kind="minatar", id="g", game="breakout", episodes=3)


def test_values_of_the_chain_solve_bellmans_equation() -> None:
    source = Chain(kind="chain", id="c", states=5, discount=0.9)
    q = chain_values(source)
    for at in range(5):
        for action in (0, 1):
            world = Corridor(5, at)
            reward, ended = world.act(action)
            after = 0.0 if ended else 0.9 * q[int(world.state().argmax())].max()
            assert q[at, action] == pytest.approx(reward + after)
    assert q[4, 1] == 1


def test_a_game_is_the_same_again_for_the_same_words() -> None:
    def played(*words: str) -> list[float]:
        world = Arcade(GAME, *words)
        found = [float(world.state() @ np.arange(400))]
        for step in range(40):
            reward, ended = world.act(step % 3)
            found += [reward, float(world.state() @ np.arange(400))]
            if ended:
                break
        return found

    assert played("a") == played("a")
    assert played("a") != played("b")
    assert worlds.inputs_of(GAME) == 400
    assert worlds.actions_of(GAME, 1) == ("n", "l", "r")


@pytest.mark.parametrize(
    ("guess", "secret", "wanted"),
    [
        ("crane", "crane", (2, 2, 2, 2, 2)),
        ("speed", "abide", (0, 0, 1, 0, 1)),
        ("allee", "eagle", (1, 1, 0, 1, 2)),
        ("geese", "eagle", (1, 1, 0, 0, 2)),
    ],
)
def test_marks_count_letters(guess: str, secret: str, wanted: tuple[int, ...]) -> None:
    assert marks(guess, secret) == wanted


def test_what_is_known_after_a_guess() -> None:
    words = ("abide", "speed", "crane", "eagle")
    world = Guessing(words, "abide")
    assert world.fitting() == [0, 1, 2, 3]
    assert world.act(1) == (0.0, False)
    assert world.fitting() == [0]
    state = world.state()
    possible = state[:130].reshape(5, 26)
    assert possible[:, ord("s") - 97].sum() == 0
    # One e is there, and stands neither third nor fourth: marks of a second e say nothing more.
    assert possible[:, ord("e") - 97].tolist() == [1, 1, 0, 0, 1]
    assert state[130 + ord("e") - 97] == 1
    assert state[156:].tolist() == [0, 1, 0, 0, 0, 0]
    assert world.act(0) == (1.0, True)


def test_six_guesses_are_all() -> None:
    world = Guessing(("abide", "speed"), "abide")
    assert [world.act(1)[1] for _ in range(6)] == [False] * 5 + [True]


def test_spelling() -> None:
    found = worlds.spelled(("abide", "crane"))
    assert found.tolist() == [[0, 27, 60, 81, 108], [2, 43, 52, 91, 108]]


@pytest.mark.skipif(not HAS_WORDS, reason=NO_WORDS)
def test_words_are_drawn_by_the_seed() -> None:
    source = Wordle(kind="wordle", id="w", words=50)
    words = worlds.vocabulary(source, 1)
    assert words == worlds.vocabulary(source, 1) != worlds.vocabulary(source, 2)
    assert len(set(words)) == 50
    assert all(len(word) == 5 and set(word) <= set("abcdefghijklmnopqrstuvwxyz") for word in words)


def test_a_machine_without_words_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "WORDS", "/nowhere/words")
    with pytest.raises(CapabilityError, match="list of words") as caught:
        worlds.vocabulary(Wordle(kind="wordle", id="w", words=50), 1)
    assert "wamerican" in caught.value.hint


def test_several_games_look_alike() -> None:
    source = MinAtar(kind="minatar", id="g", game=("breakout", "freeway"), episodes=3)
    one, other = (worlds.game(source, name, "a") for name in source.games)
    assert isinstance(one, worlds.Arcade)
    assert worlds.actions_of(source, 1) == tuple(worlds.ALL)
    states = [world.state().reshape(-1, 10, 10) for world in (one, other)]
    assert {len(state) for state in states} == {worlds.PLANES + 2}
    assert worlds.inputs_of(source) == 100 * (worlds.PLANES + 2)
    assert [state[-2:, 0, 0].tolist() for state in states] == [[1, 0], [0, 1]]
    np.testing.assert_array_equal(states[0][:4], one.planes())
    assert states[0][4:10].sum() == 0
    # Breakout has no "up": it does nothing.
    still = worlds.game(source, "breakout", "a")
    assert still.act(worlds.ALL.index("u")) == one.act(worlds.ALL.index("n"))
    np.testing.assert_array_equal(still.state(), one.state())
