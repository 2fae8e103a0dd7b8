from __future__ import annotations

import webagent_small as small

from evaluators.webagent import quality_sections as quality
from evaluators.webagent.evaluate.context import View
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
    assert table.rows[0][1:] == [60, 2.0, 0.5, 0.0, 1.0, 0]


def test_methods_name_the_parameters_in_force(seen: View) -> None:
    [text] = quality.method_section(seen).blocks
    assert isinstance(text, Text)
    assert "20 instructions a site, 1 of each" in text.text
    assert "{" not in text.text
