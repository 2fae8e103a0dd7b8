from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import binomtest
from toy_scores import item_rows

from measurand.analysis.figures import (
    difference_record,
    item_record,
    mean,
    model_record,
    pair_records,
)
from measurand.analysis.scores import Score, scores
from measurand.stats.paired import mcnemar


def score(**settings: object) -> Score:
    [found] = scores(item_rows(**settings).table)  # type: ignore[arg-type]
    return found


def test_clustered_means_are_those_of_statsmodels() -> None:
    made = score()
    fit = sm.OLS(made.column("low"), np.ones(40)).fit(
        cov_type="cluster", cov_kwds={"groups": made.clusters}, use_t=True
    )
    found = mean(made, "low")
    assert found.value == pytest.approx(fit.params[0])
    assert found.se == pytest.approx(fit.bse[0])
    assert found.n_clusters == 10


def test_single_answers_to_independent_items_are_a_rate() -> None:
    made = score(repeats=1, passages=40)
    k = int(made.column("low").sum())
    expected = binomtest(k, 40).proportion_ci(method="wilson")
    assert (mean(made, "low").ci_lo, mean(made, "low").ci_hi) == pytest.approx(tuple(expected))


def test_no_exception_is_no_certainty() -> None:
    made = score(models={"m": 2.0})
    assert made.clustered
    expected = binomtest(10, 10).proportion_ci(method="wilson")
    all_right = dataclasses.replace(made, values=np.ones((40, 1)))
    assert mean(all_right, "m").ci_lo == pytest.approx(expected.low)
    all_wrong = dataclasses.replace(made, values=np.zeros((40, 1)))
    assert mean(all_wrong, "m").ci_hi == pytest.approx(1 - expected.low)
    assert mean(all_wrong, "m").n_clusters == 10


def test_equal_values_without_a_known_range_have_no_interval() -> None:
    same = dataclasses.replace(score(), values=np.full((40, 1), 0.5), models=("low",), binary=False)
    found = mean(same, "low")
    assert (found.value, found.ci_lo, found.ci_hi) == (0.5, None, None)
    assert found.reason is not None


def test_a_model_with_its_losses_repeats_and_slices() -> None:
    record = model_record(score(), "high")
    assert record["lost"] == {"infra_error": 1}
    assert record["repeats"] == 2
    assert 0 < record["repeat_reliability"]["value"] < 1
    assert record["mean_of_repeats_reliability"]["value"] > record["repeat_reliability"]["value"]
    assert [s["slice"] for s in record["slices"]] == ["lang=de", "lang=en"]
    assert sum(s["mean"]["n"] for s in record["slices"]) == 40


def test_items_that_tell_nothing_or_go_against() -> None:
    record = item_record(score())
    assert record["dead_shown"] == ["item000"]
    assert (record["dead"], record["dead_at_top"], record["dead_at_bottom"]) == (1, 1, 0)
    assert "item001" in [i["item"] for i in record["negative_shown"]]
    assert sum(record["difficulty"]["counts"]) == 40
    assert record["alpha"]["value"] is not None


def test_one_answer_an_item_says_nothing_about_items() -> None:
    record = item_record(score(repeats=1, models={"m": 0.5}))
    assert record["dead"] is None
    assert record["dead_reason"]
    assert record["item_rest_median"] is None
    assert record["alpha"]["value"] is None


def test_pairs_are_tested_and_adjusted() -> None:
    records = pair_records(score())
    assert [(r["a"], r["b"]) for r in records] == [
        ("high", "low"), ("high", "middle"), ("low", "middle"),
    ]  # fmt: skip
    assert all(r["p_holm"] >= r["p"] and r["p_holm"] >= r["p_bh"] for r in records)
    first = records[0]
    assert first["difference"]["value"] > first["difference"]["ci_lo"] > 0
    assert first["smallest_detectable"] > 0


def test_swapping_models_mirrors_the_figures() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 2, (2, 60)).astype(float)
    a, b = difference_record(x, y, None, plain=True), difference_record(y, x, None, plain=True)
    assert a["difference"]["value"] == -b["difference"]["value"]
    assert a["difference"]["ci_lo"] == pytest.approx(-b["difference"]["ci_hi"])
    assert (a["p"], a["correlation"]) == (b["p"], pytest.approx(b["correlation"]))
    only_x = int(((x == 1) & (y == 0)).sum())
    only_y = int(((x == 0) & (y == 1)).sum())
    assert a["p"] == mcnemar(only_x, only_y, "mid_p")


def test_equal_models_have_no_p() -> None:
    x = np.array([0.0, 1.0, 1.0])
    found = difference_record(x, x, None, plain=True)
    assert found["p"] is None
    assert found["p_reason"]
    assert difference_record(x[:0], x[:0], None, plain=False)["difference"]["value"] is None


def test_rows_lost_to_infrastructure_are_counted_both_ways() -> None:
    once = score(repeats=1)
    assert model_record(once, "low")["lost_as_failures"] is None
    twice = score()
    found = model_record(twice, "high")
    lost, successes, tries = twice.tries("high")
    assert (int(lost.sum()), int(tries.sum())) == (1, 79)
    both = found["lost_as_failures"]
    assert both["value"] == pytest.approx((successes / (tries + lost)).mean())
    assert both["value"] < found["mean"]["value"]


def test_several_tries_have_pass_at_k_and_pass_hat_k() -> None:
    found = model_record(score(repeats=5), "middle")["passes"]
    assert [one["k"] for one in found] == [2, 4, 5]
    assert [one["any"]["value"] for one in found] == sorted(one["any"]["value"] for one in found)
    assert found[-1]["all"]["value"] < found[0]["all"]["value"] < found[0]["any"]["value"]
    assert model_record(score(repeats=1), "middle")["passes"] == []


def test_differences_of_shares_stay_in_their_range_and_have_a_width() -> None:
    ones, noughts = np.ones(12), np.zeros(12)
    same = difference_record(ones, ones, None, plain=True)["difference"]
    # Clopper and Pearson: of 12 items none differs, so up to 26.5% of them may.
    assert (same["value"], same["ci_hi"]) == (0.0, pytest.approx(1 - 0.025 ** (1 / 12)))
    assert same["ci_lo"] == -same["ci_hi"]
    far = difference_record(ones, noughts, None, plain=True)["difference"]
    assert (far["value"], far["ci_hi"]) == (1.0, 1.0)
    assert far["ci_lo"] < 1
    two = difference_record(np.array([1.0, 0.0]), np.zeros(2), None, plain=True)["difference"]
    assert (two["ci_lo"], two["ci_hi"]) == (-1.0, 1.0)


def test_equal_differences_of_other_scores_have_no_interval() -> None:
    x = np.array([3.0, 4.0, 5.0])
    found = difference_record(x + 2, x, None, plain=False)["difference"]
    assert (found["value"], found["ci_lo"], found["ci_hi"]) == (2.0, None, None)
    assert "every value is the same" in found["reason"]
