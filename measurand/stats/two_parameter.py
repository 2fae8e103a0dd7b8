"""Items with a difficulty and a discrimination: the two-parameter logistic model.

P(right) = 1 / (1 + exp(-(slope * ability + intercept))), ability standard normal among the people
of the calibration. Marginal maximum likelihood (Bock & Aitkin 1981, Psychometrika 46, 443-459) on
equally spaced nodes; the gradient is that of the expected complete data, the standard errors are
those of the observed information. Checked against R ``ltm`` on LSAT6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, BoolArray, FloatArray, numbers

ABILITIES: FloatArray = np.linspace(-6, 6, 61)
"""Nodes of the quadrature."""
PRIOR: FloatArray = np.exp(-(ABILITIES**2) / 2) / np.exp(-(ABILITIES**2) / 2).sum()
STEEPEST = 8.0
"""Slope at which an item is no longer told from a step."""
H = 1e-4
"""Step of the numerical derivative of the gradient."""


@dataclass(frozen=True)
class Items:
    """Calibrated items.

    Attributes:
        slope: (k,) discriminations.
        intercept: (k,) -slope * difficulty.
        covariance: (2k, 2k) of the slopes, then the intercepts; NaN where the information has no
            inverse.
        log_likelihood: at the maximum.
        n: people.
        converged: whether the gradient vanished with every slope inside its bounds.
    """

    slope: FloatArray
    intercept: FloatArray
    covariance: FloatArray
    log_likelihood: float
    n: int
    converged: bool

    @property
    def difficulty(self) -> FloatArray:
        """(k,) ability at which half answer rightly."""
        found: FloatArray = -self.intercept / self.slope
        return found

    @property
    def slope_se(self) -> FloatArray:
        """(k,) standard errors of the slopes."""
        found: FloatArray = np.sqrt(np.diag(self.covariance)[: len(self.slope)])
        return found

    @property
    def difficulty_se(self) -> FloatArray:
        """(k,) standard errors of the difficulties, by the delta method."""
        k = len(self.slope)
        by_slope, by_intercept = self.intercept / self.slope**2, -1 / self.slope
        c = self.covariance
        i = np.arange(k)
        found: FloatArray = np.sqrt(
            by_slope**2 * c[i, i]
            + by_intercept**2 * c[k + i, k + i]
            + 2 * by_slope * by_intercept * c[i, k + i]
        )
        return found

    @property
    def discriminates(self) -> BoolArray:
        """(k,) whether the slope's 95% interval leaves out 0; else difficulty says nothing."""
        found: BoolArray = np.abs(self.slope) > 1.96 * self.slope_se
        return found

    def log_likelihoods(self, answers: AnyArray) -> FloatArray:
        """(n, k, nodes) log-likelihood of each answer at each ability; 0 where none was given."""
        x = _answers(answers, len(self.slope))
        z = self.slope[:, None] * ABILITIES + self.intercept[:, None]
        right, wrong = -np.logaddexp(0, -z), -np.logaddexp(0, z)
        found: FloatArray = np.where(
            x[..., None] == 1, right, np.where(x[..., None] == 0, wrong, 0)
        )
        return found


def calibrate(answers: AnyArray) -> Items:
    """Fit the model.

    Args:
        answers: (n, k) 1 right, 0 wrong, NaN not given.

    Raises:
        InputError: fewer than three items, other answers than 0, 1 and NaN, or an item that all or
            none answer rightly.
    """
    from scipy.optimize import minimize

    x = _answers(answers, None)
    n, k = x.shape
    if k < 3:
        raise InputError(f"{k} items", hint="three or more are needed")
    share = np.nanmean(x, axis=0)
    if ((share <= 0) | (share >= 1)).any():
        raise InputError(
            f"item {int(np.argmax((share <= 0) | (share >= 1)))} is answered alike by all",
            hint="leave it out: it has no difficulty",
        )
    data = _Data.of(x)
    start = np.concatenate([np.ones(k), np.log(share / (1 - share))])
    bounds = [(-STEEPEST, STEEPEST)] * k + [(None, None)] * k
    options = {"maxiter": 2000, "ftol": 1e-13, "gtol": 1e-7}
    found = minimize(data.loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    at = found.x
    # Mirrored abilities fit as well: most items discriminate upwards.
    if np.sum(at[:k]) < 0:
        at = np.concatenate([-at[:k], at[k:]])
    inside = bool((np.abs(at[:k]) < STEEPEST - 1e-6).all())
    value, gradient = data.loss(at)
    flat = bool(np.abs(gradient).max() < 1e-4)
    return Items(at[:k], at[k:], data.covariance(at), -value * n, n, inside and flat)


@dataclass(frozen=True)
class _Data:
    """Distinct patterns of answers and how often each came."""

    right: FloatArray
    wrong: FloatArray
    often: FloatArray

    @classmethod
    def of(cls, x: FloatArray) -> _Data:
        patterns, often = np.unique(np.where(np.isnan(x), -1, x), axis=0, return_counts=True)
        return cls((patterns == 1) * 1.0, (patterns == 0) * 1.0, often.astype(np.float64))

    def loss(self, at: FloatArray) -> tuple[float, FloatArray]:
        """Minus the mean log-likelihood, and its gradient."""
        k = self.right.shape[1]
        z = at[:k, None] * ABILITIES + at[k:, None]
        logs = -self.right @ np.logaddexp(0, -z) - self.wrong @ np.logaddexp(0, z) + np.log(PRIOR)
        top = logs.max(1, keepdims=True)
        joint = np.exp(logs - top)
        marginal = joint.sum(1, keepdims=True)
        total = float(self.often @ (np.log(marginal) + top)[:, 0])
        posterior = joint / marginal * self.often[:, None]
        p = 1 / (1 + np.exp(-z))
        surplus = self.right.T @ posterior - ((self.right + self.wrong).T @ posterior) * p
        gradient = np.concatenate([surplus @ ABILITIES, surplus.sum(1)])
        n = self.often.sum()
        return -total / n, -gradient / n

    def covariance(self, at: FloatArray) -> FloatArray:
        """Inverse of the observed information, by differences of the gradient."""
        rows = []
        for i in range(len(at)):
            step = np.zeros(len(at))
            step[i] = H
            rows.append((self.loss(at + step)[1] - self.loss(at - step)[1]) / (2 * H))
        information = np.array(rows) * self.often.sum()
        information = (information + information.T) / 2
        if np.linalg.eigvalsh(information).min() <= 1e-9:
            return np.full_like(information, np.nan)
        found: FloatArray = np.linalg.inv(information)
        return found


def abilities(items: Items, answers: AnyArray) -> tuple[FloatArray, FloatArray]:
    """Likeliest ability of each respondent under the standard normal prior, and its error.

    The mode of the posterior and the inverse root of its curvature, which treat the items as known;
    the "empirical Bayes" scores of R ``ltm``.

    Args:
        items: calibrated items.
        answers: (n, k) 1 right, 0 wrong, NaN not given.

    Returns:
        (n,) abilities and (n,) standard errors.
    """
    x = _answers(answers, len(items.slope))
    given = ~np.isnan(x)
    filled = np.where(given, x, 0.0)
    ability = np.zeros(len(x))
    curvature = np.ones(len(x))
    for _ in range(60):
        p = 1 / (1 + np.exp(-(ability[:, None] * items.slope + items.intercept)))
        gradient = (given * (filled - p)) @ items.slope - ability
        curvature = (given * p * (1 - p)) @ items.slope**2 + 1
        ability = ability + np.clip(gradient / curvature, -1, 1)
    return ability, 1 / np.sqrt(curvature)


def _answers(answers: AnyArray, k: int | None) -> FloatArray:
    x = numbers(answers, 2, "answers", missing=True)
    if k is not None and x.shape[1] != k:
        raise InputError(f"answers to {x.shape[1]} items, {k} calibrated", hint="give the same")
    if not (np.isnan(x) | (x == 0) | (x == 1)).all():
        raise InputError("answers other than 0, 1 and NaN", hint="score them right or wrong first")
    return x
