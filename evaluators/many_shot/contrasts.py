"""Paired comparisons: with few shots, with the plain curve, with a baseline, with another K."""

from __future__ import annotations

import numpy as np
import polars as pl

from evaluators.many_shot.context import (
    DIFFERENCE,
    PLAIN,
    SHARE,
    Subject,
    by_shot_set,
    over_both,
    paired,
)
from measurand.results import Rows
from measurand.statistics import exact
from measurand.stats.correlation import spearman
from measurand.stats.estimate import Estimate, undefined

LIKELIHOODS = ("nll", "nll_program", "nll_model")


def contrast_rows(subject: Subject) -> Rows:
    """Statistics that compare points.

    ``gain_crossed`` is against the few-shot point of the same curve, ``against_supervised`` against
    the plain curve at as many shots, ``advantage`` against a baseline on the same prompts, each
    paired by question and shot set, with clusters of both. ``best_k_accuracy`` is accuracy at the
    best number of shots, chosen on one half of the questions and measured on the other, so that
    choosing is not rewarded;
    ``above_constant`` is it minus the accuracy of whoever always gives the answer that is right
    most often, on the same questions. The reliability beside each is that of its values by question
    over shot sets: ``seed_alpha,of=``.
    """
    for task, curve, answers in subject.curves():
        parts = {"task": task, "curve": curve}
        yield from _gains(subject, parts, answers)
        if curve != PLAIN:
            yield from _against_plain(subject, parts, answers)
        if not subject.is_control:
            yield from _advantages(subject, parts, answers)
        yield from _best(subject, parts, answers)
        yield from _likelihoods(subject, parts, answers)


def few_shot(asked: list[int], wanted: int) -> int:
    """The number of shots that gains are taken against: the nearest to ``wanted``, fewer first."""
    return min(asked, key=lambda k: (abs(k - wanted), k))


def _gains(subject: Subject, parts: dict[str, str], answers: pl.DataFrame) -> Rows:
    asked = answers["k"].unique().sort().to_list()
    few = few_shot(asked, subject.params.report.few_shot)
    for k in asked:
        if k == few:
            continue
        both = _differences(paired(answers.filter(k=k), answers.filter(k=few)))
        slice_ = {**parts, "k": str(k), "over": str(few)}
        gain = {"gain_crossed": over_both(both, DIFFERENCE)}
        yield from subject.with_alpha(slice_, both, gain)


def _against_plain(subject: Subject, parts: dict[str, str], answers: pl.DataFrame) -> Rows:
    plain = subject.curve(parts["task"], PLAIN)
    for k in answers["k"].unique().sort().to_list():
        other = plain.filter(k=k)
        if other.is_empty():
            continue
        both = _differences(paired(answers.filter(k=k), other))
        against = {"against_supervised": over_both(both, DIFFERENCE)}
        yield from subject.with_alpha({**parts, "k": str(k)}, both, against)


def _advantages(subject: Subject, parts: dict[str, str], answers: pl.DataFrame) -> Rows:
    for name, rows in subject.baselines.items():
        theirs = rows.filter(task=parts["task"], curve=parts["curve"])
        for k in theirs["k"].unique().sort().to_list():
            mine = answers.filter(k=k)
            both = _differences(paired(mine, theirs.filter(k=k)))
            if both.is_empty():
                continue
            slice_ = {**parts, "k": str(k), "over": name}
            yield from subject.with_alpha(slice_, both, {"advantage": over_both(both, DIFFERENCE)})


def _differences(both: pl.DataFrame) -> pl.DataFrame:
    return both.with_columns((pl.col("value") - pl.col("value_b")).alias("value"))


def _best(subject: Subject, parts: dict[str, str], answers: pl.DataFrame) -> Rows:
    asked = answers["k"].unique().sort().to_list()
    if len(asked) < 2:
        return
    seeds = answers.select("seed").unique().sort("seed")
    values = {k: _spread(by_shot_set(answers.filter(k=k)), k, seeds) for k in asked}
    questions = answers["query_id"].unique().sort().to_list()
    halves = [pl.Series(questions[start::2]) for start in (0, 1)]
    if len(questions) < 2:
        yield subject.row("best_k_accuracy", parts, undefined("fewer than two questions"))
        return
    measured, bests = [], []
    for at, (choose, measure) in enumerate((halves, halves[::-1])):
        best = max(asked, key=lambda k: (_mean(values[k], choose), -k))
        yield subject.row("best_k", {**parts, "half": str(at + 1)}, exact(float(best)))
        bests.append(best)
        measured.append(values[best].filter(pl.col("query_id").is_in(measure.implode())))
    found = pl.concat(measured).sort("query_id", "seed")
    figures = [("best_k_accuracy", found, over_both(found, SHARE))]
    if (above := _above_constant(answers, found)) is not None:
        figures.append(("above_constant", above, over_both(above, DIFFERENCE)))
    for metric, rows, estimate in figures:
        if 0 in bests:  # One prompt stands for every shot set: nothing was asked twice.
            yield subject.row(metric, parts, estimate)
        else:
            yield from subject.with_alpha(parts, rows, {metric: estimate})


def _above_constant(answers: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame | None:
    """Values minus those of the best constant answer to the same questions; None without classes.

    The best constant is chosen with the questions in sight, which favours it: a cautious bar.
    """
    right = answers.drop_nulls("answer_idx").unique("query_id").select("query_id", "answer_idx")
    if right.is_empty():
        return None
    counts = right.group_by("answer_idx").len().sort("len", "answer_idx", descending=[True, False])
    by_constant = (pl.col("answer_idx") == counts["answer_idx"][0]).cast(pl.Float64)
    bar = right.select("query_id", by_constant.alias("value_b"))
    both = found.join(bar, on="query_id").sort("query_id", "seed")
    return _differences(both).select("query_id", "seed", "value")


def _spread(values: pl.DataFrame, k: int, seeds: pl.DataFrame) -> pl.DataFrame:
    """A prompt without shots stands for every shot set."""
    if k:
        return values
    return values.drop("seed").join(seeds, how="cross").select("query_id", "seed", "value")


def _mean(values: pl.DataFrame, questions: pl.Series) -> float:
    found = values.filter(pl.col("query_id").is_in(questions.implode()))["value"].to_numpy()
    return float(found.mean()) if len(found) else -1.0


def _likelihoods(subject: Subject, parts: dict[str, str], answers: pl.DataFrame) -> Rows:
    """Does the probability of right answers go with their frequency, over shots and shot sets?"""
    for of in LIKELIHOODS:
        points = (
            answers.drop_nulls([of, "correct"])
            .group_by("k", "seed")
            .agg(pl.col(of).mean(), pl.col("correct").mean())
            .sort("k", "seed")
        )
        if points["k"].n_unique() > 2:
            yield subject.row("nll_accuracy_rho", {**parts, "of": of}, _rho(subject, parts, points))


def _rho(subject: Subject, parts: dict[str, str], points: pl.DataFrame) -> Estimate:
    *_, of, _correct = points.columns
    seeds = points["seed"].to_numpy()
    return spearman(
        points[of].to_numpy().astype(np.float64),
        points["correct"].to_numpy().astype(np.float64),
        clusters=seeds if len(set(seeds)) > 1 else None,
        resamples=subject.resamples,
        seed_words=subject.words("rho", of, parts["task"], parts["curve"]),
    ).estimate
