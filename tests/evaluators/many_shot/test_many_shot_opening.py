from __future__ import annotations

from pathlib import Path

from evaluators.many_shot.context import Subject, View
from evaluators.many_shot.opening import opening
from evaluators.many_shot.report import HEADLINES, statistics
from measurand.reporting.lookup import Figures
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate
from schemas.many_shot.params import Params


def gains(model: str, **sizes: tuple[str, str, Estimate]) -> Figures:
    rows = [
        statistic_row(
            "many_shot", model, "gain_crossed",
            {"task": task, "curve": curve, "k": "24", "over": "6"}, found,
        )
        for task, curve, found in sizes.values()
    ]  # fmt: skip
    return Figures(statistics_table(rows))


def test_every_curve_is_in_the_picture_and_the_search_for_leaks_is_told(
    everyone: list[Subject], small: Params, built: Path, results: Path
) -> None:
    figures = Figures(statistics(built, results, small))
    found = opening(View(everyone, figures))
    assert found is not None
    assert found.picture is not None
    labels = [row["label"] for row in found.picture.data["rows"]]
    assert labels[:3] == ["line", "line, supervised-flipped", "line, unsupervised"]
    assert "curves" in found.findings[0]
    assert found.findings[-1].startswith("0 test questions stand among the shots")
    assert found.figure is not None
    assert found.figure["metric"] in HEADLINES
    parts = dict(part.split("=") for part in found.figure["slice"].split(","))
    assert figures.get(found.figure["model"], "gain_crossed", **parts) is not None


def test_only_curves_whose_interval_leaves_zero_are_said_to_move(everyone: list[Subject]) -> None:
    sure = Estimate(0.3, ci_lo=0.1, ci_hi=0.5, n=60)
    open_ = Estimate(0.1, ci_lo=-0.1, ci_hi=0.3, n=60)
    still = Estimate(0.0, ci_lo=0.0, ci_hi=0.0, n=60)
    model = next(s.model for s in everyone if not s.is_control)
    figures = gains(
        model,
        a=("line", "supervised", open_),
        b=("line", "supervised-flipped", sure),
        c=("sums", "supervised", still),
    )
    found = opening(View(everyone, figures))
    assert found is not None
    first, plain, *_ = found.findings
    assert f"The gain of {model} with more shots lies above 0 on 1 of 3 curves" in first
    assert found.figure is not None
    assert "curve=supervised," in found.figure["slice"]
    assert "line, supervised-flipped +0.30 [+0.10, +0.50] from 6 to 24 shots" in first
    assert "not corrected for 3 looks" in first
    assert "cannot tell whether shots help line +0.10 [-0.10, +0.30]" in plain
    assert "as many answers are right as before on sums" in plain
    none = opening(View(everyone, gains(model, a=("line", "supervised", open_))))
    assert none is not None
    assert none.findings[0].startswith("On none of 1 curves")


def test_without_a_model_or_a_curve_there_is_nothing_to_draw(everyone: list[Subject]) -> None:
    assert opening(View([])) is None
    found = opening(View(everyone))
    assert found is not None
    assert found.figure is None
    assert found.picture is not None
    assert found.picture.data["reason"] == "no curve has two numbers of shots"
