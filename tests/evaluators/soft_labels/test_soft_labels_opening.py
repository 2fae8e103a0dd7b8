from __future__ import annotations

from evaluators.soft_labels.context import Material, View
from evaluators.soft_labels.opening import opening
from evaluators.soft_labels.report import HEADLINES
from measurand.report.lookup import Figures


def test_the_contrast_of_losses_comes_first_then_the_judge_then_what_was_learned(
    everything: Material, figures: Figures
) -> None:
    found = opening(View(everything, figures))
    assert found is not None
    contrast, judge, learned, *_ = found.findings
    assert contrast.startswith("Learning from how sure a preference is (")
    assert "this sample" in contrast
    assert judge.startswith("The judge ")
    assert "is allowed: " in judge
    assert learned.startswith("Held-out pairs that are judged rightly: ")


def test_the_main_figure_is_the_contrast_that_is_told(
    everything: Material, figures: Figures
) -> None:
    found = opening(View(everything, figures))
    assert found is not None
    assert found.figure is not None
    assert found.figure["metric"] in HEADLINES
    rows = figures.metrics(found.figure["model"], "accuracy_difference")
    assert found.figure["slice"] in [row["slice"] for row in rows]


def test_every_run_is_in_the_picture_with_its_interval(
    everything: Material, figures: Figures
) -> None:
    found = opening(View(everything, figures))
    assert found is not None
    assert found.picture is not None
    labels = [row["label"] for row in found.picture.data["rows"]]
    assert labels == [run.id for run, _ in everything.runs()]
    assert found.picture.data["limit"] == 0.5


def test_without_figures_there_is_no_opening(everything: Material) -> None:
    assert opening(View(everything)) is None
