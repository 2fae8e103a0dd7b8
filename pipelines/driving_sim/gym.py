"""The simulator as an environment that learning libraries know: Gymnasium's API, one or many.

An episode is one scenario from its start to its end, 80 steps, or to the first failure: a crash,
leaving the road, or the route by three metres. What is seen and rewarded is what
:mod:`~pipelines.driving_sim.reinforce` learns from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import gymnasium
import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from measurand.errors import InputError
from pipelines.driving_sim import dynamics, generator, reinforce, worlds
from pipelines.driving_sim.edges import Segments
from pipelines.driving_sim.moments import NOW, looking
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.simulate import step
from pipelines.driving_sim.world import World, reset
from schemas.driving_sim.params import FAMILIES, STEPS, T0

Actions = Literal["continuous", "discrete", "speed"]
"""``continuous``: acceleration and curvature as shares of their limits, (2,) within -1..1.
``discrete``: numbers of an acceleration and of a curvature. ``speed``: the number of an
acceleration, while pure pursuit steers along the route."""

Floats = npt.NDArray[np.float32]


def made(families: Sequence[str] = FAMILIES, count: int = 4, first: int = 0) -> list[Scenario]:
    """Made scenarios: so many of each family, from a number on."""
    return [generator.scenario(f, first + k) for f in families for k in range(count)]


class Slots:
    """N scenarios side by side, each at a time of its own.

    Args:
        scenarios: what is driven.
        num: how many at a time.
        others: how the other cars move.
        actions: see :data:`Actions`.
        reward: of a metre along the route, where a failure costs 5.
    """

    def __init__(
        self, scenarios: Sequence[Scenario], num: int, others: str, actions: Actions, reward: float
    ) -> None:
        if not scenarios or num < 1:
            raise InputError(f"{len(scenarios)} scenarios, {num} at a time", hint="give some")
        self.names = [s.scenario_id for s in scenarios]
        self.pool = worlds.world(scenarios)
        self.others, self.actions = others, actions
        steering: reinforce.Steering = "route" if actions == "speed" else "free"
        self.task = reinforce.Task(others, steering, reward)
        self.rows = torch.zeros(num, dtype=torch.int64)
        self.time = torch.full((num,), T0)
        self.world = self.pool.pick(self.rows)
        self.state = reset(self.world)
        self._look()

    def start(self, slots: Sequence[int], rows: Sequence[int]) -> None:
        """Begin scenarios anew in some of the slots."""
        at, some = torch.tensor(list(slots)), torch.tensor(list(rows))
        fresh = self.pool.pick(some)
        begun = reset(fresh)
        self.rows[at], self.time[at] = some, T0
        _put(self.world, fresh, at)
        for name in ("pose", "valid", "s"):
            getattr(self.state, name)[at] = getattr(begun, name)
        self._look()

    def _look(self) -> None:
        """The moments that a step reads, of every slot's own time: a log of three moments.

        Everything else of the simulator then serves slots at different times as it is.
        """
        self.seen = looking(self.world, self.pool, self.rows, self.time)
        self.state = replace(self.state, t=NOW)

    def observe(self) -> Floats:
        """(N, INPUTS) what every driver sees."""
        with torch.no_grad():
            found: Floats = reinforce.seen(self.seen, self.state).float().numpy()
        return found

    def step(self, action: npt.NDArray[Any]) -> tuple[Floats, Any, Any]:
        """(N,) rewards, whether each episode failed, whether it is over in time."""
        with torch.no_grad():
            asked = self._action(action)
            after = step(self.seen, self.state, asked, self.others)
            reward, failed = reinforce.judged(self.seen, self.state, after, asked, self.task)
        self.state, self.time = after, self.time + 1
        self._look()
        over = (self.time >= STEPS - 1) & ~failed
        return reward.float().numpy(), failed.numpy(), over.numpy()

    def _action(self, given: npt.NDArray[Any]) -> torch.Tensor:
        if self.actions == "continuous":
            most = torch.tensor([dynamics.MOST_ACCELERATION, dynamics.MOST_CURVATURE])
            return torch.from_numpy(np.asarray(given, np.float32)).clamp(-1, 1) * most
        picked = torch.from_numpy(np.asarray(given, np.int64)).reshape(len(self.rows), -1)
        return reinforce.action_of(self.seen, self.state, picked, self.task.steering)


def _put(world: Any, fresh: Any, at: torch.Tensor) -> None:
    """Write scenarios over some of a world's."""
    for name in World.__dataclass_fields__ if isinstance(world, World) else fresh._fields:
        one, two = getattr(world, name), getattr(fresh, name)
        if isinstance(one, torch.Tensor):
            one[at] = two
        elif isinstance(one, Segments):
            _put(one, two, at)
        else:
            for part in vars(one):
                getattr(one, part)[at] = getattr(two, part)


def _observed() -> spaces.Box:
    return spaces.Box(-np.inf, np.inf, (reinforce.INPUTS,), np.float32)


def _acted(actions: Actions) -> spaces.Space[Any]:
    if actions == "continuous":
        return spaces.Box(-1.0, 1.0, (2,), np.float32)
    fast, bent = len(reinforce.ACCELERATIONS), len(reinforce.CURVATURES)
    if actions == "discrete":
        return spaces.MultiDiscrete([fast, bent])
    if actions == "speed":
        return spaces.Discrete(fast)
    raise InputError(f"actions {actions!r}", hint="continuous, discrete or speed")


class DrivingEnv(gymnasium.Env[Floats, Any]):
    """One scenario at a time.

    Args:
        scenarios: what is driven, drawn anew for every episode; made ones by default.
        others: playback, constant or idm.
        actions: see :data:`Actions`.
        reward: of a metre along the route.

    ``reset(options={"scenario": k})`` begins the k-th one. ``info`` names the scenario.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(
        self,
        scenarios: Sequence[Scenario] | None = None,
        *,
        others: str = "idm",
        actions: Actions = "continuous",
        reward: float = 0.1,
    ) -> None:
        self.action_space = _acted(actions)
        self.observation_space: spaces.Space[Any] = _observed()
        self._slots = Slots(scenarios or made(), 1, others, actions, reward)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """Begin an episode: what is seen, and the scenario's name."""
        super().reset(seed=seed)
        row = _drawn(self._slots, self.np_random, options)
        self._slots.start([0], [row])
        return self._slots.observe()[0], {"scenario": self._slots.names[row]}

    def step(self, action: Any) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        """A tenth of a second: what is seen, reward, failed, over in time, the scenario's name."""
        reward, failed, over = self._slots.step(np.asarray(action)[None])
        name = self._slots.names[int(self._slots.rows[0])]
        return (
            self._slots.observe()[0], float(reward[0]), bool(failed[0]), bool(over[0]),
            {"scenario": name},
        )  # fmt: skip


class DrivingVectorEnv(VectorEnv[Floats, Any, npt.NDArray[Any]]):
    """Many scenarios at a time, in one batch; an episode that ends begins another in the same step.

    The same as so many of :class:`DrivingEnv` side by side, and much faster. Arguments as there.

    Args:
        num_envs: how many.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": [], "autoreset_mode": AutoresetMode.SAME_STEP,
    }  # fmt: skip

    def __init__(
        self,
        scenarios: Sequence[Scenario] | None = None,
        num_envs: int = 64,
        *,
        others: str = "idm",
        actions: Actions = "continuous",
        reward: float = 0.1,
    ) -> None:
        self.num_envs = num_envs
        self.single_action_space = _acted(actions)
        self.single_observation_space = _observed()
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._slots = Slots(scenarios or made(), num_envs, others, actions, reward)
        self._draws = [seeding.np_random(None)[0] for _ in range(num_envs)]

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Floats, dict[str, Any]]:
        """Begin an episode in every slot; slot k draws from ``seed + k``, or the k-th of seeds."""
        seeds: Sequence[int | None]
        if seed is None or isinstance(seed, int):
            seeds = [None if seed is None else seed + k for k in range(self.num_envs)]
        else:
            seeds = seed
        for k, one in enumerate(seeds):
            if one is not None:
                self._draws[k] = seeding.np_random(one)[0]
        self._begin(range(self.num_envs), options)
        return self._slots.observe(), self._info()

    def _begin(self, slots: Sequence[int], options: dict[str, Any] | None) -> None:
        rows = [_drawn(self._slots, self._draws[k], options) for k in slots]
        self._slots.start(slots, rows)

    def _info(self) -> dict[str, Any]:
        names = np.array([self._slots.names[int(row)] for row in self._slots.rows], object)
        return {"scenario": names, "_scenario": np.ones(self.num_envs, bool)}

    def step(
        self, actions: Any
    ) -> tuple[Floats, npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], dict[str, Any]]:
        """A tenth of a second in every slot.

        Where an episode ended, what is seen is of the next one; ``info["final_obs"]`` has the last
        of the ended one.
        """
        reward, failed, over = self._slots.step(actions)
        seen, info = self._slots.observe(), self._info()
        ended = failed | over
        if ended.any():
            last = np.full(self.num_envs, None, object)
            for k in np.flatnonzero(ended):
                last[k] = seen[k]
            final = {"scenario": info["scenario"], "_scenario": ended}
            self._begin(np.flatnonzero(ended).tolist(), None)
            seen = self._slots.observe()
            info = self._info() | {
                "final_obs": last, "_final_obs": ended, "final_info": final, "_final_info": ended,
            }  # fmt: skip
        return seen, reward.astype(np.float64), failed, over, info


def _drawn(slots: Slots, rng: np.random.Generator, options: dict[str, Any] | None) -> int:
    """The number of the next scenario."""
    asked = (options or {}).get("scenario")
    if asked is None:
        return int(rng.integers(len(slots.names)))
    if not 0 <= int(asked) < len(slots.names):
        raise InputError(f"no scenario {asked} of {len(slots.names)}", hint="give a smaller number")
    return int(asked)


def register() -> None:
    """Make ``gymnasium.make("measurand/Driving-v0")`` and ``make_vec`` known."""
    name = "measurand/Driving-v0"
    if name not in gymnasium.registry:
        here = "pipelines.driving_sim.gym"
        gymnasium.register(
            name,
            entry_point=f"{here}:DrivingEnv",
            vector_entry_point=f"{here}:DrivingVectorEnv",
        )
