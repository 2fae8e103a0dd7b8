from __future__ import annotations

import pytest

from evaluators.soft_labels.context import Material, View
from evaluators.soft_labels.summary_sections import method_section, summary_section
from measurand.report.document import Table, Text
from measurand.report.lookup import Figures


@pytest.fixture(scope="module")
def lines(everything: Material, figures: Figures) -> list[str]:
    block = summary_section(View(everything, figures)).blocks[0]
    assert isinstance(block, Text)
    return block.text.split("\n")


def test_judges_first_then_losses_then_controls(lines: list[str]) -> None:
    kinds = [line.split(" ")[1] for line in lines]
    assert kinds == ["Judge", "Judge", "film,", "Control:", "Control:", "Control:"]


def test_a_leaning_judge_is_named(lines: list[str]) -> None:
    assert "within what is allowed" in lines[0]
    assert "it cannot judge policies" in lines[1]


def test_a_difference_needs_both_intervals(lines: list[str]) -> None:
    assert "this sample cannot tell" in lines[2]


def test_methods_name_sources_and_deviations(everything: Material) -> None:
    text, table = method_section(View(everything)).blocks
    assert isinstance(text, Text)
    assert "Aronow" in text.text
    assert "B = 200" in text.text
    assert isinstance(table, Table)
    assert table.rows[0][2] == "smollm2"
