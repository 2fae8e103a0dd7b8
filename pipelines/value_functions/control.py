"""Arms with motors: one choice a motor, in turn; and a player that tries moves before it makes one.

Reward and state of the built-in arm are those of Reacher: minus the distance of the finger to the
target, minus a price of the motors' turns.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from measurand.errors import CapabilityError
from measurand.stats.resample import rng_for, seed_for
from schemas.value_functions.params import Control, Task

Numbers = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]
MOTORS: dict[Task, int] = {"arm": 2, "reacher": 2, "pusher": 7}
SEEN: dict[Task, int] = {"arm": 10, "reacher": 10, "pusher": 23}
_NAMES = {"reacher": "Reacher-v5", "pusher": "Pusher-v5"}
TRIES, AHEAD = 12, 3
"""Moves that the player tries, and steps that it holds each."""


class Body(Protocol):
    """A thing with motors."""

    def seen(self) -> FloatArray:
        """What is known of it."""

    def move(self, turns: FloatArray) -> float:
        """Turn each motor by -1..1 of its range; the reward."""

    def kept(self) -> Any:
        """All that decides what follows."""

    def put(self, kept: Any) -> None:
        """Back to what was kept."""


class Arm:
    """Two links of length .1 that turn with friction, and a target within reach."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._at, self._speed = rng.uniform(-0.1, 0.1, 2), np.zeros(2)
        angle, far = rng.uniform(-np.pi, np.pi), 0.2 * np.sqrt(rng.uniform())
        self._target = far * np.array([np.cos(angle), np.sin(angle)])

    def _apart(self) -> FloatArray:
        a, b = self._at[0], self._at.sum()
        finger = 0.1 * np.array([np.cos(a) + np.cos(b), np.sin(a) + np.sin(b)])
        apart: FloatArray = finger - self._target
        return apart

    def seen(self) -> FloatArray:
        """Cosines, sines, target, speeds, from target to finger: (10,)."""
        parts = (np.cos(self._at), np.sin(self._at), self._target, self._speed, self._apart())
        return np.concatenate(parts)

    def move(self, turns: FloatArray) -> float:
        """A step of the arm."""
        self._speed = 0.7 * self._speed + 0.15 * turns
        self._at = self._at + self._speed
        return -float(np.hypot(*self._apart())) - 0.01 * float(turns @ turns)

    def kept(self) -> Any:
        """Angles and speeds."""
        return self._at, self._speed

    def put(self, kept: Any) -> None:
        """Back to them."""
        self._at, self._speed = kept


class Machine:
    """A task of gymnasium's MuJoCo."""

    def __init__(self, task: Task, seed: int) -> None:
        try:
            import gymnasium

            self._env: Any = gymnasium.make(_NAMES[task]).unwrapped
        except (ImportError, AttributeError, gymnasium_error()) as error:
            raise CapabilityError(
                f"{task} needs gymnasium's MuJoCo, which is not installed",
                hint="pip install 'measurand[control]', or take the task arm",
                code="missing_extra",
            ) from error
        self._obs, _ = self._env.reset(seed=seed)
        space: Any = self._env.action_space
        self._high = np.asarray(space.high, np.float64)

    def seen(self) -> FloatArray:
        """What gymnasium shows."""
        return np.asarray(self._obs, np.float64)

    def move(self, turns: FloatArray) -> float:
        """A step of the task."""
        self._obs, reward, *_ = self._env.step((turns * self._high).astype(np.float32))
        return float(reward)

    def kept(self) -> Any:
        """Places and speeds."""
        data = self._env.data
        return data.qpos.copy(), data.qvel.copy(), self._obs

    def put(self, kept: Any) -> None:
        """Back to them."""
        self._env.set_state(kept[0].copy(), kept[1].copy())
        self._obs = kept[2]


def gymnasium_error() -> type[Exception]:
    """What gymnasium raises where MuJoCo is missing."""
    try:
        from gymnasium.error import DependencyNotInstalled
    except ImportError:
        return ImportError
    found: type[Exception] = DependencyNotInstalled
    return found


class Joints:
    """An arm whose motors are asked one after the other.

    The state holds what is seen, the turns that were chosen already (one bit each), and whose turn
    it is; the reward comes with the last motor's.
    """

    def __init__(self, source: Control, *words: str | int) -> None:
        seed = seed_for(*words) % 2**31
        self.body: Body = Arm(seed) if source.task == "arm" else Machine(source.task, seed)
        self.motors, self.cuts = MOTORS[source.task], source.cuts
        self.levels = np.linspace(-1, 1, source.cuts)
        self.chosen: list[int] = []

    def state(self) -> Numbers:
        """(D,) float32."""
        chosen = np.zeros((self.motors, self.cuts))
        chosen[np.arange(len(self.chosen)), self.chosen] = 1
        turn = np.eye(self.motors)[len(self.chosen)]
        found: Numbers = np.concatenate([self.body.seen(), chosen.ravel(), turn]).astype(np.float32)
        return found

    def act(self, action: int) -> tuple[float, bool]:
        """One motor's choice; an arm never ends."""
        self.chosen.append(action)
        if len(self.chosen) < self.motors:
            return 0.0, False
        turns, self.chosen = self.levels[self.chosen], []
        return self.body.move(turns), False


def looking_ahead(epsilon: float, *words: Any) -> Any:
    """A player: tries some moves, holds each for a few steps, makes the best; or a random one."""
    rng, ahead = rng_for(*words), list[int]()

    def play(world: Joints) -> int:
        if not world.chosen:
            tries = rng.integers(world.cuts, size=(TRIES, world.motors))
            at = 0 if rng.random() < epsilon else int(np.argmax([_worth(world, t) for t in tries]))
            ahead[:] = tries[at].tolist()
        return ahead[len(world.chosen)]

    return play


def _worth(world: Joints, tried: npt.NDArray[np.int64]) -> float:
    kept = world.body.kept()
    worth = sum(world.body.move(world.levels[tried]) for _ in range(AHEAD))
    world.body.put(kept)
    return worth
