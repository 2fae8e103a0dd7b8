from __future__ import annotations

import dataclasses
from typing import Any

import krippendorff
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from evaluators.soft_labels.context import Material
from evaluators.soft_labels.judges import both_orders, judge_rows, people_rows, position_bias

Found = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def rows(everything: Material) -> Found:
    found = [*judge_rows(everything), *people_rows(everything)]
    return {(row["metric"], row["slice"]): row for row in found}


def test_bias_is_the_difference_that_exchanging_makes(everything: Material, rows: Found) -> None:
    own = everything.judgements.filter(judge="fair", wording="one")
    wide = own.pivot(on="order", index="pair_id", values="p_1")
    row = rows["position_bias", "judge=fair,set=film,wording=one"]
    assert row["estimate"] == pytest.approx((wide["12"] - wide["21"]).mean())
    assert 0.05 < row["ci_lo"] < row["ci_hi"] < 0.25
    leaning = rows["position_bias", "judge=leaning,set=film"]
    assert leaning["estimate"] > 0.9
    assert rows["first_share", "judge=leaning,set=film"]["estimate"] == 1
    assert rows["order_consistency", "judge=leaning,set=film"]["estimate"] == 0


def test_exchanging_the_orders_mirrors_the_bias_and_nothing_else(everything: Material) -> None:
    judged = everything.judgements.with_columns(
        pl.when(pl.col("order") == "12").then(pl.lit("21")).otherwise(pl.lit("12")).alias("order")
    )
    turned = dataclasses.replace(everything, judgements=judged)
    before, after = (
        {(r["metric"], r["slice"]): r["estimate"] for r in judge_rows(m)}
        for m in (everything, turned)
    )
    for key, value in after.items():
        if key[0] == "position_bias":
            assert value == pytest.approx(-before[key])
        elif key[0] == "first_share":
            assert value == pytest.approx(1 - before[key])
        else:
            assert value == pytest.approx(before[key])


def test_a_pair_without_both_orders_says_nothing(everything: Material, rows: Found) -> None:
    own = everything.judgements.filter(judge="fair")
    assert both_orders(own.filter(wording="two")).height == 59
    assert both_orders(own).height == 60  # the other wording has both
    missing = rows["judge_missing", "judge=fair,set=film"]
    assert missing["estimate"] == pytest.approx(1 / 240)


def test_agreement_is_that_of_other_packages(everything: Material, rows: Found) -> None:
    pairs = both_orders(everything.judgements.filter(judge="fair"))
    said = ((pairs["p_12"] + pairs["p_21"]) / 2).to_numpy()
    label, swapped = pairs["p"].to_numpy(), pairs["swapped"].to_numpy()
    said, label = (np.where(swapped, 1 - x, x) for x in (said, label))
    at = "judge=fair,set=film"
    sided = label != 0.5
    agree = (said > 0.5) == (label > 0.5)
    assert rows["judge_accuracy", at]["estimate"] == pytest.approx(agree[sided].mean())
    kappa = cohen_kappa_score(said[sided] > 0.5, label[sided] > 0.5)
    assert rows["judge_kappa", at]["estimate"] == pytest.approx(kappa)
    alpha = krippendorff.alpha(
        reliability_data=np.vstack([said, label]), level_of_measurement="interval"
    )
    assert rows["judge_alpha", at]["estimate"] == pytest.approx(alpha)
    rho = stats.spearmanr(said, label).statistic
    assert rows["judge_spearman", at]["estimate"] == pytest.approx(rho)
    assert rows["judge_icc", at]["ci_lo"] is None
    assert "share responses" in rows["judge_icc", at]["reason"]


def test_averaging_hides_a_bias_from_accuracy_but_not_from_alpha(rows: Found) -> None:
    fair, leaning = "judge=fair,set=film", "judge=leaning,set=film"
    assert rows["judge_accuracy", leaning]["estimate"] > 0.8
    assert rows["judge_alpha", leaning]["estimate"] < 0.2 < rows["judge_alpha", fair]["estimate"]


def test_instruments_without_orders_have_agreement_only(rows: Found) -> None:
    at = "judge=learned,set=film"
    assert rows["judge_accuracy", at]["estimate"] == 1
    assert ("position_bias", at) not in rows


def test_people(everything: Material, rows: Found) -> None:
    lists = everything.items.filter(set="film")["ratings"].to_list()
    alpha = krippendorff.alpha(reliability_data=np.array(lists).T, level_of_measurement="ordinal")
    assert rows["rater_alpha", "set=film"]["estimate"] == pytest.approx(alpha)
    halves = everything.pairs.filter(set="film").select("p_half_a", "p_half_b").to_numpy()
    same = ((halves > 0.5)[:, 0] == (halves > 0.5)[:, 1]).mean()
    found = rows["label_half_accuracy", "set=film"]["estimate"]
    assert found == pytest.approx(same, abs=0.03)  # ties count half
    assert 0.8 < rows["label_reliability", "set=film"]["estimate"] < 1
    assert ("rater_alpha", "set=known") not in rows


def test_wordings_are_compared_where_there_are_two(everything: Material, rows: Found) -> None:
    row = rows["wording_consistency", "judge=fair,set=film"]
    assert row["estimate"] > 0.9
    assert row["n"] == 59
    assert rows["wording_icc", "judge=fair,set=film"]["estimate"] > 0.95


def test_the_largest_bias_decides(everything: Material) -> None:
    assert position_bias(everything, "leaning") == pytest.approx(0.96, abs=0.02)
    assert position_bias(everything, "learned") is None


def test_reliability_is_that_of_the_preference_over_orders_and_wordings(
    everything: Material, rows: Found
) -> None:
    import pingouin

    own = everything.judgements.filter(judge="leaning").with_columns(
        pl.when("swapped").then(1 - pl.col("p_1")).otherwise(pl.col("p_1")).alias("said")
    )
    at = "judge=leaning,set=film"
    wide = own.pivot(on=["wording", "order"], index="pair_id", values="said").drop("pair_id")
    expected, _ = pingouin.cronbach_alpha(pd.DataFrame(wide.to_numpy()))
    for metric in ("judge_accuracy", "judge_kappa", "judge_alpha", "judge_icc", "judge_spearman"):
        assert rows[metric, at]["reliability"] == pytest.approx(expected, abs=1e-9)
    assert rows["preference_alpha", at]["estimate"] == pytest.approx(expected)
    gaps = own.pivot(on="order", index=["pair_id", "wording"], values="p_1").with_columns(
        (pl.col("12") - pl.col("21")).alias("gap")
    )
    wide = gaps.pivot(on="wording", index="pair_id", values="gap").drop("pair_id")
    expected, _ = pingouin.cronbach_alpha(pd.DataFrame(wide.to_numpy()))
    assert rows["position_bias", at]["reliability"] == pytest.approx(expected, abs=1e-9)
    assert rows["position_bias", f"{at},wording=one"]["reliability"] is None
    assert rows["judge_accuracy", "judge=learned,set=film"]["reliability"] is None


def test_agreement_has_the_error_of_pairs_that_share_responses(rows: Found) -> None:
    for metric in ("judge_kappa", "judge_alpha", "judge_spearman"):
        row = rows[metric, "judge=fair,set=film"]
        assert row["ci_lo"] is not None, metric
        assert "jackknife over pairs, dyadic-robust error" in row["method"]
        assert row["n_clusters"] > row["n"] / 2
    for metric in ("judge_accuracy", "position_bias"):
        assert "dyadic-robust error" in rows[metric, "judge=fair,set=film"]["method"]
    assert "over pairs" in rows["label_alpha", "set=film"]["method"]


def test_orders_are_those_of_one_wording_and_then_averaged() -> None:
    """The second pair has each order in another wording only."""
    asked = [("a", "one", "12", 0.9), ("a", "one", "21", 0.5), ("a", "two", "21", 0.25),
             ("a", "two", "12", 0.5), ("b", "one", "12", 0.9), ("b", "two", "21", 0.1)]  # fmt: skip
    own = pl.DataFrame(asked, ["pair_id", "wording", "order", "p_1"], orient="row").with_columns(
        pl.lit(0).alias("first"), pl.lit(1).alias("second"), p=0.75, swapped=False
    )
    [found] = both_orders(own).to_dicts()
    assert (found["pair_id"], found["p_12"], found["p_21"]) == ("a", 0.7, 0.375)


def test_people_may_have_rated_a_text_less_often_than_another(everything: Material) -> None:
    lists = [row[: len(row) - at % 2] for at, row in enumerate(_ratings(everything))]
    film = everything.items.filter(set="film").with_columns(pl.Series("ratings", lists))
    [row] = [
        row
        for row in people_rows(dataclasses.replace(everything, items=film))
        if row["metric"] == "rater_alpha"
    ]
    table = pd.DataFrame(lists).to_numpy(float)
    alpha = krippendorff.alpha(reliability_data=table.T, level_of_measurement="ordinal")
    assert np.isnan(table).any()
    assert row["estimate"] == pytest.approx(alpha)


def _ratings(everything: Material) -> list[list[float]]:
    found: list[list[float]] = everything.items.filter(set="film")["ratings"].to_list()
    return found


def test_a_bias_lies_between_minus_1_and_1(rows: Found) -> None:
    row = rows["position_bias", "judge=leaning,set=film"]
    assert (row["least"], row["most"]) == (-1.0, 1.0)
