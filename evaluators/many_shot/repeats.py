"""Would other shot sets say the same of the questions? Shot sets as repeated measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from evaluators.many_shot.context import Row, Subject
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.reliability import cronbach_alpha


def by_question(values: pl.DataFrame) -> np.ndarray:
    """Questions x shot sets, NaN where an answer is missing.

    Args:
        values: ``query_id``, ``seed`` and ``value``.
    """
    wide = values.pivot(on="seed", index="query_id", values="value", sort_columns=True)
    return wide.drop("query_id").cast(pl.Float64).fill_null(float("nan")).to_numpy()


def alpha(subject: Subject, parts: Mapping[str, str], table: np.ndarray) -> Estimate:
    """Would other shot sets rank the questions alike? Shot sets are items, questions respondents.

    Alpha is the reliability of a question's mean over these shot sets.

    Args:
        subject: one model's answers.
        parts: slice of the statistic, of which seed words are made.
        table: questions x shot sets, as from :func:`by_question`.
    """
    if min(table.shape) < 2:
        return undefined("fewer than two shot sets or questions", n=len(table))
    words = subject.words("seed_alpha", *(parts[name] for name in sorted(parts)))
    return cronbach_alpha(table, resamples=subject.params.report.resamples, seed_words=words)


def with_alpha(
    subject: Subject,
    parts: Mapping[str, str],
    values: pl.DataFrame,
    figures: Mapping[str, Estimate],
) -> Iterator[Row]:
    """Rows of figures made of the same values, each with the reliability of these.

    ``seed_alpha`` of the first of them stands beside, where there are two shot sets.

    Args:
        subject: one model's answers.
        parts: slice of the figures.
        values: ``query_id``, ``seed`` and ``value``.
        figures: estimates by metric.
    """
    named = {**parts, "of": next(iter(figures))}
    found = alpha(subject, named, by_question(values))
    for metric, estimate in figures.items():
        yield subject.row(metric, parts, estimate, found.value)
    if values["seed"].n_unique() > 1:
        yield subject.row("seed_alpha", named, found)
