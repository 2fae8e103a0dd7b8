from __future__ import annotations

from evaluators.soft_labels.context import Material, View
from evaluators.soft_labels.method_sections import method_section
from measurand.reporting.document import Table, Text


def test_methods_name_sources_and_deviations(everything: Material) -> None:
    text, table = method_section(View(everything)).blocks
    assert isinstance(text, Text)
    assert "Aronow" in text.text
    assert "B = 200" in text.text
    assert isinstance(table, Table)
    assert table.rows[0][2] == "smollm2"
