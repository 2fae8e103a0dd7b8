"""Items of a long test that few took: a benchmark by the models that ran it.

Forty respondents do not tell two parameters of each of a thousand items, so what is known of items
beforehand is said: slopes and intercepts are normal about common values, and the largest posterior
is taken. What is made of it here needs no more than a good prediction; intervals do not trust the
model (:mod:`measurand.stats.short_form`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, numbers
from measurand.stats.two_parameter import ABILITIES, PRIOR

SLOPE, INTERCEPT_SD = 1.0, 3.0
"""What is known of an item beforehand, beside how far slopes differ."""
SLOPE_SD = 0.5
MOST_NODES = 2**22
"""Most numbers of one product of respondents, items and abilities."""


@dataclass(frozen=True)
class Bank:
    """Items with what was learned of them.

    Attributes:
        slope: (k,) discriminations.
        intercept: (k,) -slope * difficulty.
        respondents: how many they were learned from.
    """

    slope: FloatArray
    intercept: FloatArray
    respondents: int

    @property
    def chances(self) -> FloatArray:
        """(k, nodes) probability of a right answer at each ability."""
        found: FloatArray = 1 / (
            1 + np.exp(-(self.slope[:, None] * ABILITIES + self.intercept[:, None]))
        )
        return found

    @property
    def information(self) -> FloatArray:
        """(k, nodes) information of each item at each ability: slope^2 P (1 - P)."""
        p = self.chances
        found: FloatArray = self.slope[:, None] ** 2 * p * (1 - p)
        return found

    def logs(self, answers: AnyArray) -> FloatArray:
        """(n, nodes) log-likelihood of all answers at each ability."""
        x = shares(answers)
        z = self.slope[:, None] * ABILITIES + self.intercept[:, None]
        right, wrong = np.where(np.isnan(x), 0.0, x), np.where(np.isnan(x), 0.0, 1 - x)
        found: FloatArray = -right @ np.logaddexp(0, -z) - wrong @ np.logaddexp(0, z)
        return found


def shares(answers: AnyArray) -> FloatArray:
    """(n, k) answers as shares of right ones, NaN where none was given.

    Raises:
        InputError: code ``not_rates``: scores outside of 0..1.
    """
    x = numbers(answers, 2, "answers", missing=True)
    if not (np.isnan(x) | ((x >= 0) & (x <= 1))).all():
        raise InputError(
            "scores outside of 0 to 1", hint="score items right or wrong", code="not_rates"
        )
    return x


def learn(answers: AnyArray, slope_sd: float = SLOPE_SD) -> Bank:
    """Items by the largest posterior, abilities standard normal and integrated out.

    Where many respondents answered, it is :func:`measurand.stats.two_parameter.calibrate`.

    Args:
        answers: (n, k) share of right answers, NaN where none was given.
        slope_sd: how far slopes differ about 1 beforehand; near 0 it is the Rasch model.

    Raises:
        InputError: fewer than three respondents or two items, scores that are no rates, or a spread
            that is not positive.
    """
    from scipy.optimize import minimize

    x = shares(answers)
    n, k = x.shape
    if n < 3 or k < 2:
        raise InputError(f"{n} respondents, {k} items", hint="three or more on two or more")
    if not slope_sd > 0:
        raise InputError(f"spread of slopes {slope_sd}", hint="a positive number")
    given = ~np.isnan(x)
    right, wrong = np.where(given, x, 0.0), np.where(given, 1 - x, 0.0)
    log_prior = np.log(PRIOR)

    def loss(at: FloatArray) -> tuple[float, FloatArray]:
        slope, intercept = at[:k], at[k:]
        z = slope[:, None] * ABILITIES + intercept[:, None]
        soft = np.logaddexp(0, z)
        logs = right @ (z - soft) - wrong @ soft + log_prior
        top = logs.max(1, keepdims=True)
        joint = np.exp(logs - top)
        marginal = joint.sum(1, keepdims=True)
        posterior = joint / marginal
        p = np.exp(z - soft)
        surplus = right.T @ posterior - ((right + wrong).T @ posterior) * p
        apart = (slope - SLOPE) / slope_sd**2
        value = float(
            -(np.log(marginal) + top).sum()
            + (apart * (slope - SLOPE)).sum() / 2
            + (intercept**2).sum() / (2 * INTERCEPT_SD**2)
        )
        gradient = np.concatenate(
            [-surplus @ ABILITIES + apart, -surplus.sum(1) + intercept / INTERCEPT_SD**2]
        )
        return value / n, gradient / n

    with np.errstate(invalid="ignore"):
        share = (right.sum(0) + 0.5) / (given.sum(0) + 1)
    start = np.concatenate([np.full(k, SLOPE), np.log(share / (1 - share))])
    found = minimize(loss, start, jac=True, method="L-BFGS-B",
                     options={"maxiter": 300, "ftol": 1e-9, "gtol": 1e-5})  # fmt: skip
    return Bank(found.x[:k], found.x[k:], n)


def posterior(bank: Bank, answers: AnyArray) -> FloatArray:
    """(n, nodes) probability of each ability, given the answers and a standard normal before."""
    logs = bank.logs(answers) + np.log(PRIOR)
    joint = np.exp(logs - logs.max(1, keepdims=True))
    found: FloatArray = joint / joint.sum(1, keepdims=True)
    return found


def expected_from_others(bank: Bank, answers: AnyArray) -> FloatArray:
    """(n, k) chance of each answer, given the same respondent's answers to all other items."""
    x = shares(answers)
    z = bank.slope[:, None] * ABILITIES + bank.intercept[:, None]
    right, wrong, p = -np.logaddexp(0, -z), -np.logaddexp(0, z), bank.chances
    total = bank.logs(x) + np.log(PRIOR)
    found = np.empty(x.shape)
    step = max(1, MOST_NODES // z.size)
    for at in range(0, len(x), step):
        some = x[at : at + step, :, None]
        own = np.where(np.isnan(some), 0.0, some * right + (1 - some) * wrong)
        without = total[at : at + step, None, :] - own
        weights = np.exp(without - without.max(-1, keepdims=True))
        found[at : at + step] = (weights * p).sum(-1) / weights.sum(-1)
    return found
