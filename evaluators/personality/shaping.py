"""Shaping: do scores follow the trait levels that a prompt asks for, and only those?"""

from __future__ import annotations

import numpy as np
import polars as pl

from evaluators.personality.evaluate.context import Subject
from evaluators.personality.evaluate.scores import SCORE, SUFFIX, Kind, matrix
from measurand.results import Rows
from measurand.stats.correlation import spearman
from measurand.stats.medians import group_medians, median_difference
from measurand.stats.reliability import cronbach_alpha
from schemas.personality.params import DOMAINS


def shaping_scores(subject: Subject, experiment: str, kind: Kind = "value") -> pl.DataFrame:
    """Domain scores of a shaping experiment with one column of prompted levels per domain.

    Args:
        subject: one model's answers.
        experiment: ``single`` or ``concurrent``.
        kind: whether the column ``score`` is made of likeliest or of expected answers.
    """
    return (
        subject.scores.filter((pl.col("experiment") == experiment) & pl.col("domain").is_not_null())
        .with_columns(pl.col(SCORE[kind]).alias("score"))
        .drop_nulls("score")
        .with_columns(
            [pl.col("levels").arr.get(i).alias(f"level_{d}") for i, d in enumerate(DOMAINS)]
        )
    )


def shaping_rows(subject: Subject) -> Rows:
    """Statistics of both shaping experiments, as far as the model answered them."""
    for kind in SUFFIX:
        yield from _single_rows(subject, kind)
        yield from _concurrent_rows(subject, kind)


def _single_rows(subject: Subject, kind: Kind) -> Rows:
    """Spearman's rho of prompted level and score, for the prompted trait and for the others."""
    scores = shaping_scores(subject, "single", kind)
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
                resamples=subject.resamples,
                seed_words=subject.words("single"),
            )
            if measured != prompted:
                yield subject.row(f"cross_rho{SUFFIX[kind]}", parts, found.estimate)
            else:
                own_parts = {"experiment": "single", "trait": prompted}
                alpha = _alpha(subject, own, kind)
                yield subject.row(f"shaping_rho{SUFFIX[kind]}", own_parts, found.estimate, alpha)
                medians = group_medians(
                    score,
                    level,
                    clusters=own["bio_id"].to_numpy(),
                    resamples=subject.resamples,
                    seed_words=subject.words("single"),
                )
                for at, estimate in medians.items():
                    yield subject.row(
                        f"level_median{SUFFIX[kind]}", {**own_parts, "level": str(at)}, estimate
                    )


def _concurrent_rows(subject: Subject, kind: Kind) -> Rows:
    """Median score where a trait was prompted high minus where it was prompted low."""
    scores = shaping_scores(subject, "concurrent", kind)
    for domain in DOMAINS:
        own = scores.filter(pl.col("domain") == domain)
        if own.is_empty():
            continue
        level = own[f"level_{domain}"].to_numpy()
        found = median_difference(
            own["score"].to_numpy(),
            level == level.max(),
            clusters=own["bio_id"].to_numpy(),
            resamples=subject.resamples,
            seed_words=subject.words("concurrent"),
        )
        yield subject.row(
            f"concurrent_difference{SUFFIX[kind]}",
            {"experiment": "concurrent", "trait": domain},
            found,
            _alpha(subject, own, kind),
        )


def _alpha(subject: Subject, scores: pl.DataFrame, kind: Kind) -> float | None:
    """Alpha of the answers behind one domain's scores, over the participants of the experiment.

    Where levels are prompted, participants differ by more than of themselves, and alpha is higher
    than that of the same scale without shaping.
    """
    keys = scores.select("experiment", "participant_id", "scale_id")
    answers = subject.responses.join(keys, on=keys.columns, how="semi")
    return cronbach_alpha(matrix(answers, kind).x, resamples=0).value
