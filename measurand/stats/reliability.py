"""How reliable is the score of a scale: alpha, lambda-6, omega, each with an honest interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from measurand.errors import InputError
from measurand.stats import coefficients
from measurand.stats.arrays import LARGEST, AnyArray, BoolArray, FloatArray, numbers, same_length
from measurand.stats.estimate import Estimate
from measurand.stats.factor import minres, omega_total
from measurand.stats.resample import plan
from measurand.stats.scale_sample import STRUCTURE, SUMS, ScaleSample, alpha_only, figures

MAX_ITEMS = 1000
MIN_ITEMS_M3 = 7
#: Figures of a scale: fields of ``ScaleReliability`` and what readers call them.
FIGURES = {
    "alpha": "alpha, t interval",
    "alpha_feldt": "alpha, Feldt interval",
    "alpha_standardised": "alpha, standardised",
    "lambda6": "lambda-6",
    "omega_m1": "omega total, 1 factor",
    "omega_m3": "omega total, 3 factors",
    "omega_flip": "omega total, items flipped",
}


@dataclass(frozen=True)
class ScaleReliability:
    """The reliability of one scale.

    Attributes:
        n: rows with at least one answer.
        n_complete: rows with every answer.
        k: items.
        missing: the rule: ``pairwise`` (alpha from all pairs that meet; lambda-6 and the omegas
            from complete rows) or ``listwise`` (all from complete rows).
        alpha: raw Cronbach's alpha; jackknife over clusters if there are any, else over rows.
        alpha_iid: the same with a jackknife over rows: too narrow where rows share a cluster.
        alpha_feldt: the same with Feldt's analytic interval, for independent normal rows.
        alpha_standardised: alpha of the correlations.
        lambda6: Guttman's lambda-6.
        omega_m1: omega total of one factor on the items as keyed: the primary omega.
        omega_m3: omega total of three factors, from seven items on.
        omega_flip: omega total after reversing items that load negatively, as ``psych::omega``
            does unasked; far above ``omega_m1`` where the keys do not hold. Where items share
            nothing it feeds on chance, in resamples more so than in the data: its interval may
            then lie above it.
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
    use = full if missing == "listwise" else some
    sample = partial(_sample, answers, resamples=resamples, seed_words=seed_words)
    wide = sample(use, clusters)
    if wide.complete:
        whole, found = wide, figures(wide, SUMS + STRUCTURE)
    else:
        whole = sample(full, clusters)
        found = figures(wide, SUMS) | figures(whole, STRUCTURE)
    deleted, rest = _by_item(wide)
    return ScaleReliability(
        n=int(some.sum()),
        n_complete=int(full.sum()),
        k=answers.shape[1],
        missing=missing,
        alpha_iid=found["alpha"]
        if clusters is None
        else alpha_only(sample(use, None, factor=False)),
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
    return alpha_only(
        _sample(answers, use, clusters, resamples=resamples, seed_words=seed_words, factor=False)
    )


def _rows(
    x: AnyArray, clusters: AnyArray | None, missing: str
) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Checked answers, which rows are complete, and which have any answer."""
    answers = numbers(x, 2, "x", missing=True, largest=LARGEST)
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
    *,
    resamples: int,
    seed_words: Sequence[str | int],
    factor: bool = True,
) -> ScaleSample:
    by = None if clusters is None else clusters[rows]
    return ScaleSample(
        answers[rows], plan(int(rows.sum()), by, resamples, seed_words), factor=factor
    )


def _feldt(sample: ScaleSample, alpha: Estimate) -> Estimate:
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


def _omega_m3(sample: ScaleSample) -> Estimate:
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


def _n_flipped(sample: ScaleSample) -> int | None:
    return None if sample.fit is None else int((sample.fit.loadings[0] < 0).sum())


def _by_item(sample: ScaleSample) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
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
