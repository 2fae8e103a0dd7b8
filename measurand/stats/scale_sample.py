"""The rows behind a scale's coefficients, and every coefficient of them in every resample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from measurand.stats import coefficients
from measurand.stats.arrays import SMALLEST_SPREAD, BoolArray, FloatArray
from measurand.stats.covariance import correlation, covariance, resampled_covariances
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.factor import OneFactor, first_guess, one_factor
from measurand.stats.jackknife import REST, leaving_out, student_t
from measurand.stats.resample import Plan

FLAT = 1e-9
"""Below this share of its variance in the data an item counts as constant in a resample."""

SUMS = ("alpha", "alpha_standardised")
STRUCTURE = ("lambda6", "omega_m1", "omega_flip")
NAMES = {
    "alpha": "Cronbach's alpha",
    "alpha_standardised": "standardised alpha",
    "lambda6": "Guttman's lambda-6",
    "omega_m1": "omega total, one factor",
    "omega_flip": "omega total, one factor, negatively loading items reversed",
}


class ScaleSample:
    """The rows behind one group of coefficients: their covariances, factor and resampling."""

    def __init__(self, x: FloatArray, drawn: Plan, *, factor: bool = True) -> None:
        self.x, self.drawn = x, leaving_out(drawn)
        self.n, self.k = x.shape
        seen = ~np.isnan(x)
        self.complete = bool(seen.all())
        highest = np.where(seen, x, -np.inf).max(axis=0, initial=-np.inf)
        lowest = np.where(seen, x, np.inf).min(axis=0, initial=np.inf)
        self.constant = np.flatnonzero(~(highest - lowest > SMALLEST_SPREAD))
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
            return f"{len(self.constant)} of {self.k} items never vary"
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
            fit = one_factor(r, self.fit.loadings[0])
        out = np.full((len(cov), len(figures)), np.nan)
        for i, figure in enumerate(figures):
            if figure.startswith("alpha"):
                out[:, i] = coefficients.alpha(cov if figure == "alpha" else r)
            elif figure == "lambda6":
                out[:, i] = coefficients.lambda6(r) if self.n > self.k else np.nan
            elif fit is not None:
                omega = coefficients.omega_m1 if figure == "omega_m1" else coefficients.omega_flip
                out[:, i] = omega(r, fit)
        return out

    def replicates(self, figures: Sequence[str]) -> FloatArray:
        """(B, figures) coefficients of the resamples, NaN where undefined.

        Where an item does not vary in a resample, figures made of correlations are undefined
        there; raw alpha is not, since it is made of covariances.
        """
        drawn = self.drawn
        if not drawn.drawable:
            return np.full((drawn.resamples, len(figures)), np.nan)
        floor = FLAT * np.diag(self.cov)
        blocks = []
        for cov in resampled_covariances(self.x, drawn):
            flat: BoolArray = np.any(np.diagonal(cov, axis1=1, axis2=2) <= floor, axis=1)
            r = correlation(np.where(flat[:, None, None], np.nan, cov))
            blocks.append(self.columns(figures, cov, r))
        return np.concatenate(blocks)


def figures(sample: ScaleSample, figures: Sequence[str]) -> dict[str, Estimate]:
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
            out[figure] = student_t(float(value), column, sample.drawn, method=method, scale=REST)
        else:
            reason = sample.lacking(figure) or _degenerate(figure, sample)
            out[figure] = sample.undefined(NAMES[figure], reason)
    return out


def _degenerate(figure: str, sample: ScaleSample) -> str:
    total = float(sample.r.sum() if figure != "alpha" else sample.cov.sum())
    if figure == "lambda6" and total > 1e-9 * sample.k:
        return "the correlation matrix is singular or nearly so: an item repeats others"
    return "the sum of the items does not vary"


def _heywood(fit: OneFactor | None, figure: str) -> str:
    at_bound = figure.startswith("omega") and fit is not None and bool(fit.heywood[0])
    return ", a uniqueness at its bound .005 (Heywood case)" if at_bound else ""


def alpha_only(sample: ScaleSample) -> Estimate:
    """Alpha alone: where nothing is missing, sums of squares are all that is resampled."""
    drawn = sample.drawn
    if sample.problem is not None or not sample.complete or not drawn.drawable:
        return figures(sample, ("alpha",))["alpha"]
    value = float(coefficients.alpha(sample.cov))
    if not np.isfinite(value):
        return sample.undefined(NAMES["alpha"], _degenerate("alpha", sample))
    z = sample.x - sample.x.mean(axis=0)
    parts = np.column_stack([z, z.sum(axis=1)]).T
    moments = drawn.resampled_sums(np.vstack([np.ones(sample.n), parts, parts**2]))
    n, first, second = np.split(moments, [1, sample.k + 2], axis=1)
    variance = (second - first**2 / n) / n
    items, total = variance[:, :-1].sum(axis=1), variance[:, -1]
    replicates = coefficients.alpha_of_variances(items, total, sample.k)
    method = f"{NAMES['alpha']}; complete rows"
    return student_t(value, replicates, drawn, method=method, scale=REST)
