from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from evaluators.soft_labels.context import Material
from evaluators.soft_labels.wins import (
    WIN_METRICS,
    Duel,
    _blocked,
    _figures,
    duels,
    order,
    text_bias,
    win_rows,
)
from measurand.stats.bradley_terry import fit
from measurand.stats.estimate import Estimate
from measurand.stats.means import cluster_mean

Found = dict[tuple[str, str], dict[str, Any]]
AT = "judge=fair,over=reference,run=film_gdpo,set=film"


def _rows(material: Material) -> Found:
    return {(row["metric"], row["slice"]): row for row in win_rows(material)}


@pytest.fixture(scope="module")
def rows(everything: Material) -> Found:
    return _rows(everything)


def test_rates_are_means_over_beginnings(everything: Material, rows: Found) -> None:
    own = everything.comparisons.filter(judge="fair", a="film_gdpo", b="reference")
    p = own["p_a"].to_numpy()
    plain = cluster_mean(p, own["prompt_id"].to_numpy())
    row = rows["win_percentage", AT]
    assert row["estimate"] == pytest.approx(p.mean())
    assert row["se"] == pytest.approx(plain.se)
    assert (row["n"], row["n_clusters"]) == (40, 20)  # two seeds
    assert rows["win_binary", AT]["estimate"] == pytest.approx((p > 0.5).mean())
    assert rows["win_12", AT]["estimate"] == pytest.approx(own["p_12"].mean())
    near = (own["n_words_a"] - own["n_words_b"]).abs() <= 2
    assert rows["win_matched", AT]["estimate"] == pytest.approx(own.filter(near)["p_a"].mean())
    means = own.group_by("prompt_id").agg(pl.col("p_a").mean())["p_a"].to_numpy()
    assert rows["win_p", AT]["estimate"] == pytest.approx(stats.wilcoxon(means - 0.5).pvalue)


def test_the_untrained_against_itself_is_even_in_both_orders_together(rows: Found) -> None:
    for judge in ("learned", "fair"):
        row = rows["win_percentage", f"judge={judge},over=reference,run=reference_again,set=film"]
        assert row["ci_lo"] < 0.5 < row["ci_hi"]


def test_a_judge_that_takes_the_first_place_gives_no_win_rate(
    everything: Material, rows: Found
) -> None:
    blocked = {key: row for key, row in rows.items() if "judge=leaning" in key[1]}
    assert {key[0] for key in blocked} == {
        *WIN_METRICS,
        "strength",
        "comparison_missing",
        "text_position_bias",
        "preference_alpha",
    }
    for (metric, _), row in blocked.items():
        if metric in (*WIN_METRICS, "strength"):
            assert row["estimate"] is None
            assert row["reliability"] is None
            assert "position bias +0.96 on pairs, at most 0.3 allowed" in row["reason"]
    assert blocked["text_position_bias", "judge=leaning,set=film"]["estimate"] > 0.9
    on_texts = dataclasses.replace(everything, judgements=everything.judgements.clear())
    found = _rows(on_texts)["win_percentage", AT.replace("fair", "leaning")]
    assert "on texts" in found["reason"]


def test_strengths_are_those_of_the_table_of_wins(everything: Material, rows: Found) -> None:
    own = everything.comparisons.filter(judge="learned")
    names = sorted(set(own["a"]) | set(own["b"]))
    wins = np.zeros((len(names), len(names)))
    for a, b, p in own.select("a", "b", "p_a").iter_rows():
        wins[names.index(a), names.index(b)] += p
        wins[names.index(b), names.index(a)] += 1 - p
    theta = fit(wins[None])[0]
    theta = theta - theta[names.index("reference")]
    for name, value in zip(names, theta, strict=True):
        row = rows["strength", f"judge=learned,run={name},set=film"]
        assert row["estimate"] == pytest.approx(value, abs=1e-8)
    assert rows["strength", "judge=learned,run=film_gdpo,set=film"]["ci_lo"] > 0


def test_a_duel_reads_the_same_from_either_side(everything: Material) -> None:
    turned = everything.comparisons.with_columns(
        pl.col("run_b").alias("run_a"),
        pl.col("run_a").alias("run_b"),
        pl.col("b").alias("a"),
        pl.col("a").alias("b"),
        (1 - pl.col("p_a")).alias("p_a"),
        (1 - pl.col("p_21")).alias("p_12"),
        (1 - pl.col("p_12")).alias("p_21"),
        pl.col("n_words_b").alias("n_words_a"),
        pl.col("n_words_a").alias("n_words_b"),
    )
    one, two = _rows(everything), _rows(dataclasses.replace(everything, comparisons=turned))
    assert one.keys() == two.keys()
    for key, row in one.items():
        if row["estimate"] is not None:
            assert two[key]["estimate"] == pytest.approx(row["estimate"], abs=1e-9)


def test_reliability_is_that_of_the_mean_over_both_orders(
    everything: Material, rows: Found
) -> None:
    import pandas as pd
    import pingouin

    own = everything.comparisons.filter(judge="fair", a="film_gdpo", b="reference")
    sides = own.select("p_12", "p_21").drop_nulls().to_numpy()
    both, _ = pingouin.cronbach_alpha(pd.DataFrame(sides))
    for metric in ("win_percentage", "win_binary"):
        assert rows[metric, AT]["reliability"] == pytest.approx(both, abs=1e-9)
    alone = rows["preference_alpha", AT]
    assert alone["estimate"] == pytest.approx(both)
    assert alone["n_clusters"] == 20
    long = pd.DataFrame(sides).reset_index().melt(id_vars="index")
    icc = pingouin.intraclass_corr(long, targets="index", raters="variable", ratings="value")
    single = icc.set_index("Type").loc["ICC(C,1)", "ICC"]
    for metric in ("win_12", "win_21"):
        assert rows[metric, AT]["reliability"] == pytest.approx(single, abs=1e-9)
    assert rows["win_p", AT]["reliability"] is None


def test_strength_is_as_reliable_as_what_goes_in(everything: Material, rows: Found) -> None:
    import pandas as pd
    import pingouin

    own = everything.comparisons.filter(judge="fair", a="film_gdpo", b="reference")
    both, _ = pingouin.cronbach_alpha(pd.DataFrame(own.select("p_12", "p_21").to_numpy()))
    found = rows["strength", "judge=fair,run=film_gdpo,set=film"]
    assert found["reliability"] == pytest.approx(both, abs=1e-9)  # compared with no other
    assert rows["strength", "judge=fair,run=reference,set=film"]["reliability"] is None


def test_orders_that_share_nothing_and_instruments_have_no_reliability(
    everything: Material, rows: Found
) -> None:
    rng = np.random.default_rng(0)
    noise = pl.Series("p_21", rng.random(everything.comparisons.height))
    loose = everything.comparisons.with_columns(
        pl.when(pl.col("p_21").is_null()).then(None).otherwise(noise).alias("p_21"),
        pl.when(pl.col("p_12").is_null()).then(None).otherwise(noise.shuffle(1)).alias("p_12"),
    )
    found = _rows(dataclasses.replace(everything, comparisons=loose))
    alphas = [row["estimate"] for (metric, _), row in found.items() if metric == "preference_alpha"]
    assert len(alphas) > 5
    assert abs(np.mean(alphas)) < 0.25
    assert all(row["reliability"] is None for (_, at), row in rows.items() if "learned" in at)


def test_failed_comparisons_are_counted_and_left_out(rows: Found) -> None:
    missing = rows["comparison_missing", "judge=fair,set=film"]
    assert missing["estimate"] == pytest.approx(1 / missing["n"])
    assert rows["comparison_missing", "judge=learned,set=film"]["estimate"] == 0


def test_order_of_policies(everything: Material) -> None:
    assert order(everything) == [
        "film_dpo",
        "film_gdpo",
        "film_shuffled",
        "known_cdpo",
        "reference_again",
        "reference",
    ]
    found = list(duels(everything, "learned", "film"))
    assert len(found) == 10
    assert all(duel.run != "reference" for duel in found)


def test_two_seeds_of_a_run_are_no_duel_and_either_side_may_stand_first(
    everything: Material,
) -> None:
    own = everything.comparisons.filter(judge="learned")
    assert not own.filter(pl.col("a") == pl.col("b")).is_empty()
    half = own.with_row_index().with_columns((pl.col("index") % 2 == 1).alias("odd")).drop("index")
    names = {"run_a": "run_b", "run_b": "run_a", "a": "b", "b": "a",
             "n_words_a": "n_words_b", "n_words_b": "n_words_a"}  # fmt: skip
    mixed = half.with_columns(
        *(
            pl.when(pl.col("odd")).then(pl.col(b)).otherwise(pl.col(a)).alias(a)
            for a, b in names.items()
        ),
        *(
            pl.when(pl.col("odd")).then(1 - pl.col(b)).otherwise(pl.col(a)).alias(a)
            for a, b in (("p_a", "p_a"), ("p_12", "p_21"), ("p_21", "p_12"))
        ),
    ).drop("odd")
    one, two = (
        {(d.run, d.over): d.rows["for_p_a"].sort().to_list() for d in duels(m, "learned", "film")}
        for m in (everything, dataclasses.replace(everything, comparisons=mixed))
    )
    assert one.keys() == two.keys()
    assert all(run != over for run, over in one)
    for key, values in one.items():
        assert two[key] == pytest.approx(values)


def test_bias_on_texts(everything: Material) -> None:
    own = everything.comparisons.filter(judge="fair")
    gap = (own["p_12"] - own["p_21"]).drop_nulls()
    assert text_bias(own).value == pytest.approx(gap.mean())


def test_the_bias_on_texts_has_an_interval_of_beginnings_within_what_is_possible(
    everything: Material, rows: Found
) -> None:
    own = everything.comparisons.filter(judge="fair").drop_nulls(["p_12", "p_21"])
    gap = (own["p_12"] - own["p_21"]).to_numpy()
    wanted = cluster_mean(gap, own["prompt_id"].to_numpy())
    row = rows["text_position_bias", "judge=fair,set=film"]
    assert (row["ci_lo"], row["ci_hi"]) == pytest.approx((wanted.ci_lo, wanted.ci_hi))
    leaning = rows["text_position_bias", "judge=leaning,set=film"]
    assert 0.5 < leaning["ci_lo"] < leaning["estimate"] < leaning["ci_hi"] <= 1


@pytest.mark.parametrize(
    ("moved", "p", "reason"),
    [(0.2, 2 / 2**4, "a p-value has no interval"), (0.0, None, "no preference moves")],
)
def test_the_p_value_is_of_prompts_means(moved: float, p: float | None, reason: str) -> None:
    """Of four prompts that all lean one way, two seeds each, of which one leans the other way."""
    apart = [moved * (1 + at / 10) for at in range(4)]
    rows = pl.DataFrame(
        {
            "prompt_id": ["p0", "p1", "p2", "p3"] * 2,
            "for_p_a": [0.5 + 2 * x for x in apart] + [0.5 - x for x in apart],
            "n_words_a": [9] * 8,
            "n_words_b": [9] * 8,
        }
    ).with_columns(pl.col("for_p_a").alias("for_p_12"), pl.col("for_p_a").alias("for_p_21"))
    found = _figures(Duel("fair", "film", "film_dpo", "reference", rows))["win_p"]
    assert (found.value, found.n, found.reason) == (p, 4, reason)


def test_duels_come_in_the_order_of_what_was_compared(everything: Material) -> None:
    own = everything.comparisons.filter(pl.col("a") != pl.col("b"), judge="fair", set="film")
    sides = own.drop_nulls("p_a").select("a", "b").unique(maintain_order=True)
    wanted = list(dict.fromkeys(frozenset(pair) for pair in sides.iter_rows()))
    found = [frozenset((duel.run, duel.over)) for duel in duels(everything, "fair", "film")]
    assert len(found) > 1
    assert found == wanted


def test_a_bias_of_what_is_allowed_blocks_nothing(everything: Material, rows: Found) -> None:
    row = rows["text_position_bias", "judge=fair,set=film"]
    assert (row["least"], row["most"]) == (-1.0, 1.0)
    most = everything.params.report.max_position_bias
    assert _blocked(everything, "learned", Estimate(most, method="m")) is None
    assert _blocked(everything, "learned", Estimate(-most - 0.01, method="m")) is not None
