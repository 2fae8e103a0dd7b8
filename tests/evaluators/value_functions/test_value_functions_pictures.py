from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluators.value_functions import pictures
from evaluators.value_functions.context import material
from evaluators.value_functions.report import statistics, view
from measurand.reporting.document import Figure
from measurand.reporting.figures import draw, twin
from measurand.reporting.view import View
from schemas.value_functions.params import Params


@pytest.fixture(scope="module")
def seen(results: Path, params: Params) -> View:
    return view(results, results, statistics(results, results, params), params)


def changed(seen: View, *runs: dict[str, Any]) -> Any:
    """The material with chess runs that differ in their support."""
    base = seen.found.params.train.runs[2]
    made = [base.model_copy(update={"losses": ("hl_gauss",), **run}) for run in runs]
    train = seen.found.params.train.model_copy(update={"runs": tuple(made)})
    given = seen.found.params.model_copy(update={"train": train})
    return replace(seen.found, params=given)


def drawn(figure: Figure) -> str:
    for width in (720.0, 320.0):
        assert "<svg" in draw(figure, "x", width)
    return str(twin(figure).rows)


def test_scores_stand_where_bins_and_spread_meet(seen: View) -> None:
    found = changed(
        seen, {}, {"id": "chess_noisy", "bins": 21}, {"id": "chess_narrow", "ratio": 2.0}
    )
    [figure] = pictures.support_maps(found, seen.figures)
    assert figure.data["labels"] == ["0.75", "2"]
    assert figure.data["columns"] == ["21", "51"]
    names = [["chess_noisy", "chess"], [None, "chess_narrow"]]
    for row, own in zip(figure.data["values"], names, strict=True):
        for value, run in zip(row, own, strict=True):
            if run is None:
                assert value is None
            else:
                assert value == seen.figures.value("hl_gauss", "score", run=run)
    assert "not asked" in str(twin(figure))
    drawn(figure)


def test_one_line_of_bins_is_no_map(seen: View) -> None:
    assert not pictures.support_maps(seen.found, seen.figures)
    line = changed(seen, {}, {"id": "chess_noisy", "bins": 21})
    assert not pictures.support_maps(line, seen.figures)
    other = changed(seen, {}, {"id": "chess_noisy", "bins": 21, "ratio": 2.0, "width": 16})
    assert not pictures.support_maps(other, seen.figures)


def test_said_and_true_win_probability_with_the_line(seen: View) -> None:
    [figure] = pictures.reliability_figures(seen.found, seen.figures)
    rows = [row for row in figure.data["rows"] if row["panel"] == "chess"]
    line = [(row["x"], row["estimate"]) for row in rows if row["series"] == "as said"]
    assert line == [(0.0, 0.0), (1.0, 1.0)]
    right = [row for row in rows if row["series"] == "hl_gauss"]
    assert [row["x"] for row in right] == pytest.approx([0.1, 0.4, 0.8])
    assert [row["estimate"] for row in right] == pytest.approx([0.1, 0.4, 0.8])
    # Trainings .01 apart: t with two degrees of freedom.
    half = 4.302653 * 0.01 / 3**0.5
    assert right[0]["upper"] - right[0]["estimate"] == pytest.approx(half, rel=1e-6)
    flat = [row["estimate"] for row in rows if row["series"] == "mse"]
    assert flat == pytest.approx([0.5] * 3)
    assert {row["panel"] for row in figure.data["rows"]} == {
        "chess", "chess_noisy", "chess_narrow", "chess_shuffled",
    }  # fmt: skip
    drawn(figure)


def test_scores_on_validation_by_step_with_intervals_over_trainings(seen: View) -> None:
    [figure] = pictures.validation_figures(seen.found, seen.figures)
    rows = [row for row in figure.data["rows"] if row["panel"] == "digits"]
    own = [(row["x"], row["estimate"]) for row in rows if row["series"] == "hl_gauss"]
    assert own == [(5, pytest.approx(-1.4)), (10, pytest.approx(-1.1))]
    # Trainings 1 apart: t with two degrees of freedom. No squared error is below 0.
    assert rows[0]["estimate"] - rows[0]["lower"] == pytest.approx(4.302653 / 3**0.5, rel=1e-6)
    assert rows[0]["upper"] == 0
    alike = next(row for row in figure.data["rows"] if row["panel"] == "wordle")
    assert 0 <= alike["lower"] < alike["estimate"] < alike["upper"] <= 1
    assert len({row["panel"] for row in figure.data["rows"]}) == 8
    drawn(figure)
    ends = replace(seen.found, learning=seen.found.learning.filter(step=10))
    assert not pictures.validation_figures(ends, seen.figures)


def test_results_without_curves_or_bins_have_no_such_pictures(
    results: Path, params: Params, tmp_path: Path
) -> None:
    shutil.copytree(results, tmp_path / "results")
    for name in ("reliability", "learning"):
        shutil.rmtree(tmp_path / "results" / name)
    found = material(tmp_path / "results", tmp_path / "results", params)
    assert found.reliability.is_empty()
    table = statistics(tmp_path / "results", tmp_path / "results", params)
    assert not {"reliability", "learning"} & set(table["metric"].to_pylist())
    figures = view(results, results, table, params).figures
    assert not pictures.reliability_figures(found, figures)
    assert not pictures.validation_figures(found, figures)


def test_losses_fall_from_their_first_value_at_the_rate_that_was_picked(seen: View) -> None:
    [figure] = pictures.learning_figures(seen.found)
    rows = [row for row in figure.data["rows"] if row["panel"] == "digits"]
    assert {row["series"] for row in rows} == {"mse", "two_hot", "hl_gauss"}
    assert [(row["x"], row["estimate"]) for row in rows if row["series"] == "hl_gauss"] == [
        (10, 1.0), (20, 0.25),
    ]  # fmt: skip
    drawn(figure)
