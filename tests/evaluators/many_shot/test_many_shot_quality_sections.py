from __future__ import annotations

from pathlib import Path

from evaluators.many_shot.context import Subject, View
from evaluators.many_shot.quality import rejected_prompts
from evaluators.many_shot.quality_sections import (
    bias_section,
    leak_section,
    prompt_section,
)
from evaluators.many_shot.report import statistics
from measurand.reporting.costs import cost_section
from measurand.reporting.document import Table, Text
from measurand.reporting.lookup import Figures
from schemas.many_shot.params import Params


def test_the_proof_lists_every_task(built: Path) -> None:
    [table] = leak_section(View([], data=built)).blocks
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["line", "sums"]
    for row in table.rows:
        assert list(row[3:7]) == [0, 0, 0, 0]
        found, _, planted = str(row[9]).partition(" of ")
        assert found == planted


def test_prompts_that_were_not_made_are_listed(built: Path) -> None:
    lengths, *rest = prompt_section(View([], data=built)).blocks
    assert isinstance(lengths, Table)
    assert sum(int(str(row[1])) for row in lengths.rows) > 0
    left = rejected_prompts(built)
    if left:
        [table] = rest
        assert isinstance(table, Table)
        assert [tuple(row) for row in table.rows] == left[:20]
    else:
        assert isinstance(rest[0], Text)


def test_the_word_said_too_often_is_named(
    everyone: list[Subject], small: Params, built: Path, results: Path
) -> None:
    figures = Figures(statistics(built, results, small))
    [majority] = [s for s in everyone if s.model == "oracle:majority"]
    part = bias_section(View([majority], figures))
    assert part is not None
    [table] = part.blocks
    assert isinstance(table, Table)
    said = majority.curve("line", "supervised").filter(k=6)["prediction"][0]
    [row] = [r for r in table.rows if r[0] == "line, supervised" and r[1] == 6]
    assert row[2] == ("A", "B")[said]


def test_costs_are_those_of_the_run(results: Path) -> None:
    [table] = cost_section(View([], results=results)).blocks
    assert isinstance(table, Table)
    assert all(isinstance(row[1], int) and row[1] > 0 for row in table.rows)
