from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from evaluators.personality.evaluate.context import Subject, View, subjects
from evaluators.personality.opening import opening
from evaluators.personality.report import HEADLINES, statistics
from measurand.reporting.document import Opening
from measurand.reporting.lookup import Figures
from schemas.personality.params import Params


@pytest.fixture(scope="module")
def factor(small: Params, data: Path, administer: Callable[[str], Path]) -> tuple[Subject, Figures]:
    results = administer("synthetic:factor")
    [subject] = subjects(data, results, small)
    return subject, Figures(statistics(data, results, small))


def opened(*everyone: Subject, figures: Figures) -> Opening:
    found = opening(View(everyone, figures))
    assert found is not None
    return found


def test_a_respondent_with_traits_is_told_by_its_reliability(
    factor: tuple[Subject, Figures],
) -> None:
    found = opened(factor[0], figures=factor[1])
    assert found.findings[0].startswith("Reliability (alpha) of synthetic:factor's domain scores")
    assert found.figure is not None
    assert found.figure["metric"] in HEADLINES
    assert factor[1].get(found.figure["model"], "mass_mean", experiment="validity") is not None
    assert found.picture is not None
    [shares] = found.picture.data["values"]
    assert sum(shares) == pytest.approx(1)
    assert found.picture.data["range"] == "share"


def test_a_model_that_answers_one_number_to_everything_is_told_so_beside_the_controls(
    factor: tuple[Subject, Figures],
) -> None:
    known, figures = factor
    same = known.responses.with_columns(value=pl.lit(1, known.responses["value"].dtype))
    model = replace(known, model="small", responses=same)
    found = opened(model, known, figures=figures)
    assert f"small answers 1 to every one of {len(same):,} questions" in found.findings[0]
    assert "measure no trait" in found.findings[0]
    assert found.findings[-1].startswith("Alpha of the five domains where the answers are known")
    assert re.search(r"factor 0\.\d\d to 0\.\d\d\.$", found.findings[-1])
    assert found.picture is not None
    assert found.picture.data["labels"] == ["small", "known: factor"]
    assert found.picture.data["values"][0] == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_nobody_opens_nothing() -> None:
    assert opening(View([])) is None


def test_where_all_probability_lies_on_the_choices_nothing_is_left_for_other_words(
    factor: tuple[Subject, Figures],
) -> None:
    found = opened(factor[0], figures=factor[1])
    [told] = [line for line in found.findings if line.startswith("Probability put on")]
    assert told.startswith("Probability put on the five choices at all: 1.00")
    assert "other words" not in told
