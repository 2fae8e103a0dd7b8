from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evaluators.personality.evaluate.context import View, subjects
from evaluators.personality.report import statistics
from evaluators.personality.structure_sections import structure_section
from measurand.reporting.document import Table
from measurand.reporting.lookup import Figures
from schemas.personality.params import Params


def test_the_section_has_a_row_for_each_domain_and_each_two(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> None:
    results = administer("synthetic:factor")
    figures = Figures(statistics(data, results, small))
    section = structure_section(View(subjects(data, results, small), figures))
    assert section is not None
    bounds, ratios = [b for b in section.blocks if isinstance(b, Table)]
    assert len(bounds.rows) % 5 == 0
    assert len(ratios.rows) == 10
