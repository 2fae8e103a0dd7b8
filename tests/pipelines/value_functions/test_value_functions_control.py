from __future__ import annotations

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from pipelines.value_functions import players, worlds
from pipelines.value_functions.control import Arm, Joints
from pipelines.value_functions.states import packer
from schemas.value_functions.params import Control, Task

HAS_MUJOCO = all(importlib.util.find_spec(name) for name in ("gymnasium", "mujoco"))
SOURCE = Control(kind="control", id="arm", task="arm", episodes=3, cap=20)


def play(source: Control, epsilon: float, episodes: int) -> float:
    actions = worlds.actions_of(source, 1)
    found = []
    for at in range(episodes):
        player = players.scripted(source, actions, epsilon, "player", at)
        world = worlds.game(source, source.task, "w", at)
        turns = worlds.turns_of(source)
        steps = players.episode(world, player, source.cap, 0.9, turns=turns, pack=packer(source))
        assert len(steps) == source.cap * turns
        found.append(sum(step["reward"] for step in steps))
    return float(np.mean(found))


def test_trying_moves_is_better_than_chance() -> None:
    assert play(SOURCE, 0.0, 6) > 0.5 * play(SOURCE, 1.0, 6)


def test_a_step_is_a_choice_of_every_motor() -> None:
    world = Joints(SOURCE, "a")
    before = world.state()
    assert before.shape == (worlds.inputs_of(SOURCE),)
    assert before.dtype == np.float32
    assert world.act(3) == (0.0, False)
    half = world.state()
    np.testing.assert_array_equal(half[:10], before[:10])
    assert half[10:20].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert half[20:].tolist() == [0, 1]
    reward, ended = world.act(0)
    assert reward < 0
    assert not ended
    whole = world.state()
    assert whole[10:].tolist() == [0] * 10 + [1, 0]
    other = Arm(0)
    other.put(Joints(SOURCE, "a").body.kept())
    twin = Joints(SOURCE, "a").body
    assert twin.move(np.array([0.5, -1.0])) == reward


def test_finger_and_target_are_where_geometry_says() -> None:
    arm = Arm(3)
    seen = arm.seen()
    a, b = np.arctan2(seen[2:4], seen[:2])
    finger = 0.1 * np.array([np.cos(a) + np.cos(a + b), np.sin(a) + np.sin(a + b)])
    np.testing.assert_allclose(finger - seen[4:6], seen[8:10])
    assert np.hypot(*seen[4:6]) <= 0.2
    kept = arm.kept()
    arm.move(np.array([1.0, 1.0]))
    assert not np.allclose(arm.seen(), seen)
    arm.put(kept)
    np.testing.assert_array_equal(arm.seen(), seen)


def test_only_the_last_choice_of_a_step_costs_time() -> None:
    steps = players.episode(Joints(SOURCE, "a"), lambda _: 2, 2, 0.5, turns=2, pack=packer(SOURCE))
    rewards = [step["reward"] for step in steps]
    assert rewards[0] == rewards[2] == 0
    assert steps[2]["mc_return"] == pytest.approx(rewards[3])
    assert steps[0]["mc_return"] == pytest.approx(rewards[1] + 0.5 * rewards[3])
    assert players.discount_at(np.arange(4), 0.5, 2).tolist() == [1, 0.5, 1, 0.5]


@pytest.mark.integration
@pytest.mark.skipif(not HAS_MUJOCO, reason="gymnasium's MuJoCo is not installed")
@pytest.mark.parametrize("task", ["reacher", "pusher"])
def test_tasks_of_mujoco(task: Task) -> None:
    source = SOURCE.model_copy(update={"task": task, "cap": 10})
    world = worlds.game(source, task, "w")
    assert world.state().shape == (worlds.inputs_of(source),)
    assert play(source, 0.0, 3) > play(source, 1.0, 3)


@pytest.mark.integration
def test_what_is_not_installed_is_named() -> None:
    without = "import sys; sys.modules['mujoco'] = None\n"
    asked = "from pipelines.value_functions import control; control.Machine('reacher', 1)"
    done = subprocess.run([sys.executable, "-c", without + asked], capture_output=True, text=True)
    assert done.returncode == 1
    assert "CapabilityError: reacher needs gymnasium's MuJoCo" in done.stderr
