"""A bandit with one context, in which every loss can be followed exactly.

One hundred actions on a line, a reward with a broad low hill and a narrow high one, data that lie
on the low hill. Labels are the true preference probabilities of a Bradley-Terry model, and the loss
is summed over all pairs with their probability under the data: nothing is sampled. What a loss does
to the policy, step by step, is therefore a property of the loss alone.

Source: the experiment of Furuta et al. 2024 (arXiv 2409.06691, section on the one-dimensional
bandit); constants are our own, as the paper's are not published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError
from pipelines.soft_labels.losses import pair_loss

FloatArray = npt.NDArray[np.float64]

ACTIONS = 100
HIGH = slice(70, 87)
"""Actions of the high hill."""


def actions() -> FloatArray:
    """(100,) places of the actions, 0 to 1."""
    return np.arange(ACTIONS) / (ACTIONS - 1)


def reward() -> FloatArray:
    """(100,) rewards: a narrow hill of height 1 at .75, a broad one of height .5 at .3."""
    x = actions()
    hills: FloatArray = np.exp(-(((x - 0.75) / 0.08) ** 2)) + 0.5 * np.exp(
        -(((x - 0.3) / 0.15) ** 2)
    )
    return hills


def data_density() -> FloatArray:
    """(100,) probabilities of the actions in the data, which are the reference policy too."""
    weights = np.exp(-(((actions() - 0.33) / 0.2) ** 2)) + 0.02
    density: FloatArray = weights / weights.sum()
    return density


def preferences(temperature: float) -> FloatArray:
    """(100, 100) probability that the row's action is preferred to the column's.

    Raises:
        InputError: temperature not above 0.
    """
    if not temperature > 0:
        raise InputError(f"temperature {temperature}", hint="give a number above 0")
    r = reward()
    p: FloatArray = 1 / (1 + np.exp(-(r[:, None] - r[None, :]) / temperature))
    return p


def reproduced(temperature: float, beta: float) -> FloatArray:
    """(100,) the policy at which cDPO comes to rest: data times exp(r / (T beta)), normalised."""
    log = np.log(data_density()) + reward() / (temperature * beta)
    policy = np.exp(log - log.max())
    found: FloatArray = policy / policy.sum()
    return found


@dataclass(frozen=True)
class Point:
    """The policy after some steps.

    Attributes:
        step: steps done.
        policy: (100,) probabilities.
        loss: loss before the next step.
    """

    step: int
    policy: FloatArray
    loss: float

    @property
    def mean_reward(self) -> float:
        """Expected reward."""
        return float(self.policy @ reward())

    @property
    def mode(self) -> float:
        """Place of the likeliest action."""
        return float(actions()[self.policy.argmax()])

    @property
    def high(self) -> float:
        """Probability of the high hill."""
        return float(self.policy[HIGH].sum())


def follow(
    method: str,
    *,
    temperature: float,
    beta: float,
    record: Sequence[int],
    learning_rate: float = 0.05,
) -> list[Point]:
    """Train a softmax table by Adam in double precision, from the data density on.

    Args:
        method: one of ``losses.METHODS``.
        temperature: of the preferences; low ones make certain labels.
        beta: of the loss.
        record: steps after which the policy is kept, ascending; the last ends the run.
        learning_rate: of Adam.

    Returns:
        One point a recorded step.

    Raises:
        InputError: steps that do not ascend from 0 or more, or an impossible temperature or loss.
    """
    import torch

    if not record or sorted(set(record)) != list(record) or record[0] < 0:
        raise InputError(f"steps {list(record)}", hint="give steps that ascend, from 0 or more")
    start = torch.from_numpy(np.log(data_density()))
    weights = torch.from_numpy(np.outer(data_density(), data_density()))
    labels = torch.from_numpy(preferences(temperature))
    logits = start.clone().requires_grad_()
    adam = torch.optim.Adam([logits], lr=learning_rate)
    points = []
    for step in range(record[-1] + 1):
        gain = logits - start  # the normaliser of the policy cancels in differences
        loss = (weights * pair_loss(method, gain[:, None] - gain[None, :], labels, beta=beta)).sum()
        if step in record:
            policy = logits.detach().softmax(0).numpy().copy()
            points.append(Point(step, policy, float(loss.detach())))
        adam.zero_grad()
        loss.backward()
        adam.step()
    return points
