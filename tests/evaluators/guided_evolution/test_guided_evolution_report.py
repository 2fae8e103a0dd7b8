from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
from guided_evolution_world import params

from evaluators.guided_evolution import report
from measurand.machines import BYTES
from measurand.reporting.markdown import to_markdown
from measurand.reporting.view import assemble


def test_statistics_are_a_table_of_every_method(world: Path) -> None:
    table = report.statistics(world, world / "results", params())
    assert set(table["model"].to_pylist()) == {m.id for m in params().build.methods} | {"oracles"}
    assert set(report.HEADLINES) <= set(table["metric"].to_pylist())
    assert pc.sum(pc.is_null(table["estimate"])).as_py() < table.num_rows / 10


def test_the_report_is_whole(world: Path) -> None:
    table = report.statistics(world, world / "results", params())
    document = assemble(report, world, world / "results", table, params())
    text = to_markdown(document)
    for words in ("What was reached", "What it costs", "What the network knew", "Break-even"):
        assert words in text
    assert document.opening is not None
    assert "Baseline: evolution" in document.subtitle


def test_counts_stay_on_another_machine_and_searches_do_not(world: Path) -> None:
    rows = report.statistics(world, world / "results", params()).to_pylist()
    found = {row["metric"]: report.moves(row) for row in rows}
    assert found["repeated"] == BYTES
    assert found["speedup"] == "trained"
