from __future__ import annotations

from dataclasses import replace

from evaluators.elastictok.context import HEADLINE, Findings, View
from evaluators.elastictok.opening import opening
from measurand.reporting.lookup import Figures
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate, undefined
from schemas.elastictok.params import Headline


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


def named(found: Findings, fixed: str) -> Findings:
    """The same, with the saving that opens the report read against this model."""
    told = Headline(threshold=next(iter(found.limits)), against=fixed)
    report = found.params.report.model_copy(update={"headline": told})
    return replace(found, params=found.params.model_copy(update={"report": report}))


def test_the_saving_is_told_where_the_parameters_say_whatever_others_are(found: Findings) -> None:
    figures = figures_of(found, {"fixed4": 1.2, "fixed16": 3.0}, {"fixed4": 0.28, "fixed16": 0.9})
    opened = opening(View(named(found, "fixed16"), figures))
    assert opened is not None
    assert "bring 90% [0%, 100%] of unseen blocks" in opened.findings[0]
    assert "3.00 [2.50, 3.50] times fewer tokens than fixed16" in opened.findings[0]
    assert opened.figure is not None
    assert "against=fixed16" in opened.figure["slice"]
    # A share of 28% is told, not passed over for a better one.
    opened = opening(View(named(found, "fixed4"), figures))
    assert opened is not None
    assert "bring 28% [0%, 100%] of unseen blocks" in opened.findings[0]
    assert opened.findings[0].endswith("the interval holds 1, so it may save nothing.")


def test_a_saving_of_one_training_claims_nothing_about_the_method(found: Findings) -> None:
    told = named(found, "fixed4")
    ends = Estimate(3.0, ci_lo=2.5, ci_hi=3.5, n=60, scope="training")
    parts = {"threshold": next(iter(found.limits)), "split": HEADLINE, "against": "fixed4"}
    row = statistic_row("elastictok", found.model, "token_saving", {**parts, "n": "4"}, ends)
    opened = opening(View(told, Figures(statistics_table([row]))))
    assert opened is not None
    assert opened.findings[0].endswith("one training; not a finding about the method.")


def test_a_saving_that_is_undefined_is_said_to_be_with_its_reason(found: Findings) -> None:
    told = named(found, "fixed4")
    parts = {"threshold": next(iter(found.limits)), "split": HEADLINE, "against": "fixed4"}
    row = statistic_row(
        "elastictok", found.model, "token_saving", {**parts, "n": "4"}, undefined("too few reach")
    )
    opened = opening(View(told, Figures(statistics_table([row]))))
    assert opened is not None
    assert opened.findings[0].endswith("can be told (too few reach).")
    assert opened.figure is None
    assert opening(View(found, Figures(statistics_table([row])))) is None


def test_the_picture_shows_the_threshold_that_is_told(found: Findings) -> None:
    figures = figures_of(found, {"fixed16": 3.0}, {"fixed16": 0.9})
    opened = opening(View(named(found, "fixed16"), figures))
    assert opened is not None
    assert opened.picture is not None
    panels = {str(row["panel"]).split(":")[0] for row in opened.picture.data["rows"]}
    assert panels == {next(iter(found.limits))}
