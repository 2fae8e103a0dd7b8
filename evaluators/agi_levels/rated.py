"""A model among raters of the same texts, who cannot be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.agi_levels.levels import call, shown_by
from evaluators.agi_levels.placing import Placement, missing
from measurand.stats.arrays import FloatArray
from measurand.stats.estimate import Estimate
from measurand.stats.left_out import advantage
from schemas.agi_levels.params import Rules
from schemas.agi_levels.taxonomy import CUTS, FIRST_CUT

GROUP = "raters of these texts"
DEFINITION = (
    "Paid raters on the web who passed a test of reading English and of rating as experts do "
    "(Hutto & Gilbert 2014). The file does not say which rating is whose."
)
READINGS = ("rating", "expected")
"""Columns of RATINGS: the likeliest digit, and the mean over digits by probability."""
Row = Mapping[str, Any]


def norm_id(corpus: str) -> str:
    """Name of the norm that a corpus makes."""
    return f"raters/{corpus}"


def ahead(
    ratings: Sequence[Row], texts: Mapping[str, Row], reading: str = "rating"
) -> tuple[Estimate, int]:
    """Share of raters who are farther from the others than the model, and raters of a text.

    Args:
        ratings: rows of RATINGS of one model and corpus.
        texts: rows of TEXTS by id.
        reading: one of :data:`READINGS`.
    """
    answered = [row for row in ratings if row[reading] is not None]
    own = np.array([row[reading] for row in answered], np.float64)
    found = advantage(own, table([texts[row["text_id"]]["ratings"] for row in answered]))
    return found, min(len(texts[row["text_id"]]["ratings"]) for row in answered)


def table(lists: Sequence[Sequence[float]]) -> FloatArray:
    """Lists of ratings as rows, NaN behind the shorter ones."""
    found = np.full((len(lists), max(map(len, lists))), np.nan)
    for at, some in enumerate(lists):
        found[at, : len(some)] = some
    return found


def place(
    model: str, corpus: str, ratings: Sequence[Row], texts: Mapping[str, Row], rules: Rules
) -> Placement:
    """The placement of a model's likeliest ratings.

    Competent is claimed where a rater of these texts is more often farther from the others than the
    model: that is the middle of the group. Beyond it nothing can be claimed: the share of raters
    that a model is ahead of, text by text, is no percentile of persons.
    """
    if not any(row["rating"] is not None for row in ratings):
        return missing(model, corpus, "the model gave no rating")
    found, n = ahead(ratings, texts)
    chance = reached(found, CUTS[0])
    p = () if chance is None else (chance,)
    made = call(p, p, rules, most=min(FIRST_CUT, shown_by(n)))
    return Placement(
        *(model, corpus, norm_id(corpus), GROUP, "other", "ratings"),
        score=found.value,
        place=found,
        p=p,
        level=made.level,
        possible=made.possible,
        n=n,
        flags=("raters_not_told_apart", "not_skilled_adults", "norm_below_floor"),
        words=f"{made.words} (against {GROUP})",
    )


def reached(found: Estimate, cut: float) -> float | None:
    """Probability that a mean with Student's t reaches a cut; None without an error."""
    from scipy.special import stdtr

    units = found.n_clusters or found.n
    if found.value is None or not found.se or units is None or units < 2:
        return None
    return float(stdtr(units - 1, (found.value - cut) / found.se))
