from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from measurand.errors import InputError
from pipelines.driving_sim import gym, planners, reinforce, worlds
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.simulate import rollout

ACTIONS: tuple[gym.Actions, ...] = ("continuous", "discrete", "speed")


@pytest.mark.parametrize("actions", ACTIONS)
def test_gymnasium_checks_the_environment(scenarios: list[Scenario], actions: gym.Actions) -> None:
    with warnings.catch_warnings():
        # What is seen has no bounds, and nothing is drawn: both are said in warnings.
        warnings.simplefilter("ignore")
        check_env(gym.DrivingEnv(scenarios[:2], actions=actions), skip_render_check=True)


@pytest.mark.integration
@pytest.mark.parametrize("others", ["playback", "idm"])
def test_many_at_once_are_the_same_as_one_at_a_time(scenarios: list[Scenario], others: str) -> None:
    def one() -> gym.DrivingEnv:
        return gym.DrivingEnv(scenarios[:6], others=others, actions="discrete")

    apart = SyncVectorEnv([one] * 3, autoreset_mode=AutoresetMode.SAME_STEP)
    batch = gym.DrivingVectorEnv(scenarios[:6], 3, others=others, actions="discrete")
    assert batch.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
    assert batch.single_action_space == apart.single_action_space
    assert batch.observation_space == apart.observation_space
    rng = np.random.default_rng(0)
    seen, info = batch.reset(seed=5)
    other, told = apart.reset(seed=5)
    ended = 0
    for _ in range(60):
        assert seen in batch.observation_space
        assert np.allclose(seen, other, atol=1e-5)
        assert info["scenario"].tolist() == list(told["scenario"])
        # Steering is nearly straight, so that some last longer than others.
        action = np.stack([rng.integers(0, 8, 3), rng.integers(4, 7, 3)], 1)
        seen, reward, failed, over, info = batch.step(action)
        other, pay, lost, late, told = apart.step(action)
        assert np.allclose(reward, pay, atol=1e-6)
        assert np.array_equal(failed, lost)
        assert np.array_equal(over, late)
        for k in np.flatnonzero(failed | over):
            ended += 1
            assert np.allclose(info["final_obs"][k], told["final_obs"][k], atol=1e-5)
    assert ended


def test_an_episode_is_the_drive_that_is_measured(scenarios: list[Scenario]) -> None:
    scenario = scenarios[0]
    world = worlds.world([scenario])
    drive = rollout(world, planners.RULES["idm"](), "idm", scenario_ids=[scenario.scenario_id])
    env = gym.DrivingEnv([scenario], others="idm")
    env.reset(seed=0)
    limits = np.array([6.0, 0.3], np.float32)
    for t in range(80):
        action = drive.action[0, t].numpy() / limits
        _, _, failed, over, _ = env.step(action)
        assert not failed
        assert over == (t == 79)
        assert np.allclose(
            env._slots.state.pose[0, 0].numpy(), drive.pose[0, t + 1, 0].numpy(), atol=2e-3
        )


def test_a_failure_costs_and_ends(scenarios: list[Scenario]) -> None:
    env = gym.DrivingEnv(scenarios[:1])
    env.reset(seed=0, options={"scenario": 0})
    total, steps = 0.0, 0
    for _ in range(80):
        _, reward, failed, over, _ = env.step(np.array([1.0, 1.0], np.float32))
        total, steps = total + reward, steps + 1
        if failed or over:
            break
    assert failed
    assert reward < -4
    assert steps < 80


def test_the_same_seed_is_the_same_episode(scenarios: list[Scenario]) -> None:
    env = gym.DrivingVectorEnv(scenarios, 4)
    names = [env.reset(seed=s)[1]["scenario"].tolist() for s in (1, 1, 2)]
    assert names[0] == names[1]
    assert names[0] != names[2]


def test_it_is_known_by_name(scenarios: list[Scenario]) -> None:
    gym.register()
    gym.register()
    env: Any = gymnasium.make(
        "measurand/Driving-v0", scenarios=scenarios[:1], disable_env_checker=True
    )
    assert env.reset(seed=0)[0].shape == (reinforce.INPUTS,)


def test_what_cannot_be_is_named(scenarios: list[Scenario]) -> None:
    with pytest.raises(InputError, match="actions 'jump'"):
        gym.DrivingEnv(scenarios, actions="jump")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="0 at a time"):
        gym.DrivingVectorEnv(scenarios, 0)
    with pytest.raises(InputError, match="no scenario 99"):
        gym.DrivingEnv(scenarios).reset(options={"scenario": 99})


def adapted(env: gym.DrivingVectorEnv) -> Any:
    """Our vector environment in Stable-Baselines3's terms."""
    from stable_baselines3.common.vec_env import VecEnv

    class Adapter(VecEnv):  # type: ignore[misc]
        def __init__(self, env: gym.DrivingVectorEnv) -> None:
            self.env, self.given = env, None
            super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)

        def reset(self) -> Any:
            return self.env.reset(seed=0)[0]

        def step_async(self, actions: Any) -> None:
            self.given = actions

        def step_wait(self) -> Any:
            seen, reward, failed, over, info = self.env.step(self.given)
            told: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
            for k in np.flatnonzero(failed | over):
                told[k] = {"terminal_observation": info["final_obs"][k],
                           "TimeLimit.truncated": bool(over[k])}  # fmt: skip
            return seen, reward.astype(np.float32), failed | over, told

        def close(self) -> None: ...
        def get_attr(self, name: str, indices: Any = None) -> Any:
            return [getattr(self.env, name, None)] * self.num_envs

        def set_attr(self, name: str, value: Any, indices: Any = None) -> None: ...
        def env_method(self, name: str, *a: Any, indices: Any = None, **k: Any) -> Any:
            return [None] * self.num_envs

        def env_is_wrapped(self, wrapper: Any, indices: Any = None) -> list[bool]:
            return [False] * self.num_envs

    return Adapter(env)


@pytest.mark.timeout(900)
@pytest.mark.integration
def test_an_outside_library_learns_to_drive(scenarios: list[Scenario]) -> None:
    from stable_baselines3 import PPO

    torch.manual_seed(0)
    learn = gym.made(count=8)
    env = adapted(gym.DrivingVectorEnv(learn, 64, others="idm", actions="discrete"))
    policy = PPO(
        "MlpPolicy", env, n_steps=40, batch_size=512, n_epochs=8, gamma=0.98, learning_rate=1e-3,
        seed=0, device="cpu", policy_kwargs={"net_arch": [128, 128]},
    )  # fmt: skip
    policy.learn(50_000)

    n = 128
    test = gym.DrivingVectorEnv(gym.made(count=8, first=1000), n, others="idm", actions="discrete")

    def returns(choose: Any) -> Any:
        seen, _ = test.reset(seed=7)
        total, alive = np.zeros(n), np.ones(n, bool)
        for _ in range(80):
            seen, reward, failed, over, _ = test.step(choose(seen))
            total += reward * alive
            alive &= ~(failed | over)
        return total

    rng = np.random.default_rng(3)
    random = returns(lambda _: np.stack([rng.integers(0, 8, n), rng.integers(0, 11, n)], 1))
    learned = returns(lambda seen: policy.predict(seen, deterministic=False)[0])
    gain = learned - random
    print(f"learned {learned.mean():.2f}, random {random.mean():.2f}")
    # The same scenarios: a paired difference, three standard errors above 0.
    assert gain.mean() > 3 * gain.std(ddof=1) / np.sqrt(n)
