from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from evaluators.value_functions import claims
from evaluators.value_functions.report import statistics, view
from measurand.reporting.lookup import Figures
from measurand.reporting.view import View
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate
from schemas.value_functions.params import Params


@pytest.fixture(scope="module")
def seen(results: Path, params: Params) -> View:
    table: pa.Table = statistics(results, results, params)
    return view(results, results, table, params)


def test_every_claim_has_one_sentence_with_its_interval(seen: View) -> None:
    lines = claims.claims(seen.found, seen.figures, "hl_gauss")
    assert len(lines) == 6
    assert lines[0].startswith("Where targets move (digits), HL-Gauss instead of squared error")
    assert all("raises the score by 0.3" in line for line in (lines[0], lines[2], lines[3]))
    assert any("more noise (noise 0 to 1, chess to chess_noisy)" in line for line in lines)
    assert "On chess moves (chess)" in lines[1]
    assert "grows by 0.2" in lines[-2]
    assert "more units (width 16 to 64" in lines[-1]
    assert "cannot tell whether at all" in lines[-1]


def test_a_loss_without_an_effect_is_not_said_to_have_one(seen: View) -> None:
    lines = claims.claims(seen.found, seen.figures, "two_hot")[:4]
    # Of four intervals of 95% one may miss.
    assert sum("cannot tell" in line for line in lines) >= 3


def test_the_opening_has_what_fits_and_a_picture(seen: View) -> None:
    found = claims.opening(seen)
    assert found is not None
    assert len(found.findings) == 5
    assert "more noise" in found.findings[-1]
    assert "more units" in found.findings[-1]
    assert found.picture is not None
    groups = {row["group"] for row in found.picture.data["rows"]}
    assert "chess_shuffled" not in groups
    assert "chain" not in groups
    labels = {row["label"] for row in found.picture.data["rows"]}
    assert labels == {claims.NAMES[loss] for loss in ("two_hot", "hl_gauss")}
    assert found.figure is not None
    assert found.figure["slice"] == "over=mse,run=digits"


def test_of_many_runs_as_many_have_a_sentence_as_fit_beside_the_changes(
    seen: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_plains", lambda *_: [f"Claim {i}." for i in range(9)])
    found = claims.opening(seen)
    assert found is not None
    assert list(found.findings[:4]) == [f"Claim {i}." for i in range(4)]
    assert len(found.findings) == 5


def test_controls_are_said(seen: View) -> None:
    lines = claims.control_lines(seen.found, seen.figures)
    assert any("shuffled targets (chess_shuffled)" in line for line in lines)
    assert any("control `material` scores higher by 0.2" in line for line in lines)


def test_more_bins_make_no_claim_and_no_version(seen: View) -> None:
    train = seen.found.params.train
    [digits] = [run for run in train.runs if run.id == "digits"]
    fewer = digits.model_copy(update={"id": "digits_few", "bins": 51})
    runs = train.model_copy(update={"runs": (*train.runs, fewer)})
    found = replace(seen.found, params=seen.found.params.model_copy(update={"train": runs}))
    plain = [run.id for run in claims.plain_runs(found)]
    assert {"digits", "digits_few"} <= set(plain)
    assert not {"chess_noisy", "chess_narrow", "chess_shuffled", "chain"} & set(plain)
    parts = {"run": "digits", "over": "digits_few"}
    estimate = Estimate(0.2, ci_lo=0.1, ci_hi=0.3)
    row = statistic_row("value_functions", "hl_gauss", "score_difference_change", parts, estimate)
    assert claims._changes(found, Figures(statistics_table([row])), "hl_gauss") == []


def test_the_version_is_the_noisier_the_narrower_or_the_later_named(seen: View) -> None:
    first, second = seen.found.params.train.runs[:2]
    for more, less in ((first, second), (second, first)):
        assert claims._version(seen.found, more, less, "noise") is more
        assert claims._version(seen.found, more, less, "width") is less
        assert claims._version(seen.found, more, less, "conservative") is second
