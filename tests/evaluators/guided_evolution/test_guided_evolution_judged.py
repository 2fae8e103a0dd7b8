from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from evaluators.guided_evolution.context import Material
from evaluators.guided_evolution.judged import area, auc, right
from measurand.reporting.lookup import Figures


def test_the_area_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        p, better = rng.integers(0, 8, 60) / 8, rng.random(60) < 0.4
        assert area(p, better) == pytest.approx(roc_auc_score(better, p))
    assert area(np.ones(3), np.ones(3, bool)) is None


def test_an_even_chance_is_half_right() -> None:
    pairs = pl.DataFrame({"p": [0.9, 0.9, 0.5, 0.1], "label": [1, 0, 1, 0]})
    assert right(pairs).tolist() == [1, 0, 0.5, 1]


def test_searches_of_one_kind_have_no_area() -> None:
    pairs = pl.DataFrame(
        {"search": ["a", "a", "b", "b"], "step": [0, 1, 0, 1], "p": [0.2, 0.8, 0.1, 0.2],
         "label": [0, 1, 1, 1]}
    )  # fmt: skip
    assert auc(pairs).n == 1
    assert auc(pairs).value == 1.0
    assert auc(pairs.filter(search="b")).value is None


def test_figures_are_those_of_the_rows(known: Material, figures: Figures) -> None:
    some = known.pairs.filter(task="cora", method="pam_rt", other="any")
    row = figures.get("pam_rt", "accuracy", task="cora", other="any")
    assert row is not None
    assert row["estimate"] == pytest.approx(right(some).mean())
    assert row["n_clusters"] == 12
    assert 0.6 < (row["estimate"] or 0) < 0.9
    assert figures.get("random", "accuracy", task="cora", other="any") is None
    # p is 0.75 or 0.25, and right in about three of four: nearly calibrated.
    assert (figures.value("pam_rt", "ece", task="cora", other="any") or 1) < 0.12


def test_enrichment_compares_chosen_with_plain_children(known: Material, figures: Figures) -> None:
    steps = known.steps.filter(
        pl.col("task") == "cora", pl.col("method") == "pam_rt",
        pl.col("parent_fitness").is_not_null(),
    )  # fmt: skip
    better = steps["fitness"] > steps["parent_fitness"]
    judged, plain = (
        float(better.filter(mask).mean())  # type: ignore[arg-type]
        for mask in (steps["how"] == "judged", steps["reason"] == "explore")
    )
    assert figures.value("pam_rt", "improving_judged", task="cora") == pytest.approx(judged)
    assert figures.value("pam_rt", "improving_plain", task="cora") == pytest.approx(plain)
    assert figures.value("pam_rt", "enrichment", task="cora") == pytest.approx(judged / plain)
