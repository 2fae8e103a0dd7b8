from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from evaluators.soft_labels.context import Material
from evaluators.soft_labels.contrasts import (
    _one_meets_all,
    _over_both,
    _paired,
    contrast_rows,
    contrasted,
)
from measurand.stats.estimate import Estimate


def test_a_loss_meets_its_parent_and_the_control(everything: Material) -> None:
    found = [(run.id, other.id) for run, other in contrasted(everything)]
    assert found == [
        ("film_dpo", "film_shuffled"),
        ("film_gdpo", "film_dpo"),
        ("film_gdpo", "film_shuffled"),
    ]


def test_unequal_steps_are_not_compared(everything: Material) -> None:
    train = everything.params.train
    runs = tuple(r.model_copy(update={"steps": 9}) if r.id == "film_dpo" else r for r in train.runs)
    params = everything.params.model_copy(update={"train": train.model_copy(update={"runs": runs})})
    other = dataclasses.replace(everything, params=params)
    assert [(a.id, b.id) for a, b in contrasted(other)] == [("film_gdpo", "film_shuffled")]


def test_differences_are_paired_by_pair_and_seed(everything: Material) -> None:
    rows = {(row["metric"], row["slice"]): row for row in contrast_rows(everything)}
    at = "over=film_dpo,run=film_gdpo"
    own = everything.scores.filter(pl.col("p") > 0.5)
    wide = (
        own.filter(pl.col("run_id").is_in(["film_dpo", "film_gdpo"]))
        .with_columns((pl.col("u") > 0).cast(pl.Float64).alias("right"))
        .pivot(on="run_id", index=["pair_id", "seed"], values="right")
        .with_columns((pl.col("film_gdpo") - pl.col("film_dpo")).alias("gain"))
    )
    row = rows["accuracy_difference", at]
    assert row["estimate"] == pytest.approx(wide["gain"].mean())
    assert row["n"] == wide.height
    by_seed = wide.group_by("seed").agg(pl.col("gain").mean())["gain"]
    seeds = rows["accuracy_difference_seeds", at]
    assert seeds["estimate"] == pytest.approx(by_seed.mean())
    assert seeds["se"] == pytest.approx((by_seed.std() or 0) / 2**0.5)
    assert [(r["least"], r["most"]) for r in (row, seeds)] == [(-1.0, 1.0)] * 2
    assert rows["brier_difference", at]["ci_hi"] < 0
    control = rows["accuracy_difference", "over=film_shuffled,run=film_gdpo"]
    assert control["ci_lo"] > 0
    assert control["n"] == wide.height  # the control's one seed meets both


def test_thirds_add_up(everything: Material) -> None:
    rows = {(row["metric"], row["slice"]): row for row in contrast_rows(everything)}
    at = "over=film_dpo,run=film_gdpo"
    whole = rows["accuracy_difference", at]
    parts = [
        rows["accuracy_difference", f"{at},tercile={name}"] for name in ("low", "middle", "high")
    ]
    assert sum(part["n"] for part in parts) == whole["n"]
    total = sum(part["n"] * part["estimate"] for part in parts)
    assert total / whole["n"] == pytest.approx(whole["estimate"])


def test_a_run_against_itself_is_nothing(everything: Material) -> None:
    dpo = everything.scores.filter(run_id="film_dpo")
    twin = dpo.with_columns(pl.lit("film_gdpo").alias("run_id"), pl.lit("gdpo").alias("method"))
    same = dataclasses.replace(everything, scores=pl.concat([dpo, twin]))
    for row in contrast_rows(same):
        if row["metric"] != "seed_alpha":
            assert row["estimate"] == 0
            assert row["reliability"] is None


def test_reliability_is_alpha_of_differences_over_seeds_unless_one_side_is_single(
    everything: Material,
) -> None:
    import pingouin

    rows = {(row["metric"], row["slice"]): row for row in contrast_rows(everything)}
    own = everything.scores.filter(pl.col("run_id").is_in(["film_dpo", "film_gdpo"]))
    brier = (1 / (1 + (-pl.col("h")).exp()) - pl.col("p")) ** 2
    wide = (
        own.with_columns(brier.alias("brier"))
        .pivot(on="run_id", index=["pair_id", "seed"], values="brier")
        .with_columns((pl.col("film_gdpo") - pl.col("film_dpo")).alias("gap"))
        .pivot(on="seed", index="pair_id", values="gap")
    )
    expected, _ = pingouin.cronbach_alpha(wide.drop("pair_id").to_pandas())
    at = "over=film_dpo,run=film_gdpo"
    for metric in ("brier_difference", "brier_difference_seeds"):
        assert rows[metric, at]["reliability"] == pytest.approx(expected, abs=1e-9)
    alone = rows["seed_alpha", "of=brier_difference,over=film_dpo,run=film_gdpo"]
    assert alone["estimate"] == rows["brier_difference", at]["reliability"]
    control = "over=film_shuffled,run=film_gdpo"
    assert rows["accuracy_difference", control]["reliability"] is None
    why = rows["seed_alpha", f"of=accuracy_difference,{control}"]["reason"]
    assert why == "one side was trained once: its error is the same in every repeat"


def test_a_claim_about_losses_stands_on_seeds_and_pairs(everything: Material) -> None:
    rows = {(row["metric"], row["slice"]): row for row in contrast_rows(everything)}
    at = "over=film_dpo,run=film_gdpo"
    method = rows["accuracy_difference_method", at]
    pairs, seeds = (rows[f"accuracy_difference{end}", at] for end in ("", "_seeds"))
    assert method["scope"] == "method"
    assert method["estimate"] == pairs["estimate"]
    assert method["se"] >= max(pairs["se"], seeds["se"]) * 0.999
    assert "2 trainings" in method["method"]
    # The control was trained once: whatever is different of it may be that training.
    once = rows["accuracy_difference_method", "over=film_shuffled,run=film_gdpo"]
    assert once["ci_lo"] is None
    assert "one training; not a finding about the method" in once["reason"]


def _runs(first: int, second: int) -> tuple[Any, Any]:
    return SimpleNamespace(id="a", seeds=first), SimpleNamespace(id="b", seeds=second)


def test_a_pair_meets_itself_under_its_seed_with_the_scores_of_both() -> None:
    scores = pl.DataFrame(
        {
            "run_id": ["b", "b", "b", "a", "a"],
            "pair_id": ["x", "y", "x", "x", "x"],
            "seed": [0, 0, 1, 1, 0],
            "u": [3.0, 9.0, 4.0, 2.0, 1.0],
            "h": [7.0, 9.5, 8.0, 6.0, 5.0],
        }
    )
    both: Any = SimpleNamespace(scores=scores)
    found = _paired(both, *_runs(2, 2)).select("seed", "u", "u_b", "h", "h_b").rows()
    assert found == [(0, 1.0, 3.0, 5.0, 7.0), (1, 2.0, 4.0, 6.0, 8.0)]
    once: Any = SimpleNamespace(
        scores=scores.filter((pl.col("run_id") == "a") | pl.col("seed").eq(0))
    )
    found = _paired(once, *_runs(2, 1)).select("seed", "u", "u_b", "h", "h_b").rows()
    assert found == [(0, 1.0, 3.0, 5.0, 7.0), (1, 2.0, 3.0, 6.0, 7.0)]


@pytest.mark.parametrize(
    ("seeds", "once"), [((1, 2), True), ((2, 1), True), ((1, 1), False), ((2, 2), False)]
)
def test_one_training_meets_several_and_no_other_numbers_do(
    seeds: tuple[int, int], once: bool
) -> None:
    assert _one_meets_all(*_runs(*seeds)) is once
    assert not _one_meets_all(*_runs(2, 3))


def test_seeds_of_runs_that_are_not_compared_have_no_say(everything: Material) -> None:
    train = everything.params.train
    runs = tuple(
        run.model_copy(update={"seeds": 2}) if run.id == "known_cdpo" else run for run in train.runs
    )
    params = everything.params.model_copy(update={"train": train.model_copy(update={"runs": runs})})
    other = dataclasses.replace(everything, params=params)
    assert list(contrast_rows(other)) == list(contrast_rows(everything))


def test_what_seeds_and_pairs_do_together_is_counted_once() -> None:
    # Seeds 0, 2.2 and 1, 3: means 1.1 and 2, variance .405 of which half; rest 4 x .05^2 = .01 over
    # 2 x 2 is in the errors of both.
    rows = pl.DataFrame({"pair_id": ["x", "y", "x", "y"], "seed": [0, 0, 1, 1]})
    over_pairs = Estimate(1.55, se=0.3, n=4, n_clusters=2, method="mean")
    gain = np.array([0.0, 2.2, 1.0, 3.0])
    found = _over_both(over_pairs, rows, gain, once=False)
    assert found.se == pytest.approx((0.405 / 2 + 0.09 - 0.01 / 4) ** 0.5)
    assert found.scope == "method"
    assert _over_both(over_pairs, rows, gain, once=True).scope == "training"


def test_one_seed_has_no_interval_over_seeds_however_many_pairs() -> None:
    rows = pl.DataFrame({"pair_id": ["x", "y"], "seed": [0, 0]})
    over_pairs = Estimate(1.55, se=0.3, n=2, n_clusters=2, method="mean")
    found = _over_both(over_pairs, rows, np.array([0.0, 2.2]), once=False)
    assert (found.value, found.ci_lo) == (1.55, None)
    assert "one training" in str(found.reason)


def test_where_a_pair_is_missing_under_a_seed_nothing_is_counted_off() -> None:
    rows = pl.DataFrame({"pair_id": ["x", "y", "x"], "seed": [0, 0, 1]})
    over_pairs = Estimate(1.5, se=0.3, n=3, n_clusters=2, method="mean")
    found = _over_both(over_pairs, rows, np.array([0.0, 2.2, 2.0]), once=False)
    assert found.se == pytest.approx((0.405 / 2 + 0.09) ** 0.5)
