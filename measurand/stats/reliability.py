"""How reliable is the score of a scale: alpha, lambda-6, omega, each with an honest interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from measurand.errors import InputError
from measurand.stats import coefficients
from measurand.stats.arrays import AnyArray, BoolArray, FloatArray, numbers, same_length
from measurand.stats.covariance import correlation, covariance, resampled_covariances
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.factor import OneFactor, first_guess, minres, omega_total, one_factor
from measurand.stats.resample import Plan, percentile, plan

MAX_ITEMS = 1000
MIN_ITEMS_M3 = 7
REPLICATE_TOLERANCE = 1e-5
FLAT = 1e-9
"""Below this share of its variance in the data an item counts as constant in a resample."""


@dataclass(frozen=True)
class ScaleReliability:
    """The reliability of one scale.

    Attributes:
        n: rows with at least one answer.
        n_complete: rows with every answer.
        k: items.
        missing: the rule: ``pairwise`` (alpha from all pairs that meet; lambda-6 and the omegas
            from complete rows) or ``listwise`` (all from complete rows).
        alpha: raw Cronbach's alpha; bootstrap over clusters if there are any, else over rows.
        alpha_iid: the same with a bootstrap over rows: too narrow where rows share a cluster.
        alpha_feldt: the same with Feldt's analytic interval, for independent normal rows.
        alpha_standardised: alpha of the correlations.
        lambda6: Guttman's lambda-6.
        omega_m1: omega total of one factor on the items as keyed: the primary omega.
        omega_m3: omega total of three factors, from seven items on.
        omega_flip: omega total after reversing items that load negatively, as ``psych::omega``
            does unasked; far above ``omega_m1`` where the keys do not hold.
        n_flipped: how many items that reverses; None where the omegas are undefined.
        alpha_if_deleted: alpha without each item, None where undefined.
        item_rest: correlation of each item with the sum of the others, None where undefined.
        constant_items: positions of items that never vary.
    """

    n: int
    n_complete: int
    k: int
    missing: str
    alpha: Estimate
    alpha_iid: Estimate
    alpha_feldt: Estimate
    alpha_standardised: Estimate
    lambda6: Estimate
    omega_m1: Estimate
    omega_m3: Estimate
    omega_flip: Estimate
    n_flipped: int | None
    alpha_if_deleted: tuple[float | None, ...]
    item_rest: tuple[float | None, ...]
    constant_items: tuple[int, ...]


def scale_reliability(
    x: AnyArray,
    *,
    clusters: AnyArray | None = None,
    missing: Literal["pairwise", "listwise"] = "pairwise",
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> ScaleReliability:
    """Reliability of a scale from the keyed answers to its items.

    Checked against R ``psych`` 2.2.9 (``alpha``, ``omega``) and pingouin's ``cronbach_alpha``.

    Args:
        x: (n, k) answers, already keyed so that high means high on the scale; NaN = missing.
        clusters: (n,) unit of independent sampling that each row belongs to.
        missing: what to do with missing answers.
        resamples: bootstrap resamples B; 0 for no intervals.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, infinite values, no or more than 1000 items, an unknown missing
            rule, or too few resamples.
    """
    answers, full, some = _rows(x, clusters, missing)

    def sample(rows: BoolArray, by: AnyArray | None) -> _Sample:
        return _sample(answers, rows, by, resamples, seed_words)

    use = full if missing == "listwise" else some
    wide = sample(use, clusters)
    if wide.complete:
        whole, found = wide, _figures(wide, SUMS + STRUCTURE)
    else:
        whole = sample(full, clusters)
        found = _figures(wide, SUMS) | _figures(whole, STRUCTURE)
    deleted, rest = _by_item(wide)
    return ScaleReliability(
        n=int(some.sum()),
        n_complete=int(full.sum()),
        k=answers.shape[1],
        missing=missing,
        alpha_iid=found["alpha"] if clusters is None else _alpha_only(sample(use, None)),
        alpha_feldt=_feldt(wide, found["alpha"]),
        omega_m3=_omega_m3(whole),
        n_flipped=_n_flipped(whole),
        alpha_if_deleted=deleted,
        item_rest=rest,
        constant_items=tuple(int(j) for j in wide.constant),
        **found,
    )


def cronbach_alpha(
    x: AnyArray,
    *,
    clusters: AnyArray | None = None,
    missing: Literal["pairwise", "listwise"] = "pairwise",
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> Estimate:
    """Cronbach's alpha alone, equal to ``scale_reliability(...).alpha`` and much faster.

    Takes and raises what :func:`scale_reliability` does.
    """
    answers, full, some = _rows(x, clusters, missing)
    use = full if missing == "listwise" else some
    return _alpha_only(_sample(answers, use, clusters, resamples, seed_words, factor=False))


def _rows(
    x: AnyArray, clusters: AnyArray | None, missing: str
) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Checked answers, which rows are complete, and which have any answer."""
    answers = numbers(x, 2, "x", missing=True)
    n, k = answers.shape
    if not 1 <= k <= MAX_ITEMS:
        raise InputError(
            f"a scale of {k} items", hint=f"give 1 to {MAX_ITEMS}; split the table into scales"
        )
    if missing not in ("pairwise", "listwise"):
        raise InputError(f"unknown missing rule {missing!r}", hint="pairwise or listwise")
    if clusters is not None:
        same_length(n, clusters=clusters)
    seen = ~np.isnan(answers)
    return answers, np.all(seen, axis=1), np.any(seen, axis=1)


def _sample(
    answers: FloatArray,
    rows: BoolArray,
    clusters: AnyArray | None,
    resamples: int,
    seed_words: Sequence[str | int],
    *,
    factor: bool = True,
) -> _Sample:
    by = None if clusters is None else clusters[rows]
    return _Sample(answers[rows], plan(int(rows.sum()), by, resamples, seed_words), factor=factor)


SUMS = ("alpha", "alpha_standardised")
STRUCTURE = ("lambda6", "omega_m1", "omega_flip")
NAMES = {
    "alpha": "Cronbach's alpha",
    "alpha_standardised": "standardised alpha",
    "lambda6": "Guttman's lambda-6",
    "omega_m1": "omega total, one factor",
    "omega_flip": "omega total, one factor, negatively loading items reversed",
}


class _Sample:
    """The rows behind one group of coefficients: their covariances, factor and resampling."""

    def __init__(self, x: FloatArray, drawn: Plan, *, factor: bool = True) -> None:
        self.x, self.drawn = x, drawn
        self.n, self.k = x.shape
        seen = ~np.isnan(x)
        self.complete = bool(seen.all())
        highest = np.where(seen, x, -np.inf).max(axis=0, initial=-np.inf)
        lowest = np.where(seen, x, np.inf).min(axis=0, initial=np.inf)
        self.constant = np.flatnonzero(~(highest > lowest))
        self.cov = covariance(x)
        self.r = correlation(self.cov)
        self.problem = self._problem()
        self.fit = self._fit() if factor else None

    def _problem(self) -> str | None:
        """Why no coefficient at all is defined, or None."""
        rows = "complete rows" if self.complete else "rows"
        if self.n < 2:
            return f"{self.n} {rows}, at least 2 needed"
        if self.k < 2:
            return "one item, at least 2 needed"
        if len(self.constant):
            return f"items that never vary, at positions {', '.join(map(str, self.constant))}"
        if np.isnan(self.cov).any():
            return "some pairs of items were answered together fewer than twice"
        return None

    def _fit(self) -> OneFactor | None:
        if self.problem is not None or not self.complete or self.k < 3:
            return None
        fit = one_factor(self.r[None], first_guess(self.r))
        return fit if bool(fit.converged[0]) else None

    def lacking(self, figure: str) -> str | None:
        """Why this figure is undefined, or None where it is not known to be."""
        if self.problem is not None:
            return self.problem
        if figure == "lambda6" and self.n <= self.k:
            return f"{self.n} complete rows for {self.k} items, more rows than items needed"
        if figure.startswith("omega") and self.k < 3:
            return "fewer than 3 items: one factor is not identified"
        if figure.startswith("omega") and self.fit is None:
            return "the one-factor solution did not converge"
        return None

    def undefined(self, method: str, reason: str) -> Estimate:
        """No figure from these rows."""
        clusters = None if self.drawn.units is None else self.drawn.n_units
        return undefined(reason, method=method, n=self.n, n_clusters=clusters)

    def columns(self, figures: Sequence[str], cov: FloatArray, r: FloatArray) -> FloatArray:
        """(b, figures) coefficients of a batch of matrices, NaN where undefined."""
        fit = None
        if self.fit is not None and "omega_m1" in figures:
            fit = one_factor(r, self.fit.loadings[0], tolerance=REPLICATE_TOLERANCE)
        out = np.full((len(cov), len(figures)), np.nan)
        for i, figure in enumerate(figures):
            if figure.startswith("alpha"):
                out[:, i] = coefficients.alpha(cov if figure == "alpha" else r)
            elif figure == "lambda6" and self.n > self.k:
                out[:, i] = coefficients.lambda6(r)
            elif fit is not None:
                omega = coefficients.omega_m1 if figure == "omega_m1" else coefficients.omega_flip
                out[:, i] = omega(r, fit)
        return out

    def replicates(self, figures: Sequence[str]) -> FloatArray:
        """(B, figures) coefficients of the resamples; NaN where an item does not vary in one."""
        drawn = self.drawn
        if not drawn.drawable:
            return np.full((drawn.resamples, len(figures)), np.nan)
        floor = FLAT * np.diag(self.cov)
        blocks = []
        for cov in resampled_covariances(self.x, drawn):
            cov[(np.diagonal(cov, axis1=1, axis2=2) <= floor).any(axis=1)] = np.nan
            blocks.append(self.columns(figures, cov, correlation(cov)))
        return np.concatenate(blocks)


def _figures(sample: _Sample, figures: Sequence[str]) -> dict[str, Estimate]:
    """Bootstrapped estimates of some coefficients of one sample, by name."""
    if sample.problem is not None:
        return {f: sample.undefined(NAMES[f], sample.problem) for f in figures}
    values = sample.columns(figures, sample.cov[None], sample.r[None])[0]
    replicates = sample.replicates(figures)
    rows = "complete rows" if sample.complete else "pairwise covariances"
    out = {}
    for figure, value, column in zip(figures, values, replicates.T, strict=True):
        if np.isfinite(value):
            method = f"{NAMES[figure]}; {rows}{_heywood(sample.fit, figure)}"
            out[figure] = percentile(float(value), column, sample.drawn, method=method)
        else:
            reason = sample.lacking(figure) or _degenerate(figure, sample)
            out[figure] = sample.undefined(NAMES[figure], reason)
    return out


def _degenerate(figure: str, sample: _Sample) -> str:
    total = float(sample.r.sum() if figure != "alpha" else sample.cov.sum())
    if figure == "lambda6" and total > 1e-9 * sample.k:
        return "the correlation matrix is singular or nearly so: an item repeats others"
    return "the sum of the items does not vary"


def _heywood(fit: OneFactor | None, figure: str) -> str:
    at_bound = figure.startswith("omega") and fit is not None and bool(fit.heywood[0])
    return ", a uniqueness at its bound .005 (Heywood case)" if at_bound else ""


def _alpha_only(sample: _Sample) -> Estimate:
    """Alpha alone: where nothing is missing, sums of squares are all that is resampled."""
    drawn = sample.drawn
    if sample.problem is not None or not sample.complete or not drawn.drawable:
        return _figures(sample, ("alpha",))["alpha"]
    value = float(coefficients.alpha(sample.cov))
    if not np.isfinite(value):
        return sample.undefined(NAMES["alpha"], _degenerate("alpha", sample))
    z = sample.x - sample.x.mean(axis=0)
    parts = np.column_stack([z, z.sum(axis=1)]).T
    moments = drawn.resampled_sums(np.vstack([np.ones(sample.n), parts, parts**2]))
    n, first, second = np.split(moments, [1, sample.k + 2], axis=1)
    variance = (second - first**2 / n) / n
    flat = (variance[:, :-1] <= FLAT * np.diag(sample.cov)).any(axis=1)
    items, total = variance[:, :-1].sum(axis=1), variance[:, -1]
    replicates = np.where(flat, np.nan, coefficients.alpha_of_variances(items, total, sample.k))
    return percentile(value, replicates, drawn, method=f"{NAMES['alpha']}; complete rows")


def _feldt(sample: _Sample, alpha: Estimate) -> Estimate:
    """Feldt's interval: (1 - true alpha) / (1 - alpha) follows F(n - 1, (n - 1)(k - 1)).

    Source: Feldt, Woodruff & Salih (1987), Applied Psychological Measurement 11, 93-103.
    """
    from scipy.special import fdtri

    if alpha.value is None:
        return sample.undefined("Cronbach's alpha; Feldt interval", alpha.reason or "")
    value, n, k = alpha.value, sample.n, sample.k
    low, high, lower, upper = (
        1 - (1 - value) * float(fdtri(n - 1, (n - 1) * (k - 1), p))
        for p in (0.975, 0.025, 0.95, 0.05)
    )
    return Estimate(
        value,
        ci_lo=low,
        ci_hi=high,
        lower=lower,
        upper=upper,
        method="Cronbach's alpha; Feldt interval, rows taken as independent and normal",
        n=n,
    )


def _omega_m3(sample: _Sample) -> Estimate:
    name = "omega total, three factors"
    if sample.problem is not None:
        return sample.undefined(name, sample.problem)
    if sample.k < MIN_ITEMS_M3:
        return sample.undefined(name, f"three factors need at least {MIN_ITEMS_M3} items")
    found = minres(sample.r, 3)
    value = float(omega_total(sample.r, found.uniquenesses))
    if not found.converged:
        return sample.undefined(name, "the three-factor solution did not converge")
    if not np.isfinite(value):
        return sample.undefined(name, "the sum of the items does not vary")
    bound = ", a uniqueness at its bound .005 (Heywood case)" if found.heywood else ""
    return Estimate(
        value,
        method=f"{name}; complete rows{bound}",
        n=sample.n,
        n_clusters=None if sample.drawn.units is None else sample.drawn.n_units,
        reason="no interval: three factors are fitted to the data only, not to resamples",
    )


def _n_flipped(sample: _Sample) -> int | None:
    return None if sample.fit is None else int((sample.fit.loadings[0] < 0).sum())


def _by_item(sample: _Sample) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    """Alpha without each item, and its correlation with the others' sum; None where undefined."""
    k, constant = sample.k, set(sample.constant.tolist())
    nothing: tuple[float | None, ...] = (None,) * k
    if sample.n < 2 or k < 2:
        return nothing, nothing
    rest = coefficients.item_rest(sample.cov)
    if k < 3:
        return nothing, tuple(_or_none(r) for r in rest)
    deleted = coefficients.alpha_if_deleted(sample.cov)
    return (
        tuple(None if constant - {j} else _or_none(a) for j, a in enumerate(deleted)),
        tuple(_or_none(r) for r in rest),
    )


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
