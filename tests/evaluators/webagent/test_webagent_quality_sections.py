from __future__ import annotations

from dataclasses import replace

import webagent_small as small

from evaluators.webagent import quality_sections as quality
from evaluators.webagent.evaluate.context import Subject, View
from measurand.reporting.document import Table, Text


def test_every_check_of_the_run_has_a_line(seen: View) -> None:
    counts = quality.instrument_section(seen).blocks[0]
    assert isinstance(counts, Table)
    assert len(counts.rows) == 8
    assert not any(cell == {"value": None, "reason": "not asked"}
                   for row in counts.rows for cell in row)  # fmt: skip


def test_cost_is_by_agent(seen: View) -> None:
    [table] = quality.cost_section(seen).blocks
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == [one.name for one in small.AGENTS]
    nothing = {"value": None, "reason": "no model acted"}
    assert table.rows[0][1:] == [60, 2.0, 0.5, 0.0, 1.0, 0, nothing, nothing]


def test_tokens_are_those_of_models_an_episode(seen: View) -> None:
    def read(subject: Subject) -> Subject:
        steps = {
            name: [{**row, "prompt_tokens": 100 if row["step"] else None} for row in rows]
            for name, rows in subject.steps.items()
        }
        return replace(subject, steps=steps)

    everyone = [read(one) for one in seen.found.everyone]
    view = replace(seen, found=replace(seen.found, everyone=everyone))
    [table] = quality.cost_section(view).blocks
    assert isinstance(table, Table)
    # All of the oracle's episodes have four steps, of which the first read nothing.
    assert table.rows[0][-2] == 300


def test_methods_name_the_parameters_in_force(seen: View) -> None:
    [text] = quality.method_section(seen).blocks
    assert isinstance(text, Text)
    assert "20 instructions a site, 1 of each" in text.text
    assert "{" not in text.text
