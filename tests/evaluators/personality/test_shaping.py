from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from evaluators.personality.evaluate.context import Subject, subjects
from evaluators.personality.evaluate.scores import matrix
from evaluators.personality.shaping import shaping_rows, shaping_scores
from schemas.personality.params import DOMAINS, Params


@pytest.fixture(scope="module")
def shaped(small: Params, data: Path, administer: Callable[[str], Path]) -> Subject:
    [found] = subjects(data, administer("synthetic:shaped"), small)
    return found


def test_the_shaped_respondent_follows_every_level(shaped: Subject) -> None:
    rows = [r for r in shaping_rows(shaped) if r["metric"] == "shaping_rho"]
    assert len(rows) == 5
    assert all(r["estimate"] > 0.9 for r in rows)


def test_rho_equals_scipy(shaped: Subject) -> None:
    found = {r["slice"]: r for r in shaping_rows(shaped) if r["metric"] == "shaping_rho"}
    scores = shaping_scores(shaped, "single").filter(
        (pl.col("level_EXT") > 0) & (pl.col("domain") == "EXT")
    )
    rho = spearmanr(scores["level_EXT"], scores["score"]).statistic
    assert found["experiment=single,trait=EXT"]["estimate"] == pytest.approx(rho, abs=1e-12)


def test_the_reliability_of_shaped_scores_is_pingouin_s_alpha(shaped: Subject) -> None:
    import pandas as pd
    import pingouin

    found = {r["slice"]: r for r in shaping_rows(shaped) if r["metric"] == "shaping_rho"}
    asked = shaping_scores(shaped, "single").filter(
        (pl.col("level_EXT") > 0) & (pl.col("domain") == "EXT")
    )
    answers = shaped.responses.filter(
        (pl.col("experiment") == "single")
        & (pl.col("domain") == "EXT")
        & pl.col("participant_id").is_in(asked["participant_id"].to_list())
    )
    expected, _ = pingouin.cronbach_alpha(pd.DataFrame(matrix(answers).x))
    row = found["experiment=single,trait=EXT"]
    assert row["reliability"] == pytest.approx(expected, abs=1e-12)
    assert row["reliability"] > 0.9


def test_concurrent_differences_are_those_of_the_levels(shaped: Subject) -> None:
    # Level 9 gives 5, level 1 gives 1, both clipped at the end of the scale.
    rows = [r for r in shaping_rows(shaped) if r["metric"] == "concurrent_difference"]
    assert len(rows) == 5
    assert all(3.5 < r["estimate"] <= 4 for r in rows)


@pytest.mark.integration
def test_shuffled_level_labels_lose_the_effect(shaped: Subject) -> None:
    """The levels of all single-trait frames dealt out anew, trait by trait: rho must vanish."""
    rng = np.random.default_rng(7)
    found = []
    for _ in range(40):
        single = shaped.responses.filter(pl.col("experiment") == "single")
        frames = single.select("profile_id", "levels").unique("profile_id").sort("profile_id")
        levels = np.array(frames["levels"].to_list())
        for j in range(len(DOMAINS)):
            own = np.flatnonzero(levels[:, j])
            levels[own, j] = rng.permutation(levels[own, j])
        dealt = frames.with_columns(
            pl.Series("levels", levels.astype(np.int8), dtype=pl.Array(pl.Int8, 5))
        )
        shuffled = single.drop("levels").join(dealt, on="profile_id")
        subject = replace(shaped, responses=shuffled)
        found += [r["estimate"] for r in shaping_rows(subject) if r["metric"] == "shaping_rho"]
    assert abs(np.mean(found)) < 0.1


def test_intervals_of_shaping_are_over_biographies(shaped: Subject) -> None:
    rows = list(shaping_rows(shaped))
    for metric, experiment in (
        ("shaping_rho", "single"),
        ("cross_rho", "single"),
        ("level_median", "single"),
        ("concurrent_difference", "concurrent"),
    ):
        bios = shaping_scores(shaped, experiment)["bio_id"].n_unique()
        units = {r["n_clusters"] for r in rows if r["metric"] == metric}
        assert units == {bios}, metric


def test_medians_and_correlations_are_of_the_trait_that_they_name(shaped: Subject) -> None:
    rows = {(r["metric"], r["slice"]): r["estimate"] for r in shaping_rows(shaped)}
    own = shaping_scores(shaped, "single").filter(pl.col("level_NEU") > 0)
    neuroticism = own.filter(domain="NEU")
    for (level,), some in neuroticism.group_by(["level_NEU"]):
        at = f"experiment=single,level={level},trait=NEU"
        assert rows["level_median", at] == pytest.approx(some["score"].median())
    other = own.filter(domain="CON").sort("participant_id")
    rho = spearmanr(other["level_NEU"], other["score"]).statistic
    found = rows["cross_rho", "experiment=single,measured=CON,prompted=NEU"]
    assert found == pytest.approx(rho, abs=1e-12)
    expected = shaping_scores(shaped, "single", "expected").filter(
        (pl.col("level_EXT") > 0) & (pl.col("domain") == "EXT")
    )
    rho = spearmanr(expected["level_EXT"], expected["expected_score"]).statistic
    found = rows["shaping_rho_expected", "experiment=single,trait=EXT"]
    assert found == pytest.approx(rho, abs=1e-12)
