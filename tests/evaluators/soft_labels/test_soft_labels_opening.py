from __future__ import annotations

import pytest

from evaluators.soft_labels.context import Material, View
from evaluators.soft_labels.opening import opening
from evaluators.soft_labels.report import HEADLINES
from measurand.reporting.lookup import Figures
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate


def test_the_contrast_of_losses_comes_first_then_the_judge_then_what_was_learned(
    everything: Material, figures: Figures
) -> None:
    found = opening(View(everything, figures))
    assert found is not None
    contrast, judge, learned, *_ = found.findings
    assert contrast.startswith("Learning from how sure a preference is (")
    assert "this sample" in contrast
    assert judge.startswith("The judge ")
    assert "is allowed, so " in judge
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


@pytest.mark.parametrize(
    ("bias", "words"),
    [
        ((0.4, 0.35, 0.45), "stands first, by 0.40 [0.35, 0.45]; 0.3 is allowed, so its win rates "
                            "are left out."),
        ((-0.4, -0.45, -0.35), "stands second, by 0.40 [0.35, 0.45]; 0.3 is allowed, so its win "
                               "rates are left out."),
        ((0.02, -0.1, 0.14), "stands first by +0.02 [-0.10, +0.14]: this sample cannot tell "
                             "whether at all; 0.3 is allowed, so it may judge."),
        ((0.2, 0.05, 0.35), "0.3 is allowed, so it may judge, though other pairs might decide "
                            "otherwise."),
        ((-0.35, -0.6, -0.1), "its win rates are left out, though other pairs might decide "
                              "otherwise."),
    ],
)  # fmt: skip
def test_the_side_of_a_lean_is_said_by_its_interval(
    everything: Material, bias: tuple[float, float, float], words: str
) -> None:
    value, low, high = bias
    found = Estimate(value, ci_lo=low, ci_hi=high, n=60)
    parts = {"judge": "fair", "set": "film"}
    row = statistic_row("soft_labels", everything.model, "position_bias", parts, found)
    said = opening(View(everything, Figures(statistics_table([row]))))
    assert said is not None
    assert said.findings[0].endswith(words)


def test_one_training_on_shuffled_labels_is_said_to_be_one(
    everything: Material, figures: Figures
) -> None:
    found = opening(View(everything, figures))
    assert found is not None
    assert "film_shuffled, one training on shuffled labels, 0." in found.findings[2]


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
