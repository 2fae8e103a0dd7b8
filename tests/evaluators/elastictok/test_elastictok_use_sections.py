"""Sentences and tables of the findings; their order is tested with the report."""

from __future__ import annotations

import pytest

from evaluators.elastictok.context import Findings, View
from evaluators.elastictok.report import statistics
from evaluators.elastictok.sections import search_section, summary_section
from evaluators.elastictok.use_sections import allocation_section, control_section
from measurand.reporting.document import Table, Text
from measurand.reporting.lookup import Figures
from schemas.elastictok.params import Params


@pytest.fixture(scope="module")
def figures(small: Params, data: object, results: object) -> Figures:
    return Figures(statistics(data, results, small))


@pytest.mark.integration
def test_the_first_table_gives_every_saving_beside_the_share_at_which_it_holds(
    found: Findings, figures: Figures
) -> None:
    [table] = summary_section(View(found, figures)).blocks
    assert isinstance(table, Table)
    assert [row[0]["text"] for row in table.rows] == list(found.limits)
    at = list(table.columns).index("saving against fixed4")
    assert table.columns[at - 1] == "share by fixed4"
    for row, threshold in zip(table.rows, found.limits, strict=True):
        where = {"n": "4", "threshold": threshold, "split": "test_clip"}
        assert row[at - 1] == figures.cell("fixed4", "budget_feasible", **where)


def test_searches_are_all_there_with_their_times(found: Findings, figures: Figures) -> None:
    part = search_section(View(found, figures))
    assert part is not None
    _, table, words, learned, unseen = part.blocks
    assert isinstance(words, Text)
    assert "of 8 learned" in words.text
    assert isinstance(learned, Table)
    assert len(learned.rows) == 8
    assert isinstance(unseen, Table)
    assert len(unseen.rows) == 3
    assert isinstance(table, Table)
    assert len(table.rows) == 12
    assert all(row[-1]["value"] > 0 for row in table.rows)
    words = part.blocks[0].text
    assert "that are not: 0." in words
    one, wide = (
        figures.value("elastic", "monotone_share", **parts) for parts in ({}, {"steps": "budgets"})
    )
    assert f"{one:.0%}" in words
    assert f"Between the budgets 2, 4, 8, 12, 16 it is {wide:.0%}" in words


def test_controls_and_ablations_name_every_searched_model(
    found: Findings, figures: Figures
) -> None:
    part = control_section(View(found, figures))
    assert part is not None
    table = part.blocks[-1]
    assert isinstance(table, Table)
    assert {row[0]["text"] for row in table.rows} == {"elastic", "blind", "untrained"}
    assert any("blind: the encoder is not told" in note for note in table.notes)


def test_frame_traces_come_before_the_tables(found: Findings, figures: Figures) -> None:
    part = allocation_section(View(found, figures))
    assert part is not None
    assert [getattr(block, "kind", "table") for block in part.blocks] == [
        "frame_trace", "table", "table",
    ]  # fmt: skip
