"""How far a sequence's score can be told from its blocks: reliability over repeated measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from evaluators.elastictok.context import Findings, Row, row
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.reliability import cronbach_alpha


def scored(
    found: Findings,
    model: str,
    metric: str,
    parts: Mapping[str, str],
    values: pl.DataFrame,
    column: str,
    estimate: Estimate,
) -> Iterator[Row]:
    """The row of a mean over blocks with its reliability, and ``block_alpha`` which that is.

    Args:
        found: resamples and seed.
        model: whose score.
        metric: its name.
        parts: its slice.
        values: blocks with ``sample_id``, ``block``, ``clip_id`` and the column.
        column: what the score is the mean of.
        estimate: the score.
    """
    alpha = block_alpha(found, values, column)
    yield row(model, metric, parts, estimate, alpha.value)
    yield row(model, "block_alpha", {**parts, "of": metric}, alpha)


def block_alpha(found: Findings, values: pl.DataFrame, column: str) -> Estimate:
    """Would other blocks of the same sequences rank the sequences alike? Cronbach's alpha.

    Sequences are respondents, first, second, ... blocks are items: alpha is the reliability of a
    sequence's mean over its blocks. That later blocks have a past and the first has none moves the
    items, not their correlation. The bootstrap draws clips, since sequences of a clip are alike.

    Args:
        found: resamples and seed.
        values: blocks with ``sample_id``, ``block``, ``clip_id`` and the column.
        column: the score of a block; nulls are missing answers.
    """
    wide = values.with_columns(pl.col(column).cast(pl.Float64)).pivot(
        on="block", index=["sample_id", "clip_id"], values=column, sort_columns=True
    )
    table = wide.drop("sample_id", "clip_id").fill_null(float("nan")).to_numpy()
    if min(table.shape) < 2:
        return undefined("fewer than two sequences, or one block each", n=len(table))
    return cronbach_alpha(
        np.ascontiguousarray(table),
        clusters=wide["clip_id"].to_numpy(),
        resamples=found.params.report.resamples,
        seed_words=found.words("clips"),
    )
