"""Bradley-Terry: one strength per method from who beat whom, with ties and shares of a win."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import (
    AnyArray,
    BoolArray,
    FloatArray,
    IntArray,
    codes,
    numbers,
    same_length,
)
from measurand.stats.estimate import Estimate
from measurand.stats.exact import weighted
from measurand.stats.resample import Plan, percentile, plan

STEPS = 100
HALVINGS = 30
TOLERANCE = 1e-10
"""Largest gradient at the end, as a share of the comparisons."""


@dataclass(frozen=True)
class BradleyTerry:
    """Strengths on the log scale: A beats B with probability sigmoid(strength A - strength B).

    Attributes:
        methods: names in sorted order.
        strengths: one per method; all undefined, for one reason, where the comparisons do not
            hold the methods together.
        wins: (m, m) sum of the shares that the method of the row won against that of the column.
        reference: the method whose strength is 0; None where the strengths sum to 0.
        ridge: penalty on squared strengths.
    """

    methods: tuple[Any, ...]
    strengths: tuple[Estimate, ...]
    wins: FloatArray
    reference: Any
    ridge: float

    def probability(self, a: Any, b: Any) -> float | None:
        """Chance that ``a`` beats ``b``; None where undefined."""
        from scipy.special import expit

        one, two = (self.strengths[self.methods.index(name)].value for name in (a, b))
        return None if one is None or two is None else float(expit(one - two))


def bradley_terry(
    first: AnyArray,
    second: AnyArray,
    share: AnyArray,
    *,
    reference: Any = None,
    ridge: float = 0.0,
    clusters: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> BradleyTerry:
    """Strengths by maximum likelihood with a bootstrap over prompts.

    A share between 0 and 1 is so much of a win for the first and the rest of one for the second:
    .5 for a tie, or the preference of a judge that answers in percentages.

    Source: Bradley & Terry (1952), Biometrika 39, 324-345; the condition for a finite maximum is
    Ford's (1957), assumption 1 of Hunter (2004), Annals of Statistics 32, 384-406: every method
    must beat, directly or through others, every other one. Checked against R
    ``BradleyTerry2::BTm`` on its table of citations, and statsmodels' logistic regression.

    Args:
        first: (n,) method on one side of each comparison, any comparable labels.
        second: (n,) method on the other side, never the same.
        share: (n,) what the first won, 0..1.
        reference: method that gets strength 0; without, the strengths sum to 0.
        ridge: weight of a penalty ridge / 2 * (sum of squared strengths, centred) that keeps them
            finite without Ford's condition, and shrinks them; 0 for none.
        clusters: (n,) prompt of each comparison; prompts are drawn whole.
        resamples: bootstrap resamples B; 0 for no intervals.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, a share outside 0..1, a method against itself, an unknown
            reference, a negative ridge, or too few resamples.
    """
    won = numbers(share, 1, "share")
    n = len(won)
    if ((won < 0) | (won > 1)).any():
        raise InputError("a share outside 0..1", hint="give what the first side won")
    if not (np.isfinite(ridge) and ridge >= 0):
        raise InputError(f"ridge {ridge}", hint="give 0 or more")
    same_length(n, first=first, second=second)
    both, m = codes(np.concatenate([first, second]), 2 * n, "methods")
    i, j = both[:n], both[n:]
    if (i == j).any():
        raise InputError("a method against itself", hint="leave such rows out")
    names = tuple(np.unique(np.concatenate([first, second])).tolist())
    if reference is not None and reference not in names:
        raise InputError(f"reference {reference!r} was never compared", hint=f"one of {names}")
    anchor = None if reference is None else names.index(reference)
    drawn = plan(n, clusters, resamples, seed_words)
    by_unit = _wins_by_unit(i, j, won, m, drawn)
    wins = by_unit.sum(axis=0).reshape(m, m)
    method = "Bradley-Terry strength, log scale"
    if ridge:
        method += f", ridge {ridge:g}"

    def whole(strengths: Sequence[Estimate]) -> BradleyTerry:
        return BradleyTerry(names, tuple(strengths), wins, reference, ridge)

    why = _lacking(wins, names, ridge)
    if why is not None:
        shown = None if drawn.units is None else drawn.n_units
        return whole([Estimate(None, method=method, n=n, n_clusters=shown, reason=why)] * m)
    value = _anchored(fit(wins[None], ridge), anchor)[0]
    if not np.isfinite(value).all():
        why = "the likelihood did not reach its maximum"
        return whole([Estimate(None, method=method, n=n, reason=why)] * m)
    replicates = _anchored(_resampled(by_unit, m, drawn, ridge), anchor)
    return whole(
        [
            Estimate(0.0, method=method, n=n, reason="no interval: the reference is 0 by choice")
            if k == anchor
            else percentile(float(value[k]), replicates[:, k], drawn, method=method)
            for k in range(m)
        ]
    )


def fit(wins: FloatArray, ridge: float = 0.0) -> FloatArray:
    """Strengths that sum to 0, by Newton's method with step halving: (B, m).

    Args:
        wins: (B, m, m) shares won by the row against the column; the diagonal is 0.
        ridge: as in :func:`bradley_terry`.

    Returns:
        NaN for a table whose strengths would be infinite, or that did not converge.
    """
    from scipy.special import expit

    many, m, _ = wins.shape
    out = np.full((many, m), np.nan)
    held = np.flatnonzero(connected(wins)) if ridge == 0 else np.arange(many)
    won = wins[held]
    games = won + won.transpose(0, 2, 1)
    total = np.maximum(won.sum(axis=(1, 2)), 1.0)
    theta = np.zeros((len(held), m))
    # The likelihood knows differences only: this part holds the sum of the strengths at 0.
    level = np.full((m, m), 1 / m)
    error = np.full(len(held), np.inf)
    for _ in range(STEPS):
        p = expit(theta[:, :, None] - theta[:, None, :])
        gradient = (won - games * p).sum(axis=2) - ridge * theta
        error = np.abs(gradient).max(axis=1) / total
        if (error <= TOLERANCE).all():
            break
        weight = games * p * (1 - p)
        hessian = -weight + ridge * np.eye(m) + total[:, None, None] * level
        hessian[:, np.arange(m), np.arange(m)] += weight.sum(axis=2)
        step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        theta = _improved(theta, step, won, ridge)
    done = error <= 1e3 * TOLERANCE
    out[held[done]] = theta[done] - theta[done].mean(axis=1, keepdims=True)
    return out


def connected(wins: FloatArray) -> BoolArray:
    """Whether every method beats every other, directly or through others: (B,) for (B, m, m)."""
    out: BoolArray = np.all(_reached(wins).all(axis=2), axis=1)
    return out


def _reached(wins: FloatArray) -> BoolArray:
    """Who beats whom directly or through others, and itself: (B, m, m)."""
    m = wins.shape[1]
    reached: BoolArray = np.logical_or(wins > 0, np.eye(m, dtype=np.bool_))
    # Each squaring doubles the length of the chains.
    for _ in range(m.bit_length()):
        steps = reached.astype(np.float32)
        reached = (steps @ steps).astype(np.bool_)
    return reached


def _improved(theta: FloatArray, step: FloatArray, won: FloatArray, ridge: float) -> FloatArray:
    """Each table's step, halved until its likelihood does not fall."""
    before = _likelihood(theta, won, ridge)
    size = np.ones(len(theta))
    slack = 1e-12 * np.maximum(np.abs(before), 1.0)
    for _ in range(HALVINGS):
        worse = _likelihood(theta + size[:, None] * step, won, ridge) < before - slack
        if not worse.any():
            break
        size[worse] /= 2
    moved: FloatArray = theta + size[:, None] * step
    return moved


def _likelihood(theta: FloatArray, won: FloatArray, ridge: float) -> FloatArray:
    from scipy.special import log_expit

    apart = theta[:, :, None] - theta[:, None, :]
    out: FloatArray = (won * log_expit(apart)).sum(axis=(1, 2)) - ridge / 2 * (theta**2).sum(axis=1)
    return out


def _anchored(strengths: FloatArray, anchor: int | None) -> FloatArray:
    return strengths if anchor is None else strengths - strengths[:, [anchor]]


def _wins_by_unit(i: IntArray, j: IntArray, won: FloatArray, m: int, drawn: Plan) -> FloatArray:
    """Shares won in each unit of resampling: (units, m * m)."""
    unit = np.arange(len(won)) if drawn.units is None else drawn.units
    cells = np.concatenate([unit * m * m + i * m + j, unit * m * m + j * m + i])
    flat = np.bincount(cells, np.concatenate([won, 1 - won]), drawn.n_units * m * m)
    return flat.astype(np.float64).reshape(drawn.n_units, m * m)


def _resampled(by_unit: FloatArray, m: int, drawn: Plan, ridge: float) -> FloatArray:
    if not drawn.drawable:
        return np.full((drawn.resamples, m), np.nan)
    return np.concatenate(
        [fit(weighted(taken, by_unit.T).reshape(-1, m, m), ridge) for taken in drawn.batches()]
    )


def _lacking(wins: FloatArray, names: tuple[Any, ...], ridge: float) -> str | None:
    """Why there is no finite maximum: the first method that is cut off, and how."""
    if len(names) == 0:
        return "no comparison"
    if ridge > 0 or connected(wins[None])[0]:
        return None
    reached = _reached(wins[None])[0]
    # Of the groups that beat each other in a circle, one at least is beaten by no other group.
    top = next(group for group in reached & reached.T if not reached[~group][:, group].any())
    inside = ", ".join(str(name) for name, member in zip(names, top, strict=True) if member)
    how = "lost nothing to" if reached[top][:, ~top].any() else "was never compared with"
    return f"not strongly connected: {inside} {how} the other methods"
