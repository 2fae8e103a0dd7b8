"""What a claim would need: people of the norm, and the score that reaches a cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluators.agi_levels.levels import shown_by
from evaluators.agi_levels.profile import LEVELS
from measurand.report.document import Cell, Table
from measurand.stats.percentiles import among, people_needed
from measurand.stats.true_score import exact_score
from pipelines.agi_levels.shipped import people
from schemas.agi_levels.norms import Norm, Raw
from schemas.agi_levels.params import Rules
from schemas.agi_levels.taxonomy import CUTS, NAMES


def least_scores(norm: Raw, rules: Rules) -> list[float | None]:
    """Least score, free of error, that claims each of the levels 2 to 4 against these people.

    None where neither a score of anybody in the sample nor the best possible one does.
    """
    who = np.repeat(list(norm.counts), list(norm.counts.values()))
    top = set() if norm.maximum is None else {norm.maximum}
    scores = sorted({*norm.counts} | top)
    found: list[float | None] = []
    for step, cut in enumerate(CUTS):
        enough = shown_by(len(who)) >= LEVELS[step]
        fit = (s for s in scores if among(exact_score(s), who).at_least([cut])[0] >= rules.claim)
        found.append(next(fit, None) if enough else None)
    return found


def norm_table(norms: Sequence[Norm], rules: Rules) -> Table:
    """Norms with people, what they can show, and the scores that do."""
    rows: list[list[Cell]] = []
    for norm in norms:
        n = people(norm)
        whole = norm.kind == "table" and norm.whole_group
        most = LEVELS[-1] if whole else shown_by(n)
        least: list[float | None] = [None] * len(CUTS)
        if isinstance(norm, Raw):
            least = least_scores(norm, rules)
            shown = [level for level, score in zip(LEVELS, least, strict=True) if score is not None]
            # Many people at the top of the scale leave no room above them.
            most = most if norm.maximum is None else max(shown, default=0)
        why = (
            "no score in the sample shows it"
            if isinstance(norm, Raw)
            else "no single scores of people"
        )
        rows.append(
            [
                {"text": norm.id, "detail": f"{norm.group.name}: {norm.group.definition}"},
                norm.kind,
                {"value": n, "reason": "the whole group" if whole else "not stated"},
                NAMES[most] if most in LEVELS and norm.kind in SHOW else "no level",
                *({"value": score, "reason": why} for score in least),
                norm.licence,
            ]
        )
    floors = ", ".join(
        f"{people_needed(cut)} for {NAMES[i]}" for cut, i in zip(CUTS, LEVELS, strict=True)
    )
    return Table(
        "Norms, the highest level that they can show, and the least score that would",
        ["norm", "kind", "people", "can show", *(f"{NAMES[i]} from" for i in LEVELS), "licence"],
        rows,
        [f"People needed even where all of them score below: {floors}. Scores are taken as free "
         "of error; a score of few items needs more."],
    )  # fmt: skip


SHOW = ("raw", "items", "moments", "table")
"""Kinds that may show any level."""
