"""What trained policies prefer on held-out pairs, and whether they are as sure as the labels.

A pair is stored with its preferred response first. Accuracy asks whether the policy prefers it too;
ties of the label have no winner and are left out. Figures of calibration see every pair both ways
round: a pair that is always turned to its winner would make any policy look too doubtful.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import polars as pl

from evaluators.soft_labels.context import (
    FloatArray,
    IntArray,
    Material,
    alpha_over,
    items_of,
    mean_of,
    numbers_of,
    share_of,
)
from evaluators.soft_labels.labelling import BIN_NAMES
from measurand.results import Rows
from measurand.statistics import described
from measurand.stats.calibration import brier, calibration_error, log_loss, recalibration
from measurand.stats.estimate import Estimate, undefined
from pipelines.soft_labels.labels import bin_of
from schemas.soft_labels.params import Run

TERCILES = ("low", "middle", "high")
"""Thirds of the held-out pairs of a set by how sure their label is."""
MATCHED_WORDS = 2
"""Responses whose lengths differ by no more are of matched length."""
NEAR_TIE = 0.6
SEED_NOTE = "no interval: one seed"


def heldout_rows(material: Material) -> Rows:
    """Statistics of every run, all seeds together.

    ``accuracy`` (of all pairs, by ``tercile``, by ``bin`` of the label, in ``length`` matched
    pairs, and by ``seed``), ``accuracy_seeds`` (interval over seeds), ``brier``, ``nll``,
    ``nll_excess``, ``ece``, ``ece_squared``, ``calibration_slope``, ``margin`` (mean h),
    ``absolute_u``, ``near_tie_u``, ``displacement_1`` and ``displacement_2`` (mean log-ratio of the
    preferred and of the other response). The reliability beside means over pairs is that of a
    pair's mean over training seeds; ``seed_alpha`` is it by itself, ``of`` the measure.
    """
    for run, own in material.runs():
        parts = {"run": run.id}
        own = _placed(own)
        yield from _accuracies(material, parts, own)
        yield from _calibration(material, parts, own)
        items, u = items_of(own), np.abs(numbers_of(own, "u"))
        for metric, values, low in (
            ("margin", numbers_of(own, "h"), -inf),
            ("displacement_1", numbers_of(own, "logratio_1"), -inf),
            ("displacement_2", numbers_of(own, "logratio_2"), -inf),
            ("absolute_u", u, 0.0),
        ):
            found = mean_of(values, items, low)
            yield from _repeated(material, metric, parts, own, values, found)
        yield material.row("near_tie_u", parts, _near_tie(u, numbers_of(own, "p")))


def tercile_edges(material: Material, run: Run) -> tuple[float, float] | None:
    """Labels at which the middle and the high third of a run's held-out pairs begin."""
    own = material.scores.filter(run_id=run.id).unique("pair_id").filter(pl.col("p") > 0.5)
    if own.is_empty():
        return None
    return _edges(np.sort(numbers_of(own, "p")))


def correct(rows: pl.DataFrame) -> FloatArray:
    """1 where the policy prefers the preferred response, a half where it cannot tell."""
    u = numbers_of(rows, "u")
    right: FloatArray = np.where(u == 0, 0.5, (u > 0).astype(np.float64))
    return right


def with_winner(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of pairs whose label has a winner, with their ``tercile``."""
    return _placed(rows).filter(pl.col("p") > 0.5)


def by_seed(values: FloatArray, seeds: IntArray, low: float = -inf, high: float = inf) -> Estimate:
    """Mean over seeds of the seeds' means, with Student's t over seeds."""
    means = by_seed_means(values, seeds)
    found = mean_of(means, None, low, high)
    if len(means) == 1:
        return Estimate(found.value, method="mean over seeds", n=1, reason=SEED_NOTE)
    return replace(found, scope="method")


def by_seed_means(values: FloatArray, seeds: IntArray) -> FloatArray:
    """Means of the values of each seed, seeds ascending."""
    return np.array([values[seeds == seed].mean() for seed in np.unique(seeds)])


def both_ways(rows: pl.DataFrame) -> tuple[FloatArray, FloatArray, IntArray]:
    """(h, p, items) of every pair, and of the same pair turned round."""
    h, p, items = numbers_of(rows, "h"), numbers_of(rows, "p"), items_of(rows)
    return np.concatenate([h, -h]), np.concatenate([p, 1 - p]), np.concatenate([items, items])


def _placed(own: pl.DataFrame) -> pl.DataFrame:
    """Rows with the ``tercile`` and the ``bin`` of their label; none for ties' tercile."""
    p = numbers_of(own, "p")
    sided = np.sort(numbers_of(own.unique("pair_id").filter(pl.col("p") > 0.5), "p"))
    low, high = _edges(sided) if len(sided) else (1.0, 1.0)
    third = np.where(p >= high, TERCILES[2], np.where(p >= low, TERCILES[1], TERCILES[0]))
    return own.with_columns(
        pl.Series("tercile", third.tolist(), pl.String),
        pl.Series("bin", [BIN_NAMES[bin_of(value)] for value in p], pl.String),
    )


def _edges(ordered: FloatArray) -> tuple[float, float]:
    n = len(ordered)
    return float(ordered[n // 3]), float(ordered[2 * n // 3])


def _repeated(
    material: Material,
    metric: str,
    parts: dict[str, str],
    rows: pl.DataFrame,
    values: FloatArray,
    estimate: Estimate,
) -> Rows:
    alpha = alpha_over(["seed"], rows, values)
    yield from material.scored(parts, {metric: estimate}, "seed_alpha", alpha)


def _accuracies(material: Material, parts: dict[str, str], own: pl.DataFrame) -> Rows:
    sided = own.filter(pl.col("p") > 0.5)
    yield from _accuracy(material, parts, sided)
    if not sided.is_empty():
        seeds, right = sided["seed"].to_numpy(), correct(sided)
        alpha = alpha_over(["seed"], sided, right).value
        yield material.row("accuracy_seeds", parts, by_seed(right, seeds, 0.0, 1.0), alpha)
        for seed in np.unique(seeds).tolist():
            one = sided.filter(seed=seed)
            found = share_of(correct(one), items_of(one))
            yield material.row("accuracy", {**parts, "seed": str(seed)}, found)
    for column, names in (("tercile", TERCILES), ("bin", BIN_NAMES)):
        for name in names:
            part = sided.filter(pl.col(column) == name)
            yield from _accuracy(material, {**parts, column: name}, part)
    apart = (pl.col("n_words_1") - pl.col("n_words_2")).abs() <= MATCHED_WORDS
    yield from _accuracy(material, {**parts, "length": "matched"}, sided.filter(apart))


def _accuracy(material: Material, parts: dict[str, str], rows: pl.DataFrame) -> Rows:
    right = correct(rows)
    found = share_of(right, items_of(rows))
    yield from _repeated(material, "accuracy", parts, rows, right, found)


def _calibration(material: Material, parts: dict[str, str], own: pl.DataFrame) -> Rows:
    from scipy.special import entr, expit

    h, p, items = numbers_of(own, "h"), numbers_of(own, "p"), items_of(own)
    loss = np.logaddexp(0, h) - p * h
    excess = loss - entr(p) - entr(1 - p)
    for metric, values, found in (
        ("brier", np.square(expit(h) - p), brier(expit(h), p, items)),
        ("nll", loss, log_loss(h, p, items)),
        ("nll_excess", excess, log_loss(h, p, items, excess=True)),
    ):
        yield from _repeated(material, metric, parts, own, values, found)
    h, p, items = both_ways(own)
    for metric, debiased in (("ece", False), ("ece_squared", True)):
        error = calibration_error(
            expit(h),
            p,
            debiased=debiased,
            by=items,
            resamples=material.resamples,
            seed_words=material.words(metric, parts["run"]),
        )
        yield material.row(metric, parts, replace(error, n=own.height))
    slope = recalibration(
        h,
        p,
        by=items,
        resamples=material.resamples,
        seed_words=material.words("calibration_slope", parts["run"]),
    ).slope
    yield material.row("calibration_slope", parts, replace(slope, n=own.height))


def _near_tie(u: FloatArray, p: FloatArray) -> Estimate:
    """Largest |u| of near-ties: the losses that divide by 2p - 1 drive these furthest."""
    near = u[p < NEAR_TIE]
    if len(near) == 0:
        return undefined(f"no label below {NEAR_TIE:g}", n=0)
    why = "the largest of these weights on these pairs"
    return described(float(near.max()), why, n=len(near))
