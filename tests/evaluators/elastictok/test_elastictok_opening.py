from __future__ import annotations

from evaluators.elastictok.context import HEADLINE, Findings, View
from evaluators.elastictok.opening import opening
from measurand.report.lookup import Figures
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate


def figures_of(found: Findings, savings: dict[str, float], shares: dict[str, float]) -> Figures:
    """Savings of one threshold against fixed models, and the share of blocks that these reach."""
    threshold = next(iter(found.limits))
    rows = []
    for fixed, n in found.fixed.items():
        if fixed in savings:
            value = savings[fixed]
            ends = Estimate(value, ci_lo=value - 0.5, ci_hi=value + 0.5, n=60)
            parts = {"threshold": threshold, "split": HEADLINE, "against": fixed, "n": str(n)}
            rows.append(statistic_row("elastictok", found.model, "token_saving", parts, ends))
            parts = {"n": str(n), "split": HEADLINE, "threshold": threshold}
            share = Estimate(shares[fixed], ci_lo=0.0, ci_hi=1.0, n=60)
            rows.append(statistic_row("elastictok", fixed, "budget_feasible", parts, share))
    return Figures(statistics_table(rows))


def test_the_least_saving_over_a_fixed_model_of_use_is_told_with_its_condition(
    found: Findings,
) -> None:
    figures = figures_of(found, {"fixed4": 1.2, "fixed16": 3.0}, {"fixed4": 0.28, "fixed16": 0.9})
    opened = opening(View(found, figures))
    assert opened is not None
    assert "bring 90% of unseen blocks" in opened.findings[0]
    assert "3.00 [2.50, 3.50] times fewer tokens than fixed16" in opened.findings[0]
    assert opened.figure is not None
    assert "against=fixed16" in opened.figure["slice"]


def test_an_interval_that_holds_one_may_save_nothing(found: Findings) -> None:
    figures = figures_of(found, {"fixed4": 1.2, "fixed16": 3.0}, {"fixed4": 0.8, "fixed16": 0.9})
    opened = opening(View(found, figures))
    assert opened is not None
    assert "1.20 [0.70, 1.70] times fewer tokens than fixed4" in opened.findings[0]
    assert opened.findings[0].endswith("the interval holds 1, so it may save nothing.")


def test_no_saving_is_told_where_no_fixed_model_reaches_half(found: Findings) -> None:
    figures = figures_of(found, {"fixed4": 1.2}, {"fixed4": 0.28})
    assert opening(View(found, figures)) is None


def test_the_picture_shows_the_threshold_that_is_told(found: Findings) -> None:
    figures = figures_of(found, {"fixed16": 3.0}, {"fixed16": 0.9})
    opened = opening(View(found, figures))
    assert opened is not None
    assert opened.picture is not None
    panels = {str(row["panel"]).split(":")[0] for row in opened.picture.data["rows"]}
    assert panels == {next(iter(found.limits))}
