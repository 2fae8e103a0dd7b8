from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.many_shot.context import Subject, View
from evaluators.many_shot.curve_sections import _verdict, summary_section
from evaluators.many_shot.report import statistics
from measurand.report.document import Table
from measurand.report.lookup import Figures
from schemas.many_shot.params import Params


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (0.2, 0.1, 0.3, "rises by +0.20 [+0.10, +0.30]"),
        (-0.2, -0.3, -0.1, "falls by -0.20"),
        (0.1, -0.1, 0.3, "cannot tell"),
        (0.0, 0.0, 0.0, "does not change at all"),
        (0.1, None, None, "without an interval"),
    ],
)
def test_a_change_is_named_only_where_its_interval_leaves_zero(
    value: float, low: float | None, high: float | None, words: str
) -> None:
    gain = {"estimate": value, "ci_lo": low, "ci_hi": high, "reason": None}
    assert words in _verdict(gain, 4, 64)


def test_an_undefined_change_says_why() -> None:
    gain = {"estimate": None, "ci_lo": None, "ci_hi": None, "reason": "no rows"}
    assert "undefined (no rows)" in _verdict(gain, 4, 64)


def test_the_summary_has_a_row_a_curve(
    everyone: list[Subject], small: Params, built: Path, results: Path
) -> None:
    figures = Figures(statistics(built, results, small))
    [table] = [b for b in summary_section(View(everyone, figures)).blocks if isinstance(b, Table)]
    curves = list(everyone[0].curves())
    assert len(table.rows) == len(curves) == 5
    assert [row[1] for row in table.rows] == [6, 6, 6, 2, 6]
    assert [row[3] for row in table.rows][:4] == [24, 6, 6, 2]
