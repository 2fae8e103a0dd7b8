"""Q-networks that learn by a loss: several at once, each from its own first weights and luck.

The loop is that of DQN (Mnih et al. 2015, Nature 518, 529-533): actions that are random ever less
often, steps kept and drawn again evenly, a copy of the network that lags behind (here a running
mean of weights, Lillicrap et al. 2016, arXiv 1509.02971). All that is random is drawn beforehand
and belongs to environment and words, so that two losses meet the same luck.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from measurand.stats.resample import rng_for
from pipelines.guided_evolution.environments import Environment
from pipelines.guided_evolution.loss_graphs import Batch, Loss

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
HIDDEN, BATCH, ACTORS = 32, 64, 4
"""Hidden units; steps a training step learns from; episodes that go on beside one another."""
DISCOUNT, LAG = 0.95, 0.1
"""What the next reward counts for; how far the copy moves towards the network at each step."""
RANDOM, CALM = 0.1, 0.5
"""Share of random actions at the end, and the share of a training over which it falls from 1."""
LOOKS = 4
"""How often what is learned is measured: after each quarter of a training."""
_FIRST, _SECOND, _FLOOR = 0.9, 0.999, 1e-8


class Luck(NamedTuple):
    """All that is random in trainings of R networks over T steps, with N episodes at once.

    Attributes:
        weights: (R, P) first weights.
        explore: (T, R * N) numbers from 0 to 1; where they lie low the action is random.
        actions: (T, R * N) random actions.
        moves: (T, R * N) luck of the environment.
        starts: (T + 1, R * N, d) first states of new episodes.
        draws: (T, R, B) numbers from 0 to 1 that draw the steps to learn from.
    """

    weights: FloatArray
    explore: FloatArray
    actions: IntArray
    moves: FloatArray
    starts: FloatArray
    draws: FloatArray


@lru_cache(maxsize=12)
def luck(place: Environment, steps: int, runs: int, word: str) -> Luck:
    """What trainings in an environment meet; ``word`` tells one set of trainings from another."""
    rng = rng_for("guided_evolution trainings", place.name, word, runs)
    seen = place.look(place.start(np.zeros((1, place.width)))).shape[1]
    first = rng.normal(0, np.sqrt(2 / seen), (runs, seen * HIDDEN))
    last = rng.normal(0, np.sqrt(1 / HIDDEN), (runs, HIDDEN * place.actions))
    zeros = [np.zeros((runs, n)) for n in (HIDDEN, place.actions)]
    n = runs * ACTORS
    return Luck(
        np.concatenate([first, zeros[0], last, zeros[1]], 1),
        rng.random((steps, n)),
        rng.integers(0, place.actions, (steps, n)),
        rng.random((steps, n)),
        place.anywhere(rng.random(((steps + 1) * n, place.width))).reshape(steps + 1, n, -1),
        rng.random((steps, runs, BATCH)),
    )


class Network:
    """R networks of one hidden layer with rectifiers.

    Args:
        weights: (R, P) all weights; they are read as they stand whenever it is asked.
        seen: numbers k that are seen of a state.
        actions: how many there are.
    """

    def __init__(self, weights: FloatArray, seen: int, actions: int) -> None:
        runs = len(weights)
        ends = np.cumsum([seen * HIDDEN, HIDDEN, HIDDEN * actions])
        first, bias, last, end = np.split(weights, ends, axis=1)
        # Views: whoever changes the weights changes the network.
        self._first = first.reshape(runs, seen, HIDDEN)
        self._bias = bias[:, None]
        self._last = last.reshape(runs, HIDDEN, actions)
        self._end = end[:, None]

    def __call__(self, x: FloatArray) -> FloatArray:
        """(R, n, actions) values of (R, n, k) states."""
        return self.layers(x)[1]

    def layers(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(R, n, hidden) units and (R, n, actions) values."""
        h = np.maximum(x @ self._first + self._bias, 0.0)
        return h, h @ self._last + self._end

    def gradient(self, x: FloatArray, h: FloatArray, slope: FloatArray) -> FloatArray:
        """(R, P) gradient by the weights.

        Args:
            x: (R, n, k) states.
            h: (R, n, hidden) units.
            slope: (R, n, actions) gradient by the values.
        """
        back = (slope @ self._last.transpose(0, 2, 1)) * (h > 0)
        parts = (
            x.transpose(0, 2, 1) @ back,
            back.sum(1),
            h.transpose(0, 2, 1) @ slope,
            slope.sum(1),
        )
        return np.concatenate([part.reshape(len(x), -1) for part in parts], 1)


class Adam:
    """Adam (Kingma & Ba 2015) on (R, P) weights.

    Args:
        weights: the weights, which change where they lie.
        rate: learning rate.
    """

    def __init__(self, weights: FloatArray, rate: float) -> None:
        self._weights, self._rate, self._at = weights, rate, 0
        self._mean, self._square = np.zeros_like(weights), np.zeros_like(weights)

    def step(self, gradient: FloatArray) -> None:
        """Take one step."""
        self._at += 1
        self._mean += (1 - _FIRST) * (gradient - self._mean)
        self._square += (1 - _SECOND) * (gradient * gradient - self._square)
        root = np.sqrt(self._square / (1 - _SECOND**self._at)) + _FLOOR
        self._weights -= self._rate / (1 - _FIRST**self._at) * self._mean / root


class _Memory:
    """All steps that R networks took, those of one network together."""

    def __init__(self, runs: int, steps: int, seen: int) -> None:
        most, self.filled = steps * ACTORS, 0
        self._runs = np.arange(runs)[:, None]
        self._before = np.empty((runs, most, seen))
        self._behind = np.empty((runs, most, seen))
        self._action = np.empty((runs, most), np.int64)
        self._reward, self._discount = np.empty((runs, most)), np.empty((runs, most))

    def keep(
        self,
        before: FloatArray,
        behind: FloatArray,
        action: IntArray,
        reward: FloatArray,
        over: npt.NDArray[np.bool_],
    ) -> None:
        runs = len(self._runs)
        new = slice(self.filled, self.filled + ACTORS)
        self._before[:, new] = before
        self._behind[:, new] = behind.reshape(runs, ACTORS, -1)
        self._action[:, new] = action.reshape(runs, ACTORS)
        self._reward[:, new] = reward.reshape(runs, ACTORS)
        self._discount[:, new] = DISCOUNT * ~over.reshape(runs, ACTORS)
        self.filled += ACTORS

    def draw(
        self, draws: FloatArray
    ) -> tuple[FloatArray, FloatArray, IntArray, FloatArray, FloatArray]:
        rows = self._runs, (draws * self.filled).astype(np.int64)
        return (
            self._before[rows],
            self._behind[rows],
            self._action[rows],
            self._reward[rows],
            self._discount[rows],
        )


def trained(
    loss: Loss, place: Environment, steps: int, runs: int, rate: float, word: str
) -> FloatArray | None:
    """How networks do that learn by a loss.

    Args:
        loss: the loss.
        place: the environment.
        steps: steps of each training.
        runs: trainings, at once.
        rate: learning rate of Adam.
        word: tells one set of trainings from another.

    Returns:
        (looks, runs) mean return of their best actions after each quarter of a training; None where
        a weight is no finite number.
    """
    given = luck(place, steps, runs, word)
    weights = given.weights.copy()
    behind = weights.copy()
    state = given.starts[-1]
    seen = place.look(state).shape[-1]
    network, copy = (Network(w, seen, place.actions) for w in (weights, behind))
    adam, memory = Adam(weights, rate), _Memory(runs, steps, seen)
    age = np.zeros(len(state), np.int64)
    chances = np.maximum(RANDOM, 1 - np.arange(steps) / max(1, CALM * steps) * (1 - RANDOM))
    looks, found = {steps * (i + 1) // LOOKS - 1 for i in range(LOOKS)}, []

    def best(state: FloatArray, draws: FloatArray) -> IntArray:
        values = network(place.look(state).reshape(runs, -1, seen))
        out: IntArray = values.argmax(-1).ravel()
        return out

    with np.errstate(all="ignore"):
        for t in range(steps):
            x = place.look(state).reshape(runs, ACTORS, seen)
            action = np.where(given.explore[t] < chances[t], given.actions[t], best(state, state))
            moved = place.step(state, action, given.moves[t])
            memory.keep(x, place.look(moved.state), action, moved.reward, moved.over)
            age += 1
            new = moved.over | (age >= place.horizon)
            state = np.where(new[:, None], given.starts[t], moved.state)
            age[new] = 0
            _learn(loss, network, copy, adam, memory.draw(given.draws[t]))
            behind += LAG * (weights - behind)
            if t in looks:
                if not np.isfinite(weights).all():
                    return None
                found.append(place.returns(best, runs))
    return np.array(found)


def _learn(
    loss: Loss,
    network: Network,
    copy: Network,
    adam: Adam,
    drawn: tuple[FloatArray, FloatArray, IntArray, FloatArray, FloatArray],
) -> None:
    x, after, action, reward, discount = drawn
    h, q = network.layers(x)
    h_next, q_next = network.layers(after) if "q_next" in loss.reads else (h, q)
    target = copy(after) if "target" in loss.reads else q
    slopes = loss.slopes(Batch(q, q_next, target, action, reward, discount))
    parts = [
        network.gradient(rows, units, slope / BATCH)
        for rows, units, slope in ((x, h, slopes.q), (after, h_next, slopes.q_next))
        if slope is not None
    ]
    adam.step(sum(parts[1:], parts[0]))
