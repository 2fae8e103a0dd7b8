from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evaluators.personality.evaluate.context import Subject, subjects
from evaluators.personality.evaluate.scores import matrix
from evaluators.personality.structure import LAMBDAS, structure_rows
from evaluators.personality.validity import validity_rows
from measurand.results import StatisticRow
from measurand.stats.covariance import correlation, covariance
from measurand.stats.guttman import lambdas
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


SCALE = "ipip_50.EXT"


def of(subject: Subject, frame: pl.DataFrame) -> dict[tuple[str, str], StatisticRow]:
    """Rows of other responses of the same subject."""
    made = structure_rows(replace(subject, responses=frame))
    return {(r["metric"], r["slice"]): r for r in made}


def validity(subject: Subject, scale: str = SCALE) -> pl.DataFrame:
    own = (pl.col("experiment") == "validity") & (pl.col("scale_id") == scale)
    return subject.responses.filter(own)


def some(frame: pl.DataFrame, items: int, people: int) -> pl.DataFrame:
    """The first items and respondents."""
    kept = [
        frame[name].unique().sort()[:n]
        for name, n in (("item_id", items), ("participant_id", people))
    ]
    return frame.filter(pl.col("item_id").is_in(kept[0]) & pl.col("participant_id").is_in(kept[1]))


def test_other_experiments_on_the_same_scales_are_no_part(
    subject: Subject, rows: dict[tuple[str, str], StatisticRow]
) -> None:
    other = validity(subject).with_columns(
        pl.lit("retest").cast(subject.responses["experiment"].dtype).alias("experiment"),
        (pl.lit("again") + pl.col("participant_id")).alias("participant_id"),
        pl.lit(1.0).alias("keyed_value"),
    )
    assert of(subject, pl.concat([subject.responses, other])) == rows


def test_rows_that_lack_an_answer_are_no_part_of_the_bounds(subject: Subject) -> None:
    frame = validity(subject)
    first = frame["participant_id"].min()
    gap = (pl.col("participant_id") == first) & (pl.col("item_id") == frame["item_id"].min())
    holed = frame.with_columns(
        pl.when(gap).then(None).otherwise(pl.col("keyed_value")).alias("keyed_value")
    )
    found = of(subject, holed)["lambda3", AT + "EXT"]
    whole = frame.filter(pl.col("participant_id") != first)
    assert found["n"] == whole["participant_id"].n_unique()
    expected = lambdas(correlation(covariance(matrix(whole).x))).lambda3
    assert found["estimate"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("items", "people", "enough"), [(1, 20, False), (2, 20, True), (3, 1, False), (3, 2, True)]
)
def test_two_items_and_two_complete_rows_are_the_fewest(
    items: int, people: int, enough: bool, subject: Subject
) -> None:
    frame = validity(subject).with_columns(
        # Answers that vary in every item, whoever is kept.
        (pl.col("participant_id").rank("dense") % 2 + pl.col("item_id").rank("dense") % 3 * 0.5)
        .cast(pl.Float64)
        .alias("keyed_value")
    )
    found = of(subject, some(frame, items, people))["lambda1", AT + "EXT"]
    few = found["reason"] == "fewer than two items or complete rows"
    assert few != enough
    assert (found["estimate"] is not None) == enough


def test_one_item_that_does_not_vary_leaves_no_bound(subject: Subject) -> None:
    frame = validity(subject)
    one = pl.col("item_id") == frame["item_id"].min()
    fixed = frame.with_columns(
        pl.when(one).then(3.0).otherwise(pl.col("keyed_value")).alias("keyed_value")
    )
    found = of(subject, fixed)
    for name in LAMBDAS[:5]:
        assert found[name, AT + "EXT"]["reason"] == "an item does not vary"
        assert found[name, AT + "EXT"]["estimate"] is None


def test_each_bound_that_is_missing_says_its_own_reason(subject: Subject) -> None:
    own = (pl.col("experiment") == "validity") & pl.col("scale_id").str.starts_with("ipip_50.")
    frame = subject.responses.filter(own).with_columns(
        pl.lit(SCALE).cast(subject.responses["scale_id"].dtype).alias("scale_id"),
        # All fifty items are one: too many for halves, and the matrix has no inverse.
        pl.col("participant_id").rank("dense").cast(pl.Float64).alias("keyed_expected"),
    )
    found = of(subject, frame)
    for name, reason in (("lambda4", "tries all halves"), ("lambda6", "can be inverted")):
        row = found[f"{name}_expected", AT + "EXT"]
        assert row["estimate"] is None
        assert row["reason"].startswith(name)
        assert reason in row["reason"]
        assert ";" not in row["reason"]


def test_ratios_need_two_items_of_every_domain(subject: Subject) -> None:
    first = pl.col("scale_id").is_in([f"ipip_50.{d}" for d in DOMAINS])
    own = subject.responses.filter((pl.col("experiment") == "validity") & first)
    place = pl.col("item_id").rank("dense").over("scale_id")
    two = of(subject, own.filter(place <= 2))
    assert sum(metric == "htmt" for metric, _ in two) == 10
    lone = own.filter((place <= 2) & ((pl.col("domain") != DOMAINS[0]) | (place == 1)))
    assert not [metric for metric, _ in of(subject, lone) if metric == "htmt"]
