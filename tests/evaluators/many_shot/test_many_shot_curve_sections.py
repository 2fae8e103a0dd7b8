from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.many_shot.context import Subject, View
from evaluators.many_shot.curve_sections import _verdict, summary_section
from evaluators.many_shot.report import statistics
from measurand.report.document import Table
from measurand.report.lookup import Figures
from measurand.statistics import statistic_row
from measurand.stats.estimate import Estimate, undefined
from schemas.many_shot.params import Params


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Estimate(0.2, ci_lo=0.1, ci_hi=0.3, n=60), "accuracy rises by 0.20 [0.10, 0.30]."),
        (Estimate(-0.2, ci_lo=-0.3, ci_hi=-0.1, n=60), "accuracy falls by 0.20 [0.10, 0.30]."),
        (Estimate(0.1, ci_lo=-0.1, ci_hi=0.3, n=60), "cannot tell whether at all."),
        (Estimate(0.0, ci_lo=0.0, ci_hi=0.0, n=4), "is too small to tell (n = 4)."),
        (undefined("no rows"), "an undefined size (no rows)."),
    ],
)
def test_a_change_is_named_only_where_its_interval_leaves_zero(found: Estimate, words: str) -> None:
    gain = statistic_row("many_shot", "m", "gain_crossed", {}, found)
    assert _verdict(gain, 4, 64).endswith(words)


def test_the_summary_has_a_row_a_curve(
    everyone: list[Subject], small: Params, built: Path, results: Path
) -> None:
    figures = Figures(statistics(built, results, small))
    [table] = [b for b in summary_section(View(everyone, figures)).blocks if isinstance(b, Table)]
    curves = list(everyone[0].curves())
    assert len(table.rows) == len(curves) == 5
    assert [row[1] for row in table.rows] == [6, 6, 6, 2, 6]
    assert [row[3] for row in table.rows][:4] == [24, 6, 6, 2]
