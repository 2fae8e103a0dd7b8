from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.many_shot.context import Subject
from evaluators.many_shot.pictures import baseline_figure, curve_figure, every_point
from evaluators.many_shot.report import statistics
from measurand.reporting import figures as kinds
from measurand.reporting.lookup import Figures
from measurand.subject import measured
from schemas.many_shot.params import Params


@pytest.fixture(scope="module")
def figures(small: Params, built: Path, results: Path) -> Figures:
    return Figures(statistics(built, results, small))


def test_models_are_measured_and_oracles_only_where_nothing_else_ran(
    everyone: list[Subject],
) -> None:
    assert measured(everyone) == everyone[:1]
    assert measured(everyone[1:]) == everyone[1:]


def test_every_point_is_listed_once_in_order(everyone: list[Subject]) -> None:
    points = [tuple(at.values()) for at in every_point(everyone[1])]
    assert points[:4] == [("line", "supervised", str(k)) for k in (0, 6, 12, 24)]
    assert len(set(points)) == len(points)


def test_the_picture_holds_the_statistics(everyone: list[Subject], figures: Figures) -> None:
    solver = everyone[1]
    drawn = curve_figure(solver, figures, "accuracy_crossed", "T", "share", "d", points="correct")
    assert {row["estimate"] for row in drawn.data["rows"]} == {1.0}
    assert {row["panel"] for row in drawn.data["rows"]} == {"line", "sums"}
    assert all(p["x"] > 0 and p["y"] == 1.0 for p in drawn.data["points"])
    assert "<svg" in kinds.draw(drawn, "u")
    none = curve_figure(solver, figures, "partial", "T", "share", "d")
    assert none.data == {"reason": "nothing that was asked has this figure"}


def test_baselines_stand_beside_the_plain_curve(everyone: list[Subject], figures: Figures) -> None:
    drawn = baseline_figure(everyone[0], everyone[1:], figures)
    series = list(dict.fromkeys(row["series"] for row in drawn.data["rows"]))
    assert series == [s.model for s in everyone]
    assert {p["series"] for p in drawn.data["points"]} <= {everyone[0].model}


def test_the_caption_names_the_baselines_that_were_run_and_no_other(
    everyone: list[Subject], figures: Figures
) -> None:
    readers = [s for s in everyone if s.is_control and s.model != "oracle:knn5"]
    told = baseline_figure(everyone[0], readers, figures).description
    assert "solver works the answer out" in told
    assert "majority repeats the commonest answer" in told
    assert "knn5" not in told
    assert "logreg" not in told
    assert baseline_figure(everyone[0], [], figures).description == "No baseline was run."
