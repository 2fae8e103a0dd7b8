"""Statistics of every point of a curve: how good, how sure, how likely, how repeatable."""

from __future__ import annotations

from math import inf

import numpy as np
import polars as pl

from evaluators.many_shot.context import SHARE, Subject, by_shot_set, over_both, over_shot_sets
from measurand.results import Rows
from measurand.stats.crossed import components
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.repeats import unit_table

MEASURES = ("partial", "confidence", "mass", "nll", "nll_program", "nll_model")
"""Columns of the responses that are averaged as they are."""
SHARES = ("partial", "confidence", "mass")
"""Those that lie between 0 and 1, and their intervals with them."""


def point_rows(subject: Subject) -> Rows:
    """Statistics of every task, curve and number of shots.

    ``accuracy`` has clusters of shot sets, ``accuracy_crossed`` of shot sets and questions; the
    reliability beside it is that of ``seed_alpha``, beside other measures of ``seed_alpha,of=``.
    """
    for task, curve, answers in subject.curves():
        for k in answers["k"].unique().sort().to_list():
            yield from _point(subject, {"task": task, "curve": curve, "k": str(k)}, answers, k)


def _point(subject: Subject, parts: dict[str, str], answers: pl.DataFrame, k: int) -> Rows:
    at = answers.filter(k=k)
    values = by_shot_set(at)
    repeated = subject.alpha(parts, values)
    yield subject.row("accuracy", parts, over_shot_sets(values, SHARE), repeated.value)
    yield subject.row("accuracy_crossed", parts, over_both(values, SHARE), repeated.value)
    if k:
        yield subject.row("seed_alpha", parts, repeated)
        for source, share in _shares(values).items():
            yield subject.row("variance_share", {**parts, "source": source}, share)
    if at["order"].n_unique() > 1:
        yield subject.row("order_range", parts, _order_range(at))
    for metric in MEASURES:
        measured = by_shot_set(at, metric)
        if not measured.is_empty():
            found = over_shot_sets(measured, SHARE if metric in SHARES else (0.0, inf))
            yield from subject.with_alpha(parts, measured, {metric: found})


def _shares(values: pl.DataFrame) -> dict[str, Estimate]:
    """Where the variance of single answers lies: questions, shot sets, and the two together."""
    names = ("question", "shot_set", "rest")
    table, _ = unit_table(*(values[name].to_numpy() for name in ("value", "query_id", "seed")))
    complete = table[~np.isnan(table).any(axis=1)]
    if min(complete.shape) < 2:
        why = undefined("fewer than two shot sets or questions", n=len(complete))
        return dict.fromkeys(names, why)
    shares = components(complete).shares()
    if shares is None:
        return dict.fromkeys(names, undefined("every answer is the same", n=complete.size))
    return {
        name: Estimate(
            share, method="ANOVA components", n=complete.size, reason="no interval is computed"
        )
        for name, share in zip(names, shares, strict=True)
    }


def _order_range(at: pl.DataFrame) -> Estimate:
    """Best minus worst order of the same shots, mean over shot sets."""
    by_order = at.drop_nulls("correct").group_by("seed", "order").agg(pl.col("correct").mean())
    ranges = by_order.group_by("seed").agg(
        (pl.col("correct").max() - pl.col("correct").min()).alias("value"),
        pl.lit("all").alias("query_id"),
    )
    return over_shot_sets(ranges.sort("seed"), SHARE)
