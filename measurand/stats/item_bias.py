"""Items on which a group is out of line with its own ability: differential item functioning.

People calibrate the items; for another group (models) the answer to each item is predicted from
its answers to all others. An item that deviates beyond chance measures something else in that
group: a leaked question, a format that only people can read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from measurand.stats.arrays import AnyArray, FloatArray
from measurand.stats.multiplicity import holm
from measurand.stats.poisson_binomial import two_sided
from measurand.stats.two_parameter import ABILITIES, Items

FEW = 5
"""Respondents below which their spread cannot be known: 1, as in people."""
MEANS: FloatArray = np.linspace(-4, 4, 81)
SPREADS: FloatArray = np.linspace(0.2, 2.0, 19)


@dataclass(frozen=True)
class ItemBias:
    """What a group does on each item.

    Attributes:
        expected: (k,) right answers predicted from the other items.
        observed: (k,) right answers.
        answered: (k,) respondents who answered.
        p: p values by item, mid-p; None where nobody answered.
        adjusted: the same after Holm.
        mean: ability of the group that fits best.
        sd: its spread.
    """

    expected: FloatArray
    observed: FloatArray
    answered: FloatArray
    p: list[float | None]
    adjusted: list[float | None]
    mean: float
    sd: float


def item_bias(items: Items, answers: AnyArray) -> ItemBias:
    """Compare a group's answers with what the same items say of people of its ability.

    The group's abilities are taken as normal, with the mean and spread of the largest likelihood on
    a grid, so that a group which is better on all items is not out of line on any. The chance of a
    right answer is the mean over abilities given the answers to the other items; given these
    chances the number of right answers is Poisson-binomial. The items' own error is left out: it is
    small beside that of the group where many more people than models answered.

    Args:
        items: calibrated on people.
        answers: (m, k) of the group: 1 right, 0 wrong, NaN not given.
    """
    logs = items.log_likelihoods(answers)
    total = logs.sum(1)
    mean, sd = _group(total, len(answers))
    prior = -(((ABILITIES - mean) / sd) ** 2) / 2
    without = total[:, None, :] - logs + prior
    weights = np.exp(without - without.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    right = 1 / (1 + np.exp(-(items.slope[:, None] * ABILITIES + items.intercept[:, None])))
    chance = np.clip((weights * right).sum(-1), 0, 1)
    given = ~np.isnan(answers)
    observed = np.where(given, answers, 0.0).sum(0)
    p: list[float | None] = [
        two_sided(chance[given[:, j], j], int(observed[j])) if given[:, j].any() else None
        for j in range(answers.shape[1])
    ]
    expected = np.where(given, chance, 0.0).sum(0)
    return ItemBias(expected, observed, given.sum(0) * 1.0, p, holm(p), mean, sd)


def _group(total: FloatArray, respondents: int) -> tuple[float, float]:
    """Mean and spread of the group's abilities by the largest marginal likelihood."""
    like = np.exp(total - total.max(1, keepdims=True))
    spreads = SPREADS if respondents >= FEW else np.ones(1)
    best, found = -np.inf, (0.0, 1.0)
    for sd in spreads:
        prior = np.exp(-(((ABILITIES[:, None] - MEANS) / sd) ** 2) / 2)
        prior /= prior.sum(0)
        logs = np.log(np.maximum(like @ prior, 1e-300)).sum(0)
        at = int(np.argmax(logs))
        if logs[at] > best:
            best, found = float(logs[at]), (float(MEANS[at]), float(sd))
    return found
