"""The whole report; the section modules have no other reader."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from evaluators.elastictok import report as report_module
from evaluators.elastictok.report import ABOUT_DATA, HEADLINES, statistics
from measurand.reporting import document, render
from measurand.reporting.document import Document, Figure, Table
from measurand.reporting.view import assemble
from schemas.elastictok.params import Params


@pytest.fixture(scope="module")
def table(small: Params, data: Path, results: Path) -> pa.Table:
    return statistics(data, results, small)


@pytest.fixture(scope="module")
def reported(small: Params, data: Path, results: Path, table: pa.Table) -> Document:
    return assemble(report_module, data, results, table, small)


def test_headlines_are_statistics(table: pa.Table) -> None:
    assert set(HEADLINES) <= set(table["metric"].to_pylist())


def test_sections_come_in_the_readers_order(reported: Document) -> None:
    assert [part.title for part in reported.sections] == [
        "Every threshold",
        "Where tokens go",
        "Tokens saved",
        "Error against tokens",
        "Searches",
        "Controls and ablations",
        "Beside codecs that learned nothing",
        "Codes",
        "Training",
        "Data",
        "Methods",
    ]


def test_the_report_is_drawn_from_its_own_json(reported: Document) -> None:
    packed = document.to_json(reported)
    html = render.to_html(reported)
    assert render.to_html(document.from_json(packed)) == html
    assert len(html) < 700_000
    assert "<img" not in html


def test_every_figure_has_something_to_show(reported: Document) -> None:
    for part in reported.sections:
        for block in part.blocks:
            if isinstance(block, Figure):
                assert block.data.get("rows"), block.title
            if isinstance(block, Table):
                assert block.rows, block.caption


def test_it_says_what_it_is_not(reported: Document) -> None:
    text = render.to_markdown(reported)
    assert "no figure of the paper is reproduced here" in text
    assert "mean squared error alone" in text


@pytest.mark.integration
def test_statistics_are_the_same_twice(
    small: Params, data: Path, results: Path, table: pa.Table
) -> None:
    assert statistics(data, results, small) == table


def test_figures_of_trained_weights_say_so(table: pa.Table, small: Params) -> None:
    trained = {m.name for m in small.train.models}
    for row in table.to_pylist():
        data = row["metric"] in ABOUT_DATA
        expected = "training" if row["model"] in trained and not data else None
        assert row["scope"] == expected, row
    assert "training" in table["scope"].to_pylist()


def test_counts_of_codes_have_no_interval(table: pa.Table) -> None:
    codes = [row for row in table.to_pylist() if row["metric"] in ("codes_used", "code_perplexity")]
    assert codes
    assert all(row["ci_lo"] is None and "no sample" in row["reason"] for row in codes)


def test_clips_are_the_clusters_of_every_interval(table: pa.Table) -> None:
    for row in table.to_pylist():
        if row["ci_lo"] is not None and row["method"] != "exact count":
            assert row["n_clusters"] is not None, (row["metric"], row["slice"])
            assert "over rows" not in row["method"] or "since" in row["method"]
