"""The whole report of respondents that read nothing; covers the sections, which have no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.agi_levels import report as report_module
from evaluators.agi_levels.report import HEADLINES, moves, statistics
from measurand.machines import BYTES, MODEL
from measurand.reporting import document, render
from measurand.reporting.view import assemble
from schemas.agi_levels.params import Params


@pytest.fixture(scope="module")
def reported(
    small: Params, data: Path, results: Path
) -> tuple[document.Document, list[dict[str, object]]]:
    table = statistics(data, results, small)
    return assemble(report_module, data, results, table, small), table.to_pylist()


Reported = tuple[document.Document, list[dict[str, object]]]


def test_headlines_are_statistics(reported: Reported) -> None:
    assert set(HEADLINES) <= {row["metric"] for row in reported[1]}


def test_sections_come_in_the_readers_order(reported: Reported) -> None:
    assert [part.title for part in reported[0].sections] == [
        "Every score among people",
        "Among raters of the same texts",
        "The same score against every group",
        "What a norm can show",
        "Breadth",
        "Items that people answered",
        "Six principles",
        "Autonomy",
        "Cost",
        "Methods",
    ]


def test_the_report_says_what_it_is_not(reported: Reported) -> None:
    text = render.to_markdown(reported[0])
    assert "percentiles describe who took part, not jobs" in text
    assert "No autonomy is declared" in text
    assert "not assessable (coverage)" in text
    assert "does not say which rating is whose" in text


def test_the_report_survives_its_own_json(reported: Reported) -> None:
    packed = document.to_json(reported[0])
    assert render.to_html(document.from_json(packed)) == render.to_html(reported[0])


def test_only_a_models_figures_move_with_the_machine() -> None:
    row = {"metric": "ahead", "model": "smollm2", "slice": "", "method": "x"}
    assert moves(row) == MODEL
    assert moves({**row, "model": "oracle:rater", "method": "exact count"}) == BYTES
    assert moves({**row, "metric": "level", "method": "exact count"}) == BYTES
