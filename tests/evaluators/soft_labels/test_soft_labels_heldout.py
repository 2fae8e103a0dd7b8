from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from evaluators.soft_labels.context import Material, items_of
from evaluators.soft_labels.heldout import (
    TERCILES,
    _near_tie,
    both_ways,
    by_seed,
    correct,
    heldout_rows,
    tercile_edges,
    with_winner,
)
from measurand.stats.calibration import calibration_error
from measurand.stats.dyads import dyadic_mean

Found = dict[tuple[str, str], dict[str, Any]]


def _rows(material: Material) -> Found:
    return {(row["metric"], row["slice"]): row for row in heldout_rows(material)}


@pytest.fixture(scope="module")
def rows(everything: Material) -> Found:
    return _rows(everything)


def test_accuracy_is_the_share_of_pairs_that_the_policy_orders_right(
    everything: Material, rows: Found
) -> None:
    own = everything.scores.filter(pl.col("p") > 0.5, run_id="film_gdpo")
    row = rows["accuracy", "run=film_gdpo"]
    assert row["estimate"] == pytest.approx((own["u"] > 0).mean())
    assert row["n"] == own.height
    seeds = [rows["accuracy", f"run=film_gdpo,seed={s}"]["estimate"] for s in (0, 1)]
    assert rows["accuracy_seeds", "run=film_gdpo"]["estimate"] == pytest.approx(np.mean(seeds))
    alone = rows["accuracy_seeds", "run=film_shuffled"]
    assert (alone["reason"], alone["n"]) == ("no interval: one seed", 1)


def test_shuffled_labels_teach_nothing_and_better_eyes_see_more(rows: Found) -> None:
    control = rows["accuracy", "run=film_shuffled"]
    assert control["ci_lo"] < 0.5 < control["ci_hi"]
    assert rows["accuracy", "run=film_dpo"]["ci_lo"] > 0.5
    brier = [rows["brier", f"run={run}"]["estimate"] for run in ("film_gdpo", "film_dpo")]
    assert brier[0] < brier[1] < rows["brier", "run=film_shuffled"]["estimate"]


def test_thirds_part_the_pairs(everything: Material, rows: Found) -> None:
    run = everything.params.train.runs[0]
    own = with_winner(everything.scores.filter(run_id=run.id))
    edges = tercile_edges(everything, run)
    assert edges is not None
    parts = [own.filter(tercile=name)["p"] for name in TERCILES]
    assert parts[0].max() < edges[0] == parts[1].min()
    assert parts[1].max() < edges[1] == parts[2].min()
    assert [rows["accuracy", f"run={run.id},tercile={t}"]["n"] for t in TERCILES] == [
        len(part) for part in parts
    ]
    bins = [r["n"] for (metric, at), r in rows.items() if metric == "accuracy" and "bin=" in at]
    assert sum(bins) == everything.scores.filter(pl.col("p") > 0.5).height


def test_scores_have_the_error_of_pairs_that_share_responses(
    everything: Material, rows: Found
) -> None:
    own = everything.scores.filter(run_id="film_dpo")
    h, p = own["h"].to_numpy(), own["p"].to_numpy()
    plain = dyadic_mean((expit(h) - p) ** 2, items_of(own))
    row = rows["brier", "run=film_dpo"]
    assert (row["estimate"], row["se"]) == (plain.value, plain.se)
    assert row["n_clusters"] == len(np.unique(items_of(own)))


def test_which_response_stands_first_does_not_matter_to_calibration(everything: Material) -> None:
    """Every second pair turned round: the label is then no longer above one half."""
    odd = pl.col("pair_id").str.slice(0, 1).is_in(list("01234567"))
    turned = everything.scores.with_columns(
        *(pl.when(odd).then(-pl.col(c)).otherwise(pl.col(c)).alias(c) for c in ("u", "h")),
        pl.when(odd).then(1 - pl.col("p")).otherwise(pl.col("p")).alias("p"),
    )
    for run in ("film_dpo", "film_shuffled"):
        before, after = (both_ways(rows.filter(run_id=run)) for rows in (everything.scores, turned))
        assert np.sort(before[0]) == pytest.approx(np.sort(after[0]))
        assert (before[0] @ before[1]) == pytest.approx(after[0] @ after[1])


def test_a_policy_that_says_what_labels_say_is_calibrated(everything: Material) -> None:
    p = everything.scores["p"].clip(0.02, 0.98)
    h = (p / (1 - p)).log()
    exact = dataclasses.replace(
        everything,
        scores=everything.scores.with_columns(
            p.alias("p"), h.alias("h"), (h / pl.col("beta")).alias("u")
        ),
    )
    rows = _rows(exact)
    for run in ("film_dpo", "known_cdpo"):
        assert rows["brier", f"run={run}"]["estimate"] == pytest.approx(0, abs=1e-12)
        assert rows["nll_excess", f"run={run}"]["estimate"] == pytest.approx(0, abs=1e-9)
        assert rows["ece", f"run={run}"]["estimate"] == pytest.approx(0, abs=1e-9)
        assert rows["calibration_slope", f"run={run}"]["estimate"] == pytest.approx(1, abs=1e-6)
        assert rows["accuracy", f"run={run}"]["estimate"] == 1


def test_displacement_and_near_ties(everything: Material, rows: Found) -> None:
    own = everything.scores.filter(run_id="known_cdpo")
    for metric, column in (("displacement_1", "logratio_1"), ("margin", "h")):
        assert rows[metric, "run=known_cdpo"]["estimate"] == pytest.approx(own[column].mean())
        assert rows[metric, "run=known_cdpo"]["least"] is None
        assert "cut" not in rows[metric, "run=known_cdpo"]["method"]
    near = own.filter(pl.col("p") < 0.6)["u"].abs().max()
    assert rows["near_tie_u", "run=known_cdpo"]["estimate"] == near


def test_a_label_at_the_bound_is_no_near_tie() -> None:
    found = _near_tie(np.array([1.0, 5.0, 7.0]), np.array([0.55, 0.6, 0.9]))
    assert (found.value, found.n) == (1.0, 1)
    none = _near_tie(np.array([5.0]), np.array([0.6]))
    assert (none.value, none.reason) == (None, "no label below 0.6")


def test_ties_have_no_accuracy(everything: Material, rows: Found) -> None:
    own = everything.scores.filter(run_id="film_gdpo")
    first = own.filter(pl.col("p") > 0.5)["pair_id"][0]
    p = pl.when(pl.col("pair_id") == first).then(0.5).otherwise(pl.col("p")).alias("p")
    tied = _rows(dataclasses.replace(everything, scores=own.with_columns(p)))
    for metric, apart in (("accuracy", 2), ("brier", 0)):
        before, after = (x[metric, "run=film_gdpo"]["n"] for x in (rows, tied))
        assert before - after == apart


def test_ties_count_half_and_have_no_winner() -> None:
    frame = pl.DataFrame(
        {"pair_id": ["a", "b", "c"], "p": [0.5, 0.7, 0.9], "u": [1.0, 0.0, -1.0], "seed": [0] * 3}
    )
    assert correct(frame).tolist() == [1.0, 0.5, 0.0]
    assert with_winner(frame)["pair_id"].to_list() == ["b", "c"]


def test_by_seed_is_the_t_interval_over_seeds() -> None:
    from scipy import stats

    values, seeds = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 0.5]), np.array([0, 0, 1, 1, 2, 2])
    found = by_seed(values, seeds)
    low, high = stats.t.interval(0.95, 2, np.mean([0.5, 1, 0.25]), stats.sem([0.5, 1, 0.25]))
    assert (found.ci_lo, found.ci_hi) == pytest.approx((low, high))


def test_reliability_is_pingouins_alpha_of_pairs_over_seeds(
    everything: Material, rows: Found
) -> None:
    import pingouin

    own = everything.scores.filter(run_id="film_gdpo").with_columns(
        (pl.col("u") > 0).cast(pl.Float64).alias("right"),
        ((1 / (1 + (-pl.col("h")).exp()) - pl.col("p")) ** 2).alias("brier"),
        ((1 + pl.col("h").exp()).log() - pl.col("p") * pl.col("h")).alias("nll"),
    )
    entropy = -(pl.col("p") * pl.col("p").log() + (1 - pl.col("p")) * (1 - pl.col("p")).log())
    own = own.with_columns((pl.col("nll") - entropy.fill_nan(0)).alias("excess"))
    sided = own.filter(pl.col("p") > 0.5)
    for metrics, some, column in (
        (("accuracy", "accuracy_seeds"), sided, "right"),
        (("brier",), own, "brier"),
        (("nll",), own, "nll"),
        (("nll_excess",), own, "excess"),
        (("margin",), own, "h"),
    ):
        wide = some.pivot(on="seed", index="pair_id", values=column).drop("pair_id")
        expected, _ = pingouin.cronbach_alpha(wide.to_pandas())
        for metric in metrics:
            found = rows[metric, "run=film_gdpo"]["reliability"]
            assert found == pytest.approx(expected, abs=1e-9)
        beside = rows["seed_alpha", f"of={metrics[0]},run=film_gdpo"]
        assert beside["estimate"] == found


def test_policies_trained_once_have_no_reliability(rows: Found) -> None:
    assert rows["accuracy", "run=film_shuffled"]["reliability"] is None
    assert rows["accuracy", "run=film_gdpo,seed=0"]["reliability"] is None
    assert rows["seed_alpha", "of=brier,run=film_shuffled"]["reason"] == "measured once: no repeats"


def test_the_losses_behind_the_reliability_are_those_of_the_figure(everything: Material) -> None:
    """One pair set under one seed twice over: every mean is that of its values."""
    own = everything.scores.filter(run_id="film_dpo", seed=0)
    twice = pl.concat([own, own.with_columns(pl.lit(1, own["seed"].dtype).alias("seed"))])
    rows = _rows(dataclasses.replace(everything, scores=twice))
    for metric in ("accuracy", "brier", "nll", "nll_excess", "margin", "absolute_u"):
        assert rows[metric, "run=film_dpo"]["reliability"] == pytest.approx(1)


def test_ties_are_in_no_third_and_move_no_edge() -> None:
    p = [0.5, 0.5, 0.5, 0.9, 0.6, 0.7]
    pairs = [f"p{i}" for i in range(6)]
    scores = pl.DataFrame({"run_id": "a", "pair_id": pairs, "p": p})
    # Of .6, .7 and .9 the second and the third begin a third.
    asked: Any = SimpleNamespace(scores=scores), SimpleNamespace(id="a")
    assert tercile_edges(*asked) == (0.7, 0.9)
    assert with_winner(scores)["tercile"].to_list() == ["high", "low", "middle"]


def test_calibration_errors_are_the_plain_and_the_debiased_one_of_both_ways(
    everything: Material, rows: Found
) -> None:
    h, p, items = both_ways(everything.scores.filter(run_id="film_gdpo"))
    for metric, debiased in (("ece", False), ("ece_squared", True)):
        wanted = calibration_error(expit(h), p, debiased=debiased, by=items, resamples=0)
        row = rows[metric, "run=film_gdpo"]
        assert row["estimate"] == pytest.approx(wanted.value)
        assert row["n"] == len(h) // 2
    for metric in ("ece", "ece_squared", "calibration_slope"):
        row = rows[metric, "run=film_gdpo"]
        assert row["n_clusters"] == len(np.unique(items))
        assert "over pairs" in row["method"]


def test_matched_pairs_are_those_of_nearly_equal_length(everything: Material, rows: Found) -> None:
    own = everything.scores.filter(pl.col("p") > 0.5, run_id="film_gdpo")
    near = own.filter((own["n_words_1"] - own["n_words_2"]).abs() <= 2)
    assert 0 < near.height < own.height
    row = rows["accuracy", "length=matched,run=film_gdpo"]
    assert (row["estimate"], row["n"]) == (pytest.approx((near["u"] > 0).mean()), near.height)


def test_each_seed_has_its_own_accuracy_and_their_mean_ends_at_one(
    everything: Material, rows: Found
) -> None:
    own = everything.scores.filter(pl.col("p") > 0.5, run_id="film_gdpo")
    shares = [float((own.filter(seed=seed)["u"] > 0).mean()) for seed in (0, 1)]  # type: ignore[arg-type]
    assert shares[0] != shares[1]
    for seed, share in enumerate(shares):
        row = rows["accuracy", f"run=film_gdpo,seed={seed}"]
        assert row["estimate"] == pytest.approx(share)
    over = rows["accuracy_seeds", "run=film_gdpo"]
    assert (over["least"], over["most"]) == (0.0, 1.0)
