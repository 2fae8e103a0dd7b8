"""Shaping: do scores follow the trait levels that a prompt asks for, and only those?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from evaluators.personality.context import Row, Subject
from measurand.stats.correlation import spearman
from measurand.stats.medians import group_medians, median_difference
from schemas.personality import DOMAINS


def shaping_scores(subject: Subject, experiment: str) -> pl.DataFrame:
    """Domain scores of a shaping experiment with one column of prompted levels per domain."""
    return (
        subject.scores.filter((pl.col("experiment") == experiment) & pl.col("domain").is_not_null())
        .drop_nulls("score")
        .with_columns(
            [pl.col("levels").arr.get(i).alias(f"level_{d}") for i, d in enumerate(DOMAINS)]
        )
    )


def shaping_rows(subject: Subject) -> Iterator[Row]:
    """Statistics of both shaping experiments, as far as the model answered them."""
    yield from _single_rows(subject)
    yield from _concurrent_rows(subject)


def _single_rows(subject: Subject) -> Iterator[Row]:
    """Spearman's rho of prompted level and score, for the prompted trait and for the others."""
    scores = shaping_scores(subject, "single")
    for prompted in DOMAINS:
        rows = scores.filter(pl.col(f"level_{prompted}") > 0)
        if rows.is_empty():
            continue
        for measured in DOMAINS:
            own = rows.filter(pl.col("domain") == measured)
            parts = {"experiment": "single", "prompted": prompted, "measured": measured}
            level, score = own[f"level_{prompted}"].to_numpy(), own["score"].to_numpy()
            found = spearman(
                level.astype(np.float64),
                score,
                clusters=own["bio_id"].to_numpy(),
                resamples=subject.params.report.resamples,
                seed_words=subject.words("single"),
            )
            if measured != prompted:
                yield subject.row("cross_rho", parts, found.estimate)
            else:
                own_parts = {"experiment": "single", "trait": prompted}
                yield subject.row("shaping_rho", own_parts, found.estimate)
                medians = group_medians(
                    score,
                    level,
                    clusters=own["bio_id"].to_numpy(),
                    resamples=subject.params.report.resamples,
                    seed_words=subject.words("single"),
                )
                for at, estimate in medians.items():
                    yield subject.row("level_median", {**own_parts, "level": str(at)}, estimate)


def _concurrent_rows(subject: Subject) -> Iterator[Row]:
    """Median score where a trait was prompted high minus where it was prompted low."""
    scores = shaping_scores(subject, "concurrent")
    for domain in DOMAINS:
        own = scores.filter(pl.col("domain") == domain)
        if own.is_empty():
            continue
        level = own[f"level_{domain}"].to_numpy()
        found = median_difference(
            own["score"].to_numpy(),
            level == level.max(),
            clusters=own["bio_id"].to_numpy(),
            resamples=subject.params.report.resamples,
            seed_words=subject.words("concurrent"),
        )
        yield subject.row(
            "concurrent_difference", {"experiment": "concurrent", "trait": domain}, found
        )
