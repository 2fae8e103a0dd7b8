from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import webagent_small as small

from evaluators.webagent import report
from measurand.machines import BYTES, MODEL, SUMS
from measurand.reporting import document, markdown, render
from measurand.reporting.document import Document
from measurand.reporting.view import assemble
from schemas.webagent.params import Params


@pytest.fixture(scope="module")
def whole(results: Path, params: Params, table: pa.Table) -> Document:
    return assemble(report, results, results, table, params)


@pytest.mark.integration
def test_the_report_is_whole_and_the_same_twice(
    results: Path, params: Params, table: pa.Table, whole: Document
) -> None:
    assert report.statistics(results, results, params) == table
    assert [section.title for section in whole.sections] == [
        "Every agent",
        "Planner and summariser",
        "Where episodes fail",
        "What is said and pointed at",
        "What models learn from",
        "Trainings",
        "Masked parts of pages",
        "Long inputs",
        "What episodes look like",
        "The instrument",
        "Cost",
        "Methods",
    ]
    packed = document.to_json(whole)
    assert render.to_html(document.from_json(packed)) == render.to_html(whole)
    assert "McNemar" in markdown.to_markdown(whole)
    assert set(report.HEADLINES) <= set(table["metric"].to_pylist())


def test_rules_are_computed_and_models_are_trained(table: pa.Table) -> None:
    for row in table.to_pylist():
        if row["model"] in ("oracle", "random", "alone", "all agents"):
            assert row["scope"] is None
            assert report.moves(row) in (BYTES, SUMS)
        else:
            assert row["scope"] == "training"
            assert report.moves(row) == MODEL


def test_results_of_rules_alone_are_a_report_too(tmp_path: Path) -> None:
    given = small.params()
    rules = given.model_copy(
        update={"evaluate": given.evaluate.model_copy(update={"agents": small.AGENTS[:2]})}
    )

    def no_probes(table: str, row: small.Row) -> small.Row | None:
        return None if table in ("probes", "films") else row

    results = small.write(tmp_path, rules, no_probes)
    table = report.statistics(results, results, rules)
    found = assemble(report, results, results, table, rules)
    titles = [section.title for section in found.sections]
    assert "Masked parts of pages" not in titles
    assert "What episodes look like" not in titles
    assert found.opening is not None
    assert "oracle carries out 1.00" in found.opening.findings[0]
