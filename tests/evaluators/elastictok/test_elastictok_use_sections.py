"""Sentences and tables of the findings; their order is tested with the report."""

from __future__ import annotations

import pytest

from evaluators.elastictok.context import Findings, View
from evaluators.elastictok.report import statistics
from evaluators.elastictok.sections import _saving, search_section, summary_section
from evaluators.elastictok.use_sections import allocation_section, control_section
from measurand.report.document import Table, Text
from measurand.report.lookup import Figures
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate
from schemas.elastictok.params import Params


@pytest.fixture(scope="module")
def figures(small: Params, data: object, results: object) -> Figures:
    return Figures(statistics(data, results, small))


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((2.0, 1.5, 2.5), "fewer tokens by a factor of 2.00 [1.50, 2.50]."),
        ((0.5, 0.4, 0.6), "more tokens, the factor is 0.50 [0.40, 0.60]."),
        ((1.1, 0.9, 1.3), "this sample cannot tell whether at all."),
    ],
)
def test_a_saving_says_at_which_share_of_blocks_it_holds(
    found: Findings, ends: tuple[float, float, float], words: str
) -> None:
    value, low, high = ends
    saving = statistic_row("s", "m", "x", {}, Estimate(value, ci_lo=low, ci_hi=high, n=60))
    where = {"n": "4", "threshold": "strict", "split": "test_clip"}
    share = statistic_row("s", "fixed4", "budget_feasible", where, Estimate(0.28))
    figures = Figures(statistics_table([share]))
    said = _saving(found, figures, "strict", "fixed4", saving)
    assert said.startswith("Threshold strict, against fixed4, both with 28% of blocks under it: ")
    assert said.endswith(words)


def test_the_summary_has_a_row_a_threshold(found: Findings, figures: Figures) -> None:
    part = summary_section(View(found, figures))
    table = part.blocks[-1]
    assert isinstance(table, Table)
    assert [row[0]["text"] for row in table.rows] == list(found.limits)
    assert isinstance(part.blocks[0], Text)
    assert "times smaller" in part.blocks[0].text


def test_searches_are_all_there_with_their_times(found: Findings, figures: Figures) -> None:
    part = search_section(View(found, figures))
    assert part is not None
    _, table, words, learned = part.blocks
    assert isinstance(words, Text)
    assert "of 6 learned" in words.text
    assert isinstance(learned, Table)
    assert len(learned.rows) == 6
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
