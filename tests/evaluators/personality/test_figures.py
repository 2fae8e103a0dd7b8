from __future__ import annotations

from evaluators.personality.figures import kinds_of
from measurand.reporting.lookup import Figures
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate, undefined


def test_kinds_are_those_of_which_any_figure_is_defined() -> None:
    rows = [
        statistic_row("s", "m", "alpha", {"scale": "a"}, undefined("constant")),
        statistic_row("s", "m", "alpha_expected", {"scale": "a"}, undefined("constant")),
        statistic_row("s", "m", "alpha_expected", {"scale": "b"}, Estimate(0.5)),
    ]
    figures = Figures(statistics_table(rows))
    assert kinds_of(figures, "m", "alpha") == ["expected"]
    assert kinds_of(figures, "other", "alpha") == []
