from __future__ import annotations

from pathlib import Path

from evaluators.many_shot.context import Subject, View
from evaluators.many_shot.contrast_sections import baseline_section, contrast_section
from evaluators.many_shot.report import statistics
from measurand.reporting.document import Table
from measurand.reporting.lookup import Figures
from schemas.many_shot.params import Params


def test_baselines_are_shown_with_few_shots_and_with_most(
    everyone: list[Subject], small: Params, built: Path, results: Path
) -> None:
    figures = Figures(statistics(built, results, small))
    part = baseline_section(View(everyone, figures))
    assert part is not None
    [table] = part.blocks
    assert isinstance(table, Table)
    names = {row[0]["text"] for row in table.rows if isinstance(row[0], dict)}  # type: ignore[index]
    assert names <= {"line, K = 6", "line, K = 24", "sums, K = 2"}
    assert {row[1] for row in table.rows} >= {"oracle:solver"}
    assert baseline_section(View(everyone[1:], figures)) is None


def test_contrasts_show_both_sides(
    everyone: list[Subject], small: Params, built: Path, results: Path
) -> None:
    figures = Figures(statistics(built, results, small))
    part = contrast_section(View(everyone[1:2], figures))
    assert part is not None
    table = part.blocks[0]
    assert isinstance(table, Table)
    assert [row[1] for row in table.rows if row[0] == "line, supervised-flipped"] == [0, 6]
    for row in table.rows:
        assert row[2]["estimate"] == row[3]["estimate"] == 1.0  # type: ignore[index,call-overload]
        assert row[4]["estimate"] == 0.0  # type: ignore[index,call-overload]


def test_orders_are_compared_where_there_are_several(
    everyone: list[Subject], small: Params, built: Path, results: Path
) -> None:
    figures = Figures(statistics(built, results, small))
    part = contrast_section(View(everyone[1:2], figures))
    assert part is not None
    table = part.blocks[-1]
    assert isinstance(table, Table)
    assert "other orders" in table.caption
    assert [row[:2] for row in table.rows] == [("sums, supervised", 1), ("sums, supervised", 2)]
