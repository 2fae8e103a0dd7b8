from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from evaluators.personality.evaluate.context import subjects
from evaluators.personality.quality import quality_rows
from schemas.personality.params import Params


@pytest.fixture(scope="module")
def rows(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> Callable[[str], dict[tuple[str, str], dict[str, Any]]]:
    def of(model: str) -> dict[tuple[str, str], dict[str, Any]]:
        results = administer(model)
        [subject] = subjects(data, results, small)
        return {(r["metric"], r["slice"]): r for r in quality_rows(subject, results)}

    return of


@pytest.mark.integration
def test_nothing_missing_is_a_bound_not_a_certainty(rows: Callable[..., Any]) -> None:
    found = rows("synthetic:factor")["missing_share", "experiment=validity"]
    assert found["estimate"] == 0
    # Rule of three: the one-sided 95% bound of 0 in n is close to 3/n.
    assert found["upper"] == pytest.approx(3 / found["n"], rel=0.01)


def test_a_constant_respondent_puts_no_pair_in_opposition(rows: Callable[..., Any]) -> None:
    found = rows("synthetic:constant?value=5")
    parts = "experiment=validity,form=first"
    assert found["keyed_pair_both_agreed", parts]["estimate"] == 1
    assert found["keyed_pair_agreement", parts]["estimate"] == 0


def test_the_middle_of_the_scale_agrees_with_neither_of_a_pair(rows: Callable[..., Any]) -> None:
    found = rows("synthetic:constant?value=3")
    parts = "experiment=validity,form=first"
    assert found["keyed_pair_neutral", parts]["estimate"] == 1
    assert found["keyed_pair_both_agreed", parts]["estimate"] is None


def test_options_in_reverse_leave_a_respondent_that_reads_no_prompt_alone(
    rows: Callable[..., Any],
) -> None:
    found = rows("synthetic:factor")
    assert found["option_order_agreement", "experiment=reversed_options"]["estimate"] == 1
    assert found["option_order_shift", "experiment=reversed_options"]["estimate"] == 0


def test_asking_again_alone_is_part_of_every_run(rows: Callable[..., Any]) -> None:
    found = rows("synthetic:factor")
    assert found["retest_agreement", ""]["n"] == 32
    assert found["retest_logprob_difference_max", ""]["estimate"] == 0


def test_what_the_turned_list_adds_is_its_answer_minus_the_straight_one(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> None:
    results = administer("synthetic:constant?value=3")
    [subject] = subjects(data, results, small)
    # Biography 1 says 4 where the list is turned and 3 where it is not, the others 3 and 3.
    first = subject.responses.filter(experiment="reversed_options")["bio_id"].min()
    turned = (pl.col("experiment") == "reversed_options") & (pl.col("bio_id") == first)
    answers = subject.responses.with_columns(
        pl.when(turned).then(4).otherwise(pl.col("value")).alias("value")
    )
    rows = {r["metric"]: r for r in quality_rows(replace(subject, responses=answers), results)}
    own = answers.filter(experiment="reversed_options")
    moved = float((own["bio_id"] == first).mean())  # type: ignore[arg-type]
    assert rows["option_order_shift"]["estimate"] == pytest.approx(moved)
    assert rows["option_order_agreement"]["estimate"] == pytest.approx(1 - moved)
    assert rows["option_order_shift"]["n_clusters"] == own["bio_id"].n_unique()
    assert (rows["option_order_shift"]["least"], rows["option_order_shift"]["most"]) == (-4, 4)


def test_mass_is_cut_at_one_and_low_where_it_is_below_the_limit(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> None:
    results = administer("synthetic:factor")
    [subject] = subjects(data, results, small)
    low = subject.params.evaluate.low_mass
    own = subject.responses.filter(experiment="validity")
    # A quarter each: below the limit, at it, above it, and a rounding error above 1.
    masses = np.array([low / 2, low, 0.9, 1.0000001])[np.arange(own.height) % 4]
    made = own.with_columns(
        pl.Series("mass", masses), pl.Series("tie", np.arange(own.height) % 4 > 0)
    )
    rows = {r["metric"]: r for r in quality_rows(replace(subject, responses=made), results)}
    quarter = own.height % 4 == 0
    assert quarter
    assert rows["low_mass_share"]["estimate"] == pytest.approx(0.25)
    assert rows["mass_mean"]["estimate"] == pytest.approx((low * 1.5 + 1.9) / 4)
    assert rows["tie_share"]["estimate"] == pytest.approx(0.75)
    assert rows["low_mass_share"]["n_clusters"] == own["bio_id"].n_unique()
