from __future__ import annotations

from pathlib import Path

from evaluators.value_functions import report
from measurand.reporting import document, render
from measurand.reporting.view import assemble
from schemas.value_functions.params import Params


def test_the_report_is_whole_and_the_same_twice(results: Path, params: Params) -> None:
    table = report.statistics(results, results, params)
    assert report.statistics(results, results, params) == table
    found = assemble(report, results, results, table, params)
    assert [section.title for section in found.sections] == [
        "In short",
        "Every loss against squared error",
        "Every run",
        "All games",
        "Noise, shifts, sizes, bins",
        "Tuning",
        "Inside the networks",
        "Methods",
    ]
    packed = document.to_json(found)
    assert render.to_html(document.from_json(packed)) == render.to_html(found)
    assert set(report.HEADLINES) <= set(table["metric"].to_pylist())


def test_figures_of_trained_networks_say_their_scope(results: Path, params: Params) -> None:
    rows = report.statistics(results, results, params).to_pylist()
    scopes = {(row["model"] in ("mse", "two_hot", "hl_gauss"), row["scope"]) for row in rows
              if row["estimate"] is not None
              and not row["metric"].endswith(("_skipped", "clipped"))}  # fmt: skip
    assert scopes == {(True, "method"), (False, None)}
