"""What is wrong with single items of a test that few took: fit, direction, groups.

All of it compares answers with what the same respondents' answers to the other items let expect
(:func:`measurand.stats.few_respondents.expected_from_others`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, numbers
from measurand.stats.items import item_statistics
from measurand.stats.multiplicity import holm

FEWEST = 5
"""Respondents of a group, and of the others, below which they are not compared."""


@dataclass(frozen=True)
class Fit:
    """Noise of each item's answers beside what the model has.

    Attributes:
        mean_square: (k,) infit: 1 as expected, above it the answers are noisier; NaN where nothing
            was answered, or no chance lies between 0 and 1.
        t: (k,) the same as a standard normal deviate.
    """

    mean_square: FloatArray
    t: FloatArray


def infit(expected: AnyArray, answers: AnyArray) -> Fit:
    """Information-weighted mean square of the residuals.

    Source: Wright & Masters (1982), Rating Scale Analysis, chapter 5, with the Wilson-Hilferty
    transformation to a deviate.

    Args:
        expected: (n, k) chance of each answer.
        answers: (n, k) right (1) or wrong (0), NaN where none was given.
    """
    p, x = _fitting(expected, answers)
    given = ~np.isnan(x)
    q = np.where(given, p * (1 - p), 0.0)
    squares = np.where(given, (x - p) ** 2, 0.0).sum(0)
    total, spread = q.sum(0), np.sqrt((q * (1 - 4 * q)).sum(0))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_square = np.where(total > 0, squares / total, np.nan)
        sd = np.where(total > 0, spread / total, np.nan)
        t = (np.cbrt(mean_square) - 1) * 3 / sd + sd / 3
    return Fit(mean_square, np.where(sd > 0, t, np.nan))


def backwards(answers: AnyArray) -> list[float | None]:
    """P values, after Holm, that better respondents do worse on an item.

    One-sided test of the item-rest correlation, Student's t with n - 2 degrees of freedom; None
    where all answer alike.

    Args:
        answers: (n, k) scores without gaps.
    """
    from scipy.special import stdtr

    x = numbers(answers, 2, "answers")
    r = item_statistics(x).item_rest
    n = len(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = r * np.sqrt((n - 2) / np.maximum(1 - r**2, 0.0))
    p = stdtr(n - 2, t) if n > 2 else np.full(len(r), np.nan)
    return holm([None if np.isnan(one) else float(one) for one in p])


def between(expected: AnyArray, answers: AnyArray, inside: AnyArray) -> list[float | None]:
    """P values, after Holm, that a group does otherwise on an item than others of its ability.

    Differential functioning by residuals: their means in the group and outside are compared by
    Student's t with n - 2 degrees of freedom. Groups may differ in ability, which the expectation
    has. None where a side has fewer than five answers or nothing varies.

    Args:
        expected: (n, k) chance of each answer.
        answers: (n, k) share of right answers, NaN where none was given.
        inside: (n,) whether a respondent is of the group.

    Raises:
        InputError: shapes that do not fit.
    """
    from scipy.special import stdtr

    p, x = _fitting(expected, answers)
    group = np.asarray(inside, np.bool_)
    if len(group) != len(x):
        raise InputError(f"{len(group)} respondents, {len(x)} rows", hint="say it of each row")
    found: list[float | None] = []
    for j in range(x.shape[1]):
        given = ~np.isnan(x[:, j])
        a, b = ((x - p)[given & side, j] for side in (group, ~group))
        n = len(a) + len(b)
        if min(len(a), len(b)) < FEWEST:
            found.append(None)
            continue
        squares = ((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()
        error = np.sqrt(squares / (n - 2) * (1 / len(a) + 1 / len(b)))
        alike = error <= 1e-9
        found.append(None if alike else float(2 * stdtr(n - 2, -abs(a.mean() - b.mean()) / error)))
    return holm(found)


def _fitting(expected: AnyArray, answers: AnyArray) -> tuple[FloatArray, FloatArray]:
    p, x = numbers(expected, 2, "expected"), numbers(answers, 2, "answers", missing=True)
    if p.shape != x.shape:
        raise InputError(f"{p.shape} chances, {x.shape} answers", hint="one of each answer")
    return p, x
