"""Learning to drive by driving: proximal policy optimisation in the simulator itself.

Schulman et al. 2017 (arXiv 1707.06347, eq. 7) with advantages of Schulman et al. 2016 (arXiv
1506.02438, eq. 16). Every iteration drives a number of scenarios to their end and learns from them;
a crash, leaving the road or the route ends an episode. A policy is drawn from, in training and
after it: its most likely action is another policy, and a much worse one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import nn

from measurand.stats.resample import rng_for, seed_for
from pipelines.driving_sim import rails, seeing
from pipelines.driving_sim.blocks import in_blocks
from pipelines.driving_sim.dynamics import cos_sin, wrap
from pipelines.driving_sim.measures import off_road
from pipelines.driving_sim.planners import follow_route
from pipelines.driving_sim.seeing import OBJECT_WIDTH, OBJECTS, ROUTE
from pipelines.driving_sim.simulate import Planner, step
from pipelines.driving_sim.spaces import drawn
from pipelines.driving_sim.world import State, World, met, reset
from schemas.driving_sim.params import DT, STEPS, T0

ACCELERATIONS = (-6.0, -3.0, -1.5, -0.5, 0.0, 0.7, 1.5, 2.5)
CURVATURES = (-0.18, -0.12, -0.07, -0.035, -0.012, 0.0, 0.012, 0.035, 0.07, 0.12, 0.18)
WIDTH = 128
CRASH, LEAVING = 5.0, 3.0
"""What a failure costs; metres beside the route that are one."""
GAMMA, LAMBDA, CLIP = 0.98, 0.95, 0.2
EPOCHS, MINIBATCH = 4, 1024
VALUE, ENTROPY = 0.5, 0.004
"""Weights of the value's error and of the entropy."""
INPUTS = 4 + OBJECTS * OBJECT_WIDTH + 2 * ROUTE + 3

Steering = Literal["free", "route"]
"""The policy steers, or pure pursuit along the route does."""


@dataclass(frozen=True)
class Task:
    """What is learned.

    Attributes:
        others: how the other cars move in training.
        steering: who steers.
        reward: of a metre along the route.
        scenarios: driven in an iteration.
        seed: of weights, scenarios and draws.
    """

    others: str
    steering: Steering
    reward: float
    scenarios: int = 96
    seed: int = 0

    @property
    def sizes(self) -> tuple[int, ...]:
        """Values of every number of the action."""
        free = (len(ACCELERATIONS), len(CURVATURES))
        return free if self.steering == "free" else free[:1]

    @property
    def steps(self) -> int:
        """Steps of the optimiser in an iteration."""
        return EPOCHS * -(-self.scenarios * (STEPS - 1 - T0) // MINIBATCH)


class Actor(nn.Module):  # type: ignore[misc]
    """A policy and a value, two layers each."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.policy = _layers(outputs)
        self.value = _layers(1)
        with torch.no_grad():
            # Nearly uniform at the start, so that everything is tried.
            self.policy[-1].weight *= 0.01

    def forward(self, seen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(S, outputs) logits and (S,) values."""
        return self.policy(seen), self.value(seen)[:, 0]


def _layers(outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(INPUTS, WIDTH),
        nn.Tanh(),
        nn.Linear(WIDTH, WIDTH),
        nn.Tanh(),
        nn.Linear(WIDTH, outputs),
    )


def actor(task: Task, *names: str | int) -> Actor:
    """With weights that depend on the names and the seed alone."""
    with torch.random.fork_rng():
        torch.manual_seed(seed_for("driving_sim", "actor", task.seed, *names))
        return Actor(sum(task.sizes))


class Beside(NamedTuple):
    """Where the SDC is beside its route, (B,) each: m to the left, rad, m/s that is allowed."""

    lateral: torch.Tensor
    turned: torch.Tensor
    allowed: torch.Tensor


def beside(world: World, state: State) -> Beside:
    """Where the SDC is beside its route."""
    sdc = state.pose[:, 0]
    on = rails.read(world.path[:, 0], state.s[:, :1])[:, 0]
    cos, sin = cos_sin(on[:, 2])
    lateral = (sdc[:, 1] - on[:, 1]) * cos - (sdc[:, 0] - on[:, 0]) * sin
    return Beside(lateral, wrap(sdc[:, 2] - on[:, 2]), on[:, 3])


def seen(world: World, state: State) -> torch.Tensor:
    """(B, INPUTS) what the policy sees, every number of about the size of one."""
    found = seeing.sdc(world, state, seeing.routed(world), lanes=False)
    objects = found.objects / found.objects.new_tensor([20, 20, 1, 1, 10, 5, 2, 1])
    where = beside(world, state)
    own = found.own / found.own.new_tensor([10, 1, 1, 1])
    rest = torch.stack((where.lateral, where.turned, where.allowed / 10), 1)
    return torch.cat((own, objects.flatten(1), (found.route / 20).flatten(1), rest), 1)


def action_of(world: World, state: State, picked: torch.Tensor, steering: Steering) -> torch.Tensor:
    """(B, 2) acceleration and curvature of (B, numbers) picked values."""
    a = picked.new_tensor(ACCELERATIONS, dtype=state.pose.dtype)[picked[:, 0]]
    if steering == "route":
        return follow_route(world, state, a)
    kappa = picked.new_tensor(CURVATURES, dtype=state.pose.dtype)[picked[:, 1]]
    return torch.stack((a, kappa), -1)


def planner(network: Actor, task: Task) -> Planner:
    """A policy as a planner; it is drawn from."""

    def act(world: World, state: State, u: Any) -> torch.Tensor:
        with torch.no_grad():
            logits = in_blocks(network.policy, seen(world, state)).split(list(task.sizes), 1)
        picked = torch.stack([drawn(part, u[:, k]) for k, part in enumerate(logits)], 1)
        return action_of(world, state, picked, task.steering)

    return act


class Drives(NamedTuple):
    """What an iteration learns from, S = scenarios x 80 steps.

    Attributes:
        seen: (S, INPUTS).
        picked: (S, numbers) int64.
        logp: (S,) log-probabilities when they were picked.
        advantage: (S,) standardised.
        target: (S,) of the value.
        alive: (S,) whether the episode had not ended.
        reward: mean sum of rewards of an episode.
        failed: share of the episodes that ended in a failure.
    """

    seen: torch.Tensor
    picked: torch.Tensor
    logp: torch.Tensor
    advantage: torch.Tensor
    target: torch.Tensor
    alive: torch.Tensor
    reward: float
    failed: float


def drive(network: Actor, world: World, task: Task, iteration: int) -> Drives:
    """Drive some of the scenarios with the policy as it is."""
    rng = rng_for("driving_sim", "ppo", task.seed, task.others, task.steering, iteration)
    rows = rng.integers(0, len(world), task.scenarios)
    some = world.pick(torch.from_numpy(rows))
    u = torch.from_numpy(rng.random((STEPS, task.scenarios, len(task.sizes)))).to(some.log)
    state = reset(some)
    alive = torch.ones(task.scenarios, dtype=torch.bool, device=some.log.device)
    kept: list[tuple[torch.Tensor, ...]] = []
    with torch.no_grad():
        for t in range(T0, STEPS - 1):
            look = seen(some, state)
            logits, value = network(look)
            parts = logits.split(list(task.sizes), 1)
            picked = torch.stack([drawn(part, u[t, :, k]) for k, part in enumerate(parts)], 1)
            action = action_of(some, state, picked, task.steering)
            after = step(some, state, action, task.others)
            reward, fails = judged(some, state, after, action, task)
            kept.append((look, picked, log_prob(parts, picked), value, reward, fails, alive))
            alive = alive & ~fails
            state = after
        last = network(seen(some, state))[1]
    look, picked, logp, value, reward, fails, lived = (
        torch.stack(part) for part in zip(*kept, strict=True)
    )
    gain = advantages(reward, value, last, fails)
    flat = gain[lived]
    mean, spread = flat.mean(), flat.std().clamp(min=1e-6)
    return Drives(
        look.flatten(0, 1),
        picked.flatten(0, 1),
        logp.flatten(),
        ((gain - mean) / spread).flatten(),
        (gain + value).flatten(),
        lived.flatten(),
        float((reward * lived).sum(0).mean()),
        float((fails & lived).any(0).float().mean()),
    )


def judged(
    world: World, state: State, after: State, action: torch.Tensor, task: Task
) -> tuple[torch.Tensor, torch.Tensor]:
    """(B,) rewards, and whether the episode ends in a failure."""
    where = beside(world, after)
    hit = (met(world, after.pose, after.valid) & ~world.touching).any(1)
    fails = hit | (off_road(world, after.pose[:, 0]) > 0) | (where.lateral.abs() > LEAVING)
    ahead = torch.minimum(after.s[:, 0] - state.s[:, 0], 1.05 * where.allowed * DT)
    cost = 1e-4 * action[:, 0].square() + 0.005 * where.lateral.abs()
    return task.reward * ahead - cost - CRASH * fails.to(ahead), fails


def log_prob(parts: tuple[torch.Tensor, ...], picked: torch.Tensor) -> torch.Tensor:
    """(S,) log-probabilities of picked values: sums over the numbers of an action."""
    total = torch.zeros_like(parts[0][:, 0])
    for k, part in enumerate(parts):
        total = total + part.log_softmax(1).gather(1, picked[:, k : k + 1])[:, 0]
    return total


def advantages(
    reward: torch.Tensor, value: torch.Tensor, last: torch.Tensor, ended: torch.Tensor
) -> torch.Tensor:
    """Generalised advantages (Schulman et al. 2016, eq. 16).

    Args:
        reward: (T, B).
        value: (T, B) of the state before each step.
        last: (B,) of the state after the last one.
        ended: (T, B) whether the episode ended with this step.

    Returns:
        (T, B).
    """
    gain, following = torch.zeros_like(last), last
    found = torch.empty_like(reward)
    for t in range(len(reward) - 1, -1, -1):
        goes_on = (~ended[t]).to(reward)
        delta = reward[t] + GAMMA * following * goes_on - value[t]
        gain = delta + GAMMA * LAMBDA * goes_on * gain
        found[t], following = gain, value[t]
    return found


def loss(
    network: Actor, given: Drives, some: torch.Tensor, task: Task
) -> tuple[Any, dict[str, Any]]:
    """The clipped objective of some steps (Schulman et al. 2017, eq. 7-9), and its figures."""
    logits, value = network(given.seen[some])
    parts = logits.split(list(task.sizes), 1)
    alive = given.alive[some].to(value)
    count = alive.sum().clamp(min=1)
    ratio = (log_prob(parts, given.picked[some]) - given.logp[some]).exp()
    gain = given.advantage[some]
    clipped = torch.minimum(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain)
    spread = sum(-(p.softmax(1) * p.log_softmax(1)).sum(1) for p in parts)
    wrong = (value - given.target[some]).square()
    each = -clipped + VALUE * wrong - ENTROPY * spread
    total = (each * alive).sum() / count
    return total, {
        "loss": total.detach(),
        "reward": given.reward,
        "failed": given.failed,
        "entropy": ((spread * alive).sum() / count).detach(),
    }


def batches(task: Task, iteration: int) -> list[torch.Tensor]:
    """Numbers of the steps of every step of the optimiser in an iteration."""
    rng = rng_for("driving_sim", "minibatches", task.seed, task.others, iteration)
    count = task.scenarios * (STEPS - 1 - T0)
    orders = [rng.permutation(count) for _ in range(EPOCHS)]
    parts = [np.array_split(order, task.steps // EPOCHS) for order in orders]
    return [torch.from_numpy(part) for order in parts for part in order]
