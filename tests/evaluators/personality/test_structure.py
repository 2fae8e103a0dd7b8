from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evaluators.personality.evaluate.context import Subject, subjects
from evaluators.personality.evaluate.scores import matrix
from evaluators.personality.structure import structure_rows
from evaluators.personality.validity import validity_rows
from measurand.results import StatisticRow
from schemas.personality.params import DOMAINS, Params

AT = "experiment=validity,form=first,scale="


@pytest.fixture(scope="module")
def subject(small: Params, data: Path, administer: Callable[[str], Path]) -> Subject:
    [found] = subjects(data, administer("synthetic:factor"), small)
    return found


@pytest.fixture(scope="module")
def rows(subject: Subject) -> dict[tuple[str, str], StatisticRow]:
    return {(r["metric"], r["slice"]): r for r in structure_rows(subject)}


def test_the_third_bound_is_standardised_alpha_and_each_is_in_its_order(
    subject: Subject, rows: dict[tuple[str, str], StatisticRow]
) -> None:
    alphas = {
        r["slice"]: r["estimate"]
        for r in validity_rows(subject)
        if r["metric"] == "alpha_standardised"
    }
    for domain in DOMAINS:
        bounds = [rows[f"lambda{i}", AT + domain]["estimate"] for i in range(1, 6)]
        assert bounds[2] == pytest.approx(alphas[AT + domain], abs=1e-12)
        assert bounds[0] < bounds[2] <= bounds[1]
        assert bounds[3] >= bounds[2]  # the best of all halves is at least their mean, alpha


def test_the_ratio_of_two_domains_is_that_of_pandas_correlations(
    subject: Subject, rows: dict[tuple[str, str], StatisticRow]
) -> None:
    import pandas as pd

    answers = subject.responses.filter(
        (pl.col("experiment") == "validity")
        & pl.col("scale_id").is_in(["ipip_50.AGR", "ipip_50.NEU"])
    )
    domain = dict(answers.select("item_id", "domain").unique().iter_rows())
    table = matrix(answers)
    r = np.abs(pd.DataFrame(table.x).corr().to_numpy())
    side = np.array([domain[item] == "AGR" for item in table.items])
    upper = np.triu(np.ones(r.shape, dtype=bool), 1)
    within = [r[np.outer(s, s) & upper].mean() for s in (side, ~side)]
    expected = r[np.outer(side, ~side)].mean() / np.sqrt(within[0] * within[1])
    found = rows["htmt", "experiment=validity,first=AGR,second=NEU"]
    assert found["estimate"] == pytest.approx(expected, abs=1e-12)
    assert found["ci_lo"] < found["estimate"] < found["ci_hi"]
    assert found["n_clusters"] == 10


def test_a_respondent_that_says_one_thing_has_bounds_and_ratios_without_value(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> None:
    [constant] = subjects(data, administer("synthetic:constant"), small)
    for row in structure_rows(constant):
        if not row["metric"].endswith("_expected"):
            assert row["estimate"] is None
            assert "vary" in row["reason"]
