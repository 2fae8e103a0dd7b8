from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.many_shot.context import Subject, View
from evaluators.many_shot.curve_sections import summary_section
from evaluators.many_shot.report import statistics
from measurand.reporting.document import Table
from measurand.reporting.lookup import Figures
from schemas.many_shot.params import Params


@pytest.mark.integration
def test_the_summary_has_a_row_a_curve(
    everyone: list[Subject], small: Params, built: Path, results: Path
) -> None:
    figures = Figures(statistics(built, results, small))
    [table] = summary_section(View(everyone, figures)).blocks
    assert isinstance(table, Table)
    curves = list(everyone[0].curves())
    assert len(table.rows) == len(curves) == 5
    assert [row[1] for row in table.rows] == [6, 6, 6, 2, 6]
    assert [row[3] for row in table.rows][:4] == [24, 6, 6, 2]
