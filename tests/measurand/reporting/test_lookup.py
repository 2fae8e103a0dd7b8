from __future__ import annotations

from measurand.reporting.lookup import Figures
from measurand.statistics import exact, statistic_row, statistics_table
from measurand.stats.estimate import Estimate, undefined


def test_cells_show_intervals_counts_and_reasons() -> None:
    rows = [
        statistic_row("s", "m", "a", {"x": "1"}, Estimate(0.5, ci_lo=0.4, ci_hi=0.6, method="t")),
        statistic_row("s", "m", "b", {}, exact(3.0)),
        statistic_row("s", "m", "c", {}, undefined("too few", method="t")),
    ]
    figures = Figures(statistics_table(rows))
    assert figures.value("m", "a", x="1") == 0.5
    cell = figures.cell("m", "a", x="1")
    assert cell == {"estimate": 0.5, "lower": 0.4, "upper": 0.6, "reason": None}
    assert figures.cell("m", "b") == {"value": 3.0, "reason": None}
    assert figures.cell("m", "c") == {"value": None, "reason": "too few"}
    assert figures.cell("m", "d") == {"value": None, "reason": "not asked"}
    assert figures.dot("label", "m", "d")["reason"] == "not asked"
    assert [r["slice"] for r in figures.metrics("m", "a")] == ["x=1"]
