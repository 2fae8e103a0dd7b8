from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from evaluators.value_functions import claims
from evaluators.value_functions.report import statistics, view
from measurand.reporting.view import View
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
