from __future__ import annotations

from pathlib import Path

from evaluators.agi_levels import quizzed
from evaluators.agi_levels.context import raters, standing
from pipelines.agi_levels import known, quiz
from schemas.agi_levels.params import Params

NORM = "students/knowledge"


def test_answers_stand_among_the_people_who_gave_theirs(
    small: Params, data: Path, results: Path
) -> None:
    answered = quizzed.read(data, results)
    assert answered.norms == {"students_knowledge": NORM}
    found = standing(data, raters(data, results, small), small, None, answered.results())
    rows = {p.model: p for p in found.placements if p.norm == NORM}
    assert rows[quiz.KEY].place.ci_lo > 0.95
    assert rows[known.CHANCE].place.ci_hi < 0.25
    assert rows[known.CHANCE].n == 1075
    assert {"version_break", "not_skilled_adults"} <= set(rows["synthetic:uniform"].flags)
    assert not any(p.model == quiz.KEY for p in found.measured)
    # Half answers of a guess tell nothing of single questions; the known ones are no models.
    assert all(one.bias is None for one in found.calibrations)


def test_figures_of_the_answers(small: Params, data: Path, results: Path) -> None:
    answered = quizzed.read(data, results)
    [rater] = [r for r in raters(data, results, small) if r.model == "synthetic:uniform"]
    rows = {row["metric"]: row for row in quizzed.figures(rater, answered)}
    assert rows["accuracy"]["estimate"] == 0.25
    assert rows["missing_share"]["estimate"] == 0
    assert set(rows) == {"accuracy", "missing_share", "infra_error_share", "mass_mean"}
