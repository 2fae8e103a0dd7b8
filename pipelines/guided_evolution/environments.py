"""Small environments that a loss is measured by: three to search on, three that no search sees.

Each is a function of many states at once, and draws nothing itself: what is random comes in as
numbers, so that two trainings see the same luck. An episode ends after so many steps, or in a state
from which nothing follows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from measurand.stats.resample import rng_for
from pipelines.guided_evolution.mazes import Maze

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Policy = Callable[[FloatArray, FloatArray], IntArray]
"""(n,) actions in (n, d) states, with (n,) numbers from 0 to 1 to draw them by."""
NOISE = 0.05
"""Share of random actions while policies are compared (Mnih et al. 2015, Nature 518, 529-533)."""
STARTS = 32
"""First states of the episodes that policies are compared by."""


class Moved(NamedTuple):
    """What a step leads to.

    Attributes:
        state: (n, d) the next states.
        reward: (n,) rewards.
        over: (n,) whether nothing follows.
    """

    state: FloatArray
    reward: FloatArray
    over: Bools


@dataclass(frozen=True)
class Environment:
    """Something to act in.

    Attributes:
        name: its name.
        actions: how many there are.
        horizon: steps of an episode, at most.
        start: (n, d) first states of n episodes from (n, d) numbers from 0 to 1.
        anywhere: the same, for episodes that are learned from; they may begin further on.
        step: what n actions in n states lead to, with (n,) numbers from 0 to 1 for its luck.
        look: (n, k) what is seen of n states.
        good: a policy that knows the environment.
        width: numbers d of a state.
    """

    name: str
    actions: int
    horizon: int
    start: Callable[[FloatArray], FloatArray]
    anywhere: Callable[[FloatArray], FloatArray]
    step: Callable[[FloatArray, IntArray, FloatArray], Moved]
    look: Callable[[FloatArray], FloatArray]
    good: Policy
    width: int

    @cached_property
    def _luck(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        rng = rng_for("guided_evolution episodes", self.name)
        return (
            self.start(rng.random((STARTS, self.width))),
            rng.random((self.horizon, STARTS)),
            rng.random((self.horizon, STARTS)),
        )

    def returns(self, policy: Policy, copies: int = 1) -> FloatArray:
        """(copies,) mean sum of rewards of a policy in the same 32 episodes.

        Args:
            policy: the policy; it is asked about all copies at once, one after the other.
            copies: how often every episode is gone through, for policies of several networks.
        """
        first, luck, draws = self._luck
        state, total = np.tile(first, (copies, 1)), np.zeros(copies * STARTS)
        going = np.ones(copies * STARTS, bool)
        for t in range(self.horizon):
            u = np.tile(draws[t], copies)
            action = np.where(u < NOISE, u / NOISE * self.actions, policy(state, u)).astype(
                np.int64
            )
            state, reward, over = self.step(state, action, np.tile(luck[t], copies))
            total += reward * going
            going &= ~over
            if not going.any():
                break
        out: FloatArray = total.reshape(copies, STARTS).mean(1)
        return out

    @cached_property
    def scale(self) -> tuple[float, float]:
        """What random actions return, and what the good policy does."""

        def at_random(state: FloatArray, draws: FloatArray) -> IntArray:
            return (draws * self.actions).astype(np.int64)

        return float(self.returns(at_random)[0]), float(self.returns(self.good)[0])

    def share(self, returned: FloatArray) -> FloatArray:
        """Returns as a share of the way from random actions (0) to the good policy (1)."""
        low, high = self.scale
        out: FloatArray = (returned - low) / (high - low)
        return out


@cache
def searched() -> tuple[Environment, ...]:
    """Environments that a search sees."""
    return (pole("pole", 0.5), hill("hill", 0.0025), grid("grid", MEADOW))


@cache
def held_out() -> tuple[Environment, ...]:
    """Environments that no search sees: a longer pole, a steeper hill, another grid."""
    return (pole("long_pole", 1.0), hill("steep_hill", 0.0029), grid("rooms", ROOMS))


def pole(name: str, half: float) -> Environment:
    """A pole on a cart that is pushed left or right, at most 200 steps; 1 for each.

    Barto, Sutton and Anderson (1983), IEEE Transactions on Systems, Man, and Cybernetics 13,
    834-846, as gymnasium's ``CartPole-v1`` has it, which its steps were checked against.

    Args:
        name: its name.
        half: half the pole's length in m.
    """
    force, gravity, cart, mass, tick = 10.0, 9.8, 1.0, 0.1, 0.02
    both = cart + mass

    def start(u: FloatArray) -> FloatArray:
        out: FloatArray = 0.1 * u - 0.05
        return out

    def step(state: FloatArray, action: IntArray, luck: FloatArray) -> Moved:
        _, speed, angle, turn = state.T
        push = force * (2 * action - 1)
        sin, cos = np.sin(angle), np.cos(angle)
        part = (push + mass * half * turn * turn * sin) / both
        gain = (gravity * sin - cos * part) / (half * (4 / 3 - mass * cos * cos / both))
        faster = part - mass * half * gain * cos / both
        rates = (speed, faster, turn, gain)
        made = np.stack([old + tick * rate for old, rate in zip(state.T, rates, strict=True)], -1)
        over = (np.abs(made[:, 0]) > 2.4) | (np.abs(made[:, 2]) > 12 * np.pi / 180)
        return Moved(made, np.ones(len(made)), over)

    def good(state: FloatArray, draws: FloatArray) -> IntArray:
        # Feedback on all four keeps pole and cart up for good.
        found: IntArray = (state @ np.array([0.1, 0.3, 3.0, 1.0]) > 0).astype(np.int64)
        return found

    seen = np.array([1 / 2.4, 0.5, 5.0, 0.5])
    return Environment(name, 2, 200, start, start, step, lambda s: s * seen, good, 4)


def hill(name: str, gravity: float) -> Environment:
    """A car too weak for its hill, which must swing; -1 for each of at most 50 steps.

    Moore (1990), as gymnasium's ``MountainCar-v0`` has it, which its ticks were checked against;
    here a step is four of them. Episodes that are learned from begin anywhere.

    Args:
        name: its name.
        gravity: pull of the slope a tick.
    """
    low, high, fastest, top = -1.2, 0.6, 0.07, 0.5

    def start(u: FloatArray) -> FloatArray:
        return np.column_stack([0.2 * u[:, 0] - 0.6, np.zeros(len(u))])

    def anywhere(u: FloatArray) -> FloatArray:
        return np.column_stack([low + (top - low) * u[:, 0], fastest * (2 * u[:, 1] - 1)])

    def step(state: FloatArray, action: IntArray, luck: FloatArray) -> Moved:
        x, speed = state.T
        over = np.zeros(len(state), bool)
        for _ in range(4):
            faster = speed + (action - 1) * 0.001 - gravity * np.cos(3 * x)
            faster = np.clip(faster, -fastest, fastest)
            further = np.clip(x + faster, low, high)
            faster = np.where((further <= low) & (faster < 0), 0.0, faster)
            x, speed = np.where(over, x, further), np.where(over, speed, faster)
            over |= x >= top
        return Moved(np.column_stack([x, speed]), np.full(len(state), -1.0), over)

    def good(state: FloatArray, draws: FloatArray) -> IntArray:
        return np.where(state[:, 1] >= 0, 2, 0)

    def look(state: FloatArray) -> FloatArray:
        return np.column_stack([(state[:, 0] + 0.3) / 0.9, state[:, 1] / fastest])

    return Environment(name, 3, 50, start, anywhere, step, look, good, 2)


MEADOW = Maze(("S....", ".##.x", "...x.", ".#...", "x..#G"))
ROOMS = Maze(("S..#..", "...#..", "x.....", "##.###", ".....x", "..x#.G"))


def grid(name: str, maze: Maze) -> Environment:
    """A walk through a grid; the best one is known.

    Args:
        name: its name.
        maze: the grid.
    """

    def start(u: FloatArray) -> FloatArray:
        return np.full((len(u), 1), float(maze.start))

    def anywhere(u: FloatArray) -> FloatArray:
        return maze.free[(u[:, :1] * len(maze.free)).astype(np.int64)].astype(float)

    def step(state: FloatArray, action: IntArray, luck: FloatArray) -> Moved:
        cell, reward, over = maze.move(state[:, 0].astype(np.int64), action, luck)
        return Moved(cell[:, None].astype(float), reward, over)

    def look(state: FloatArray) -> FloatArray:
        out: FloatArray = np.eye(maze.cells)[state[:, 0].astype(np.int64)]
        return out

    def good(state: FloatArray, draws: FloatArray) -> IntArray:
        return maze.best[state[:, 0].astype(np.int64)]

    return Environment(name, 4, 30, start, anywhere, step, look, good, 1)
