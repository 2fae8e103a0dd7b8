from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from evaluators.driving_sim import report
from measurand.machines import SUMS
from measurand.reporting import document, render
from measurand.reporting.view import assemble
from schemas.driving_sim.params import Params


@pytest.mark.integration
def test_the_report_is_whole_and_the_same_twice(
    results: Path, params: Params, table: pa.Table
) -> None:
    assert report.statistics(results, results, params) == table
    found = assemble(report, results, results, table, params)
    assert [section.title for section in found.sections] == [
        "Drivers",
        "What a route changes",
        "Learned in one traffic, driven in another",
        "Action spaces",
        "Controls",
        "From above",
        "When drivers fail",
        "The traffic itself",
        "Training",
        "Speed",
        "Data",
        "Methods",
    ]
    packed = document.to_json(found)
    assert render.to_html(document.from_json(packed)) == render.to_html(found)
    assert set(report.HEADLINES) <= set(table["metric"].to_pylist())


def test_rules_are_computed_and_drivers_are_trained(table: pa.Table) -> None:
    rows = table.to_pylist()
    for row in rows:
        rule = row["model"].partition(":")[0] in ("expert", "brake", "idm", "random", "traffic")
        if rule and row["estimate"] is not None:
            assert row["scope"] is None
            assert report.moves(row) == SUMS or row["metric"].endswith("_here")
    assert {row["scope"] for row in rows if row["model"] == "bc_route"} == {"training"}
