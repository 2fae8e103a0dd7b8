from __future__ import annotations

from typing import Any, cast

import pytest

from measurand.reporting.again import section
from measurand.reporting.document import Table, Text
from measurand.results import StatisticRow
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate
from measurand.trainings import Study

KEY = ("net", "gain", "")


def row(value: float, metric: str = "gain", scope: Any = "training") -> StatisticRow:
    found = Estimate(
        value, se=0.05, ci_lo=value - 0.1, ci_hi=value + 0.1, n_clusters=40, scope=scope
    )
    return statistic_row("toy", "net", metric, {}, found)


def told(
    study: Study, value: float = 1.5, against: dict[str, float] | None = None
) -> tuple[str, Table, str]:
    before = statistics_table([row(value), row(0.4, "leaks", None)])
    after = statistics_table([study.widen(one) for one in before.to_pylist()])
    made = section(before, after, study, ("gain", "leaks"), against or {"gain": 1.0})
    assert made is not None
    first, table, last = made.blocks
    assert isinstance(first, Text)
    assert isinstance(table, Table)
    return str(first), table, str(last)


def test_each_training_both_intervals_and_what_it_says_are_shown() -> None:
    study = Study(3, {KEY: (1.5, 1.6, 1.4)}, {KEY: ((1.4, 1.6), (1.5, 1.7), (1.3, 1.5))})
    first, table, last = told(study)
    assert "Since then" not in first
    [[_, each, one, method, says]] = table.rows
    assert each == "1.5, 1.6, 1.4"
    assert cast(dict[str, Any], one)["upper"] == pytest.approx(1.6)
    assert cast(dict[str, Any], method)["upper"] > 1.9
    assert says == "above 1"
    assert "other trainings: 2. Of them 0" in last
    assert "compared with): 1; contradicted" in last
    assert "other side: 0." in last


def test_a_claim_that_a_training_contradicts_is_counted() -> None:
    """The other trainings stand where one alone would claim the opposite."""
    seen = (1.5, 0.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5)
    ends = tuple((value - 0.1, value + 0.1) for value in seen)
    study = Study(10, {KEY: seen}, {KEY: ends})
    _, table, last = told(study, value=2.5)
    assert table.rows[0][-1] == "above 1"
    assert "other side: 1." in last
    assert "this training and 1 outside" not in last


def test_code_that_changed_and_makes_the_same_is_told_so() -> None:
    study = Study(2, {KEY: (1.5, 1.6)}, {KEY: ((1.4, 1.6), (1.5, 1.7))}, (), 7)
    first, _, _ = told(study)
    assert "all 7 figures that are not of sampled texts are within 0.01" in first
    assert "measurand replicate" not in first


def test_what_is_not_as_it_was_is_told_and_what_is_undefined_says_nothing() -> None:
    study = Study(2, {KEY: (1.5, None)}, {KEY: ((1.4, 1.6), None)}, ("data", "training code"))
    first, table, last = told(study)
    assert "the data and training code changed" in first
    [[_, each, _, method, says]] = table.rows
    assert each == "1.5, undefined"
    for cell in (method, says):
        assert "1 of 2 trainings" in str(cast(dict[str, Any], cell)["reason"])
    assert "other trainings: 0" in last
    nothing = section(
        statistics_table([row(0.4, "leaks", None)]), statistics_table([row(0.4, "leaks", None)]),
        study, ("leaks",), {},
    )  # fmt: skip
    assert nothing is None
