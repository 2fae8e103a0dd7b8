"""What a claim would need: people of the norm, items of the run, the score that reaches a cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from evaluators.agi_levels.levels import LEVELS, shown_by
from measurand.reporting.document import Cell, Table
from measurand.stats.percentiles import Place, among, people_needed
from measurand.stats.true_score import TrueScore, exact_score
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


MOST_TIMES = 4096
"""Times the items of a run beyond which more of them are not counted."""


def next_needs(
    level: int | None,
    score: TrueScore,
    law: Callable[[TrueScore], Place],
    n: int | None,
    rules: Rules,
) -> str:
    """What the next level would need of a score that stays as it is; empty above the highest.

    Items are counted by doubling, so their number is right to a factor of two; where not even a
    score free of error reaches the level, more items do not help.

    Args:
        level: claimed now.
        score: law of the true score.
        law: of the percentile, given that of a score.
        n: people of the norm; None where it counts everybody.
        rules: when a level is claimed.
    """
    step = 0 if level is None or level < LEVELS[0] else level - LEVELS[0] + 1
    if step >= len(CUTS):
        return ""
    name, cut = NAMES[LEVELS[step]], CUTS[step]
    if n is not None and n < people_needed(cut):
        return f"{name}: {people_needed(cut)} people, not {n}"
    if law(exact_score(score.value)).at_least([cut])[0] < rules.claim:
        return f"{name}: a higher score{'' if n is None else ', or more people around it'}"
    if score.kind != "beta" or score.n is None:
        return f"{name}: a smaller error of the score"
    times = 1
    while times <= MOST_TIMES:
        more = replace(score, a=(score.a - 0.5) * times + 0.5, b=(score.b - 0.5) * times + 0.5)
        if law(more).at_least([cut])[0] >= rules.claim:
            return f"{name}: about {score.n * times:,} items with the same score"
        times *= 2
    return f"{name}: more than {score.n * MOST_TIMES:,} items"


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
