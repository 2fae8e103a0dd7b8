"""The report of a synthetic respondent; covers the section modules, which have no other reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evaluators.personality import report as report_module
from evaluators.personality.report import HEADLINES, statistics
from measurand.reporting import document, render
from measurand.reporting.view import assemble
from schemas.personality.params import Params


@pytest.fixture(scope="module")
def reported(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> tuple[document.Document, set[str]]:
    results = administer("synthetic:shaped")
    table = statistics(data, results, small)
    return assemble(report_module, data, results, table, small), set(table["metric"].to_pylist())


def test_headlines_are_statistics(reported: tuple[document.Document, set[str]]) -> None:
    assert set(HEADLINES) <= reported[1]


def test_sections_come_in_the_readers_order(
    reported: tuple[document.Document, set[str]],
) -> None:
    titles = [part.title for part in reported[0].sections]
    assert titles == [
        "Whether scores can be read",
        "Reliability",
        "Scores",
        "Convergent and discriminant validity",
        "Items behind the scales",
        "Criterion validity",
        "Shaping one trait",
        "Shaping all traits at once",
        "Quality of the answers",
        "Instruments",
        "Cost",
        "Methods",
    ]


def test_the_report_says_what_it_is_not_and_what_was_not_asked(
    reported: tuple[document.Document, set[str]],
) -> None:
    text = render.to_markdown(reported[0])
    assert "no statement about a person" in text
    assert "bfi_44.EXT" in text
    assert "copyrighted text not provided" in text


def test_the_report_survives_its_own_json(
    reported: tuple[document.Document, set[str]],
) -> None:
    packed = document.to_json(reported[0])
    assert render.to_html(document.from_json(packed)) == render.to_html(reported[0])


@pytest.mark.integration
def test_a_model_that_answered_little_is_reported_with_reasons(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> None:
    results = administer("synthetic:constant")
    content = assemble(report_module, data, results, statistics(data, results, small), small)
    assert "does not vary" in render.to_markdown(content)


@pytest.mark.integration
@pytest.mark.parametrize("model", ["synthetic:shaped", "synthetic:uniform"])
def test_biographies_are_the_clusters_of_every_interval_but_the_one_that_says_so(
    small: Params, data: Path, administer: Callable[[str], Path], model: str
) -> None:
    rows = statistics(data, administer(model), small).to_pylist()
    made = ("bootstrap over", "jackknife over", "CR1")
    drawn = [row for row in rows if any(word in row["method"] for word in made)]
    assert len(drawn) > 50
    for row in drawn:
        over = "rows" if row["metric"] == "alpha_iid" else "clusters"
        assert f"over {over}" in row["method"], (row["metric"], row["slice"])
        if over == "clusters":
            assert row["n_clusters"] <= 10, (row["metric"], row["slice"])  # biographies
    medians = [row for row in rows if row["metric"].startswith("level_median")]
    assert medians
    assert {row["n_clusters"] is None for row in medians} == {False}
