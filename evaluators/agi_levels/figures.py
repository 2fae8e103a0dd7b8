"""Statistics of placements, ratings and profiles, as rows of the statistics table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from evaluators.agi_levels import rated
from evaluators.agi_levels.context import SYSTEM, Rater, Standing
from evaluators.agi_levels.levels import LEVELS
from evaluators.agi_levels.placing import Placement
from evaluators.agi_levels.profile import Profile
from measurand import soundness
from measurand.results import Rows, StatisticRow
from measurand.statistics import described, exact, statistic_row
from measurand.stats.arrays import FloatArray
from measurand.stats.bounded import share
from measurand.stats.correlation import pearson
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.krippendorff import krippendorff_alpha

PEOPLE = "people"
"""Whose figures those of the norms themselves are."""
NO_WIDTH = "a probability, itself the statement of what is not known"


def placement_rows(placements: Sequence[Placement]) -> Rows:
    """Figures of each placement, by task and norm.

    ``percentile``: share of the group below the score, ties half, with both sampling errors;
    ``percentile_true``: among true scores, where people's reliability is known;
    ``reaches`` by level: probability that it reaches the cut; ``level`` (claimed) and
    ``possible_level`` are null with the finding.
    """
    for p in placements:
        if p.model == "-":
            continue
        parts = {"task": p.task, "norm": p.norm}
        yield statistic_row(SYSTEM, p.model, "percentile", parts, p.place)
        if p.among_true is not None:
            yield statistic_row(SYSTEM, p.model, "percentile_true", parts, p.among_true)
        for level, chance in zip(LEVELS, p.p, strict=False):
            found = described(chance, NO_WIDTH, n=p.n)
            yield statistic_row(SYSTEM, p.model, "reaches", {**parts, "level": str(level)}, found)
        for metric, value in (("level", p.level), ("possible_level", p.possible)):
            known = None if value is None else float(value)
            reason = None if value is not None else p.words or "no percentile"
            yield statistic_row(SYSTEM, p.model, metric, parts, exact(known, n=p.n, reason=reason))


def rater_rows(rater: Rater) -> Rows:
    """Of one model's ratings, by corpus.

    ``ahead`` by ``reading``: share of raters who are farther from the others than the model;
    ``consensus_r``: Pearson's r with the mean rating; ``missing_share``, ``infra_error_share``,
    ``mass_mean``; ``rater_alpha``: Krippendorff's alpha of the people, ordinal, of the texts.
    """
    for corpus in rater.corpora:
        rows = rater.of(corpus)
        ids = np.array([row["text_id"] for row in rows])
        absent = np.array([row["rating"] is None for row in rows])
        failed = np.array([row["status"] == "infra_error" for row in rows])
        yield from soundness.missing_rows(rater, {"corpus": corpus}, absent, failed, ids)
        mass = np.array([row["mass"] for row in rows if row["mass"] is not None], np.float64)
        if len(mass):
            yield rater.row("mass_mean", {"corpus": corpus}, share(np.minimum(mass, 1.0)))
        for reading in rated.READINGS[: 1 if rater.is_control else 2]:
            parts = {"corpus": corpus, "reading": reading}
            answered = [row for row in rows if row[reading] is not None]
            if len(answered) < 2:
                yield rater.row("ahead", parts, undefined("fewer than two texts were rated"))
                continue
            yield rater.row("ahead", parts, rated.ahead(answered, rater.texts, reading)[0])
            own = np.array([row[reading] for row in answered], np.float64)
            means = np.array([np.mean(rater.texts[row["text_id"]]["ratings"]) for row in answered])
            yield rater.row(
                "consensus_r",
                parts,
                pearson(
                    own,
                    means,
                    resamples=rater.resamples,
                    seed_words=rater.words("consensus_r", corpus, reading),
                ).estimate,
            )


def people_rows(rater: Rater) -> Rows:
    """``rater_alpha``: do people agree on these texts: Krippendorff's alpha, ordinal."""
    for corpus in rater.corpora:
        table: FloatArray = rated.table(
            [text["ratings"] for text in rater.texts.values() if text["corpus"] == corpus]
        )
        found = krippendorff_alpha(
            table,
            "ordinal",
            resamples=rater.resamples,
            seed_words=rater.words("rater_alpha", corpus),
        )
        yield statistic_row(SYSTEM, PEOPLE, "rater_alpha", {"corpus": corpus}, found)


def profile_rows(found: Profile) -> Rows:
    """Of one model: ``tasks_counted``, ``families_counted``, ``breadth``, ``general_level``."""
    counts = (("tasks_counted", len(found.counted)), ("families_counted", len(found.families)))
    for metric, value in counts:
        yield statistic_row(SYSTEM, found.model, metric, {}, exact(float(value)))
    for level, breadth in found.breadth.items():
        estimate = (
            described(breadth, NO_WIDTH) if found.families else undefined("no task of any family")
        )
        yield statistic_row(SYSTEM, found.model, "breadth", {"level": str(level)}, estimate)
    for q, general in found.general.items():
        known = None if general is None else float(general)
        reason = None if general is not None else found.reason or "no level is held"
        estimate = exact(known, n=len(found.counted), reason=reason)
        yield statistic_row(SYSTEM, found.model, "general_level", {"coverage": f"{q:g}"}, estimate)
    if not found.general:
        yield statistic_row(
            *(SYSTEM, found.model, "general_level", {}, undefined(found.reason or "no task counts"))
        )


def item_rows(standing: Standing) -> Iterator[StatisticRow]:
    """Of people's items: ``discrimination`` and ``difficulty`` with their errors."""
    from scipy.special import ndtri

    z, one = float(ndtri(0.975)), float(ndtri(0.95))
    for found in standing.calibrations:
        items = found.items
        for j, item in enumerate(found.norm.items):
            parts = {"norm": found.norm.id, "item": item}
            for metric, value, se in (
                ("discrimination", float(items.slope[j]), float(items.slope_se[j])),
                ("difficulty", float(items.difficulty[j]), float(items.difficulty_se[j])),
            ):
                if not np.isfinite(se) or not items.converged:
                    estimate = undefined("the items cannot be told apart", n=items.n)
                elif metric == "difficulty" and not items.discriminates[j]:
                    estimate = undefined("its discrimination is not told from 0", n=items.n)
                else:
                    estimate = Estimate(
                        value,
                        se=se,
                        ci_lo=value - z * se,
                        ci_hi=value + z * se,
                        lower=value - one * se,
                        upper=value + one * se,
                        method="two-parameter logistic, marginal maximum likelihood; normal",
                        n=items.n,
                    )
                yield statistic_row(SYSTEM, PEOPLE, metric, parts, estimate)
