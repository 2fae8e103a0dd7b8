"""Do more trainings narrow the intervals as they should?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from evaluators.value_functions.context import FloatArray, Material
from evaluators.value_functions.figures import SYSTEM, difference
from measurand.results import Rows
from measurand.statistics import exact, statistic_row
from measurand.stats.crossed import components
from measurand.stats.means import cluster_mean
from measurand.stats.resample import rng_for
from measurand.stats.trainings import mean_over_trainings
from schemas.value_functions.params import BASELINE, LOSSES, Run

DRAWS = 100
"""Tables that are drawn to say what is expected of one."""
FEWEST = 4
"""Trainings whose halves still have an interval."""


def narrowing_rows(material: Material) -> Rows:
    """``narrowing`` of a loss: half-width with half of the trainings over that with all of them.

    Of differences in score from squared error; the geometric mean over runs, its interval over
    their sources, since runs on one source share its items. ``narrowing_expected`` is the same of
    normal tables that have each run's own components of variance
    (:func:`measurand.stats.crossed.components`), drawn from a seed.
    """
    seed, confidence = material.params.evaluate.seed, material.params.report.confidence
    for loss in LOSSES:
        seen = [
            (ratio, run, table)
            for run, table in _tables(material, loss)
            if (ratio := log_ratio(table, confidence)) is not None
        ]
        if not seen:
            continue
        names = sorted({run.source for _, run, _ in seen})
        sources = np.array([names.index(run.source) for _, run, _ in seen])
        logs = np.array([ratio for ratio, _, _ in seen])
        found = cluster_mean(logs, sources, confidence=confidence)
        assert found.value is not None
        ends = [None if end is None else math.exp(end) for end in (found.ci_lo, found.ci_hi)]
        told = replace(
            found,
            value=math.exp(found.value),
            ci_lo=ends[0],
            ci_hi=ends[1],
            se=None,
            method=f"geometric mean over runs; {found.method} of logs",
        )
        parts = {"over": BASELINE}
        yield statistic_row(SYSTEM, loss, "narrowing", parts, told)
        drawn = [
            expected(table, confidence, (SYSTEM, seed, "narrowing", loss, run.id))
            for _, run, table in seen
        ]
        wanted = math.exp(float(np.mean(drawn)))
        yield statistic_row(SYSTEM, loss, "narrowing_expected", parts, exact(wanted))


def _tables(material: Material, loss: str) -> Iterator[tuple[Run, FloatArray]]:
    """Run and (R, G) differences in score from squared error."""
    if loss == BASELINE:
        return
    for run in material.params.train.runs:
        own, other = (material.scores(run.id, one, "score") for one in (loss, BASELINE))
        if run.shuffled or own is None or other is None:
            continue
        table = difference(own, other)
        if table.shape[0] >= FEWEST and table.shape[1] > 1:
            yield run, table


def log_ratio(table: FloatArray, confidence: float) -> float | None:
    """Log of the half-width of the first half of the rows over that of all; None without one.

    Args:
        table: (R, G) differences of each training and cluster.
        confidence: level of both intervals.
    """
    widths = []
    for rows in (table[: len(table) // 2], table):
        found = mean_over_trainings(rows, confidence=confidence)
        if found.ci_lo is None or found.ci_hi is None or found.ci_hi <= found.ci_lo:
            return None
        widths.append(found.ci_hi - found.ci_lo)
    return math.log(widths[0] / widths[1])


def expected(table: FloatArray, confidence: float, words: tuple[str | int, ...]) -> float:
    """Mean log ratio of normal tables of this shape with this table's components of variance."""
    parts = components(table)
    r, g = table.shape
    rng = rng_for(*words)
    spreads = [math.sqrt(max(part, 0.0)) for part in (parts.rows, parts.columns, parts.rest)]
    logs = []
    for _ in range(DRAWS):
        drawn = (
            spreads[0] * rng.normal(size=(r, 1))
            + spreads[1] * rng.normal(size=(1, g))
            + spreads[2] * rng.normal(size=(r, g))
        )
        if (one := log_ratio(drawn, confidence)) is not None:
            logs.append(one)
    return float(np.mean(logs)) if logs else 0.0
