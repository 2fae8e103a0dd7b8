"""What a measured score leaves open about the true one: the score over all items like these.

A law has ``below(x)``, the probability that the true score lies below x, and ``nodes()``, values
and weights that stand for it in a sum. Both are formulas: nothing is drawn, no seed is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, codes, numbers
from measurand.stats.means import cluster_mean

Kind = Literal["exact", "beta", "student"]
NODES = 40
"""Gauss-Legendre nodes in probability."""


@dataclass(frozen=True)
class TrueScore:
    """Law of a true score.

    Attributes:
        value: the measured score.
        kind: ``exact``: taken as free of error; ``beta``: of a score between 0 and 1;
            ``student``: value plus error times Student's t.
        a: first shape of the Beta law, or the standard error.
        b: second shape of the Beta law, or the degrees of freedom.
        n: items.
        n_clusters: independent units behind them; None where items are.
    """

    value: float
    kind: Kind
    a: float = 0.0
    b: float = 0.0
    n: int | None = None
    n_clusters: int | None = None

    def below(self, x: FloatArray) -> FloatArray:
        """Probability that the true score lies below each x; half at an exact score itself."""
        from scipy.special import betainc, stdtr

        if self.kind == "beta":
            found: FloatArray = betainc(self.a, self.b, np.clip(x, 0.0, 1.0))
        elif self.kind == "student":
            found = stdtr(self.b, (x - self.value) / self.a)
        else:
            found = (np.sign(x - self.value) + 1.0) / 2
        return found

    def nodes(self) -> tuple[FloatArray, FloatArray]:
        """Quantiles at Gauss-Legendre nodes and their weights: the mean of f is ``w @ f(x)``."""
        from scipy.special import betaincinv, stdtrit

        if self.kind == "exact":
            return np.array([self.value]), np.ones(1)
        u, weights = gauss_legendre()
        if self.kind == "beta":
            found: FloatArray = betaincinv(self.a, self.b, u)
        else:
            found = self.value + self.a * stdtrit(self.b, u)
        return found, weights


def gauss_legendre() -> tuple[FloatArray, FloatArray]:
    """Nodes between 0 and 1 and weights that sum to 1."""
    at, weights = np.polynomial.legendre.leggauss(NODES)
    return (at + 1) / 2, weights / 2


def exact_score(value: float) -> TrueScore:
    """A score of which no error is known: whatever is made of it lacks that error."""
    return TrueScore(value, "exact")


def score_with_error(value: float, se: float, df: float = 1e6) -> TrueScore:
    """A finished score with a standard error, such as an examination states.

    Raises:
        InputError: the error is not positive.
    """
    if not se > 0:
        raise InputError(f"standard error {se}", hint="give a positive one, or none")
    return TrueScore(value, "student", se, df)


def mean_score(
    values: AnyArray, clusters: AnyArray | None = None, *, se_more: float = 0.0
) -> TrueScore:
    """Law of the mean over all items of which these are a sample.

    Between 0 and 1 it is Jeffreys' Beta law, of the items where they are independent and 0 or 1,
    else of the effective number of items m (1 - m) / se^2, with the cluster-robust error and
    Korn & Graubard's (1998, Survey Methodology 24, 193-201) correction for few clusters; where
    nothing varies, of the number of clusters. Any other range has Student's t.

    Args:
        values: (n,) a score an item, repeats averaged before.
        clusters: (n,) unit of independent sampling of each item.
        se_more: error of the mean that no sampling of items makes, such as that of the runs; it is
            independent of theirs.

    Raises:
        InputError: no values, or outside 0..1 fewer than two units or none that differ.
    """
    x = numbers(values, 1, "values")
    if not len(x):
        raise InputError("a score of no items", hint="leave the task out, or name why it is empty")
    n = len(x)
    units = n if clusters is None else codes(clusters, n)[1]
    shown = None if clusters is None else units
    within = float(x.min()) >= 0 and float(x.max()) <= 1
    m = float(x.mean())
    if within and units == n and not se_more and np.isin(x, (0.0, 1.0)).all():
        k = float(x.sum())
        return TrueScore(m, "beta", k + 0.5, n - k + 0.5, n, shown)
    se = cluster_mean(x, clusters).se
    if se_more:
        se = float(np.hypot(se or 0.0, se_more))
    if within:
        size = _effective(m, se, n, units)
        return TrueScore(m, "beta", m * size + 0.5, (1 - m) * size + 0.5, n, shown)
    if not se:
        raise InputError(
            f"{n} scores in {units} units that do not vary: no error can be known",
            hint="give scores between 0 and 1, or a finished score with its error",
        )
    return TrueScore(m, "student", se, units - 1, n, shown)


def _effective(m: float, se: float | None, n: int, units: int) -> float:
    """Independent 0/1 items that would have this error."""
    from scipy.special import stdtrit

    if not se or units < 2 or not 0 < m < 1:
        return float(units)
    few = (stdtrit(max(n - 1, 1), 0.975) / stdtrit(units - 1, 0.975)) ** 2
    return float(min(m * (1 - m) / se**2, 1e9) * few)
