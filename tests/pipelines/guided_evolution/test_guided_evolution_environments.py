from __future__ import annotations

import gymnasium
import numpy as np
import numpy.typing as npt
import pytest

from pipelines.guided_evolution.environments import Environment, held_out, searched

EVERY = (*searched(), *held_out())
FloatArray = npt.NDArray[np.float64]


def test_no_environment_is_searched_and_held_out() -> None:
    assert len({place.name for place in EVERY}) == 6


def test_the_pole_falls_as_gymnasiums_does() -> None:
    made = gymnasium.make("CartPole-v1").unwrapped
    pole, rng = searched()[0], np.random.default_rng(0)
    states = rng.uniform(-1, 1, (200, 4)) * [3, 2, 0.25, 2]
    actions = rng.integers(0, 2, 200)
    found = pole.step(states, actions, np.zeros(200))
    for at, (state, action) in enumerate(zip(states, actions, strict=True)):
        made.reset()
        made.state = state
        seen, reward, over, *_ = made.step(int(action))
        np.testing.assert_allclose(made.state, found.state[at], rtol=1e-12)
        assert (reward, over) == (found.reward[at], found.over[at])
        assert seen.shape == (pole.width,)
    assert 20 < found.over.sum() < 180


def test_the_car_swings_as_gymnasiums_does() -> None:
    made = gymnasium.make("MountainCar-v0").unwrapped
    hill, rng = searched()[1], np.random.default_rng(0)
    states, actions = hill.anywhere(rng.random((300, 2))), rng.integers(0, 3, 300)
    found = hill.step(states, actions, np.zeros(300))
    for at, (state, action) in enumerate(zip(states, actions, strict=True)):
        made.reset()
        made.state, over = tuple(state), False
        for _ in range(4):
            if not over:
                _, _, over, *_ = made.step(int(action))
        np.testing.assert_allclose(made.state, found.state[at], rtol=1e-12, atol=1e-15)
        assert over == found.over[at]
    assert 5 < found.over.sum() < 100
    assert (found.reward == -1).all()


@pytest.mark.parametrize("place", EVERY, ids=lambda place: place.name)
def test_returns_are_the_same_at_every_run_and_of_every_copy(place: Environment) -> None:
    low, high = place.scale
    assert low < high
    again = place.returns(place.good, 3)
    assert again.tolist() == [high] * 3
    assert place.share(np.array([low, high])).tolist() == [0, 1]
    first = place.start(np.random.default_rng(0).random((5, place.width)))
    assert place.look(first).shape[0] == 5
    assert np.abs(place.look(first)).max() <= 1.5


def test_what_comes_after_the_end_is_not_counted() -> None:
    """The pole always pushed right falls in about ten steps, each worth 1."""
    pole = searched()[0]

    def right(state: FloatArray, draws: FloatArray) -> npt.NDArray[np.int64]:
        return np.ones(len(state), np.int64)

    assert 8 < pole.returns(right)[0] < 12


def test_a_good_policy_keeps_the_longer_pole_up() -> None:
    assert held_out()[0].scale[1] == 200
