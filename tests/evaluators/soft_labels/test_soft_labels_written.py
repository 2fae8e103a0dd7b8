from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from evaluators.soft_labels.context import Material
from evaluators.soft_labels.written import written_rows


def test_rewards_distance_and_variety(everything: Material) -> None:
    rows = {(row["metric"], row["slice"]): row for row in written_rows(everything)}
    own = everything.samples.filter(run_id="film_gdpo")
    at = "run=film_gdpo,set=film"
    assert rows["text_reward", at]["estimate"] == pytest.approx(own["reward"].mean())
    assert rows["text_reward", at]["n_clusters"] == 20
    distance = (own["logp_policy"] - own["logp_reference"]).sum() / own["n_tokens"].sum()
    assert rows["kl_per_token", at]["estimate"] == pytest.approx(distance) == pytest.approx(1)
    assert rows["kl_per_token", "run=reference,set=film"]["estimate"] == 0
    assert rows["sample_missing", at]["estimate"] == 0
    shares = []
    for seed in (0, 1):
        grams = []
        for text in own.filter(seed=seed)["text"]:
            grams += list(pairwise(text.split()))
        shares.append(len(set(grams)) / len(grams))
    assert rows["distinct_2", at]["estimate"] == pytest.approx(sum(shares) / 2)


def test_more_seeds_do_not_look_less_varied(everything: Material) -> None:
    again = everything.samples.with_columns(pl.col("seed") + 7)
    more = dataclasses.replace(everything, samples=pl.concat([everything.samples, again]))
    before, after = (
        {r["slice"]: r["estimate"] for r in written_rows(m) if r["metric"] == "distinct_2"}
        for m in (everything, more)
    )
    assert after == pytest.approx(before)


def test_what_was_not_written_is_missing(everything: Material) -> None:
    none = everything.samples.with_columns(
        *(
            pl.lit(None, everything.samples.schema[c]).alias(c)
            for c in ("text", "n_tokens", "logp_policy", "reward", "reward_known", "n_words")
        )
    )
    rows = {r["metric"]: r for r in written_rows(dataclasses.replace(everything, samples=none))}
    assert rows["sample_missing"]["estimate"] == 1
    assert rows["kl_per_token"]["reason"] == "no tokens with both log-probabilities"
    assert rows["distinct_2"]["reason"] == "no two words"
    assert "text_reward" not in rows


def test_reliability_is_alpha_of_beginnings_over_seeds(everything: Material) -> None:
    import pingouin

    rows = {(row["metric"], row["slice"]): row for row in written_rows(everything)}
    own = everything.samples.filter(run_id="film_gdpo")
    wide = own.pivot(on="seed", index="prompt_id", values="reward").drop("prompt_id")
    expected, _ = pingouin.cronbach_alpha(wide.to_pandas())
    found = rows["text_reward", "run=film_gdpo,set=film"]["reliability"]
    assert found == pytest.approx(expected, abs=1e-9)
    assert rows["text_reward", "run=reference,set=film"]["reliability"] is None


def test_distances_have_beginnings_as_clusters_and_lengths_may_be_none(
    everything: Material,
) -> None:
    rng = np.random.default_rng(3)
    n = everything.samples.height
    samples = everything.samples.with_columns(
        pl.Series("n_words", np.arange(n) % 2, everything.samples.schema["n_words"]),
        pl.col("logp_policy") + pl.Series("noise", rng.normal(size=n)),
    )
    made = dataclasses.replace(everything, samples=samples)
    rows = {(row["metric"], row["slice"]): row for row in written_rows(made)}
    distance = rows["kl_per_token", "run=film_gdpo,set=film"]
    assert distance["n_clusters"] == 20
    assert distance["ci_lo"] < distance["estimate"] < distance["ci_hi"]
    words = rows["text_n_words", "run=film_gdpo,set=film"]
    assert words["estimate"] == pytest.approx(0.5)
    assert 0 <= words["ci_lo"] <= 0.5
