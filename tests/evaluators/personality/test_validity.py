from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import pearsonr

from evaluators.personality.evaluate.context import Subject, subjects
from evaluators.personality.evaluate.scores import matrix
from evaluators.personality.validity import _icc, convergent, validity_rows
from measurand.stats.crossed import components
from schemas.personality.params import DOMAINS, Params


@pytest.fixture(scope="module")
def subject(small: Params, data: Path, administer: Callable[[str], Path]) -> Subject:
    [found] = subjects(data, administer("synthetic:factor"), small)
    return found


def test_alpha_equals_pingouin(subject: Subject) -> None:
    import pandas as pd
    import pingouin

    rows = {r["slice"]: r for r in validity_rows(subject) if r["metric"] == "alpha"}
    for domain in DOMAINS:
        answers = subject.responses.filter(
            (pl.col("experiment") == "validity") & (pl.col("scale_id") == f"ipip_50.{domain}")
        )
        expected, _ = pingouin.cronbach_alpha(pd.DataFrame(matrix(answers).x))
        found = rows[f"experiment=validity,form=first,scale={domain}"]
        assert found["estimate"] == pytest.approx(expected, abs=1e-12)
        assert found["n_clusters"] == 10


def test_items_in_both_forms_are_dropped_before_convergent_correlations(subject: Subject) -> None:
    # The Mini-IPIP is a selection of the 50 markers: all its 20 items are shared.
    rows = {r["metric"]: r for r in validity_rows(subject)}
    assert rows["items_dropped_as_shared"]["estimate"] == 20
    found = convergent(subject)
    assert found is not None
    diagonal = np.array([found.r[i][i] for i in range(5)], dtype=float)
    off = np.array([found.r[i][j] for i in range(5) for j in range(5) if i != j], dtype=float)
    gap = diagonal.mean() - np.abs(off).mean()
    assert found.gap.value == pytest.approx(gap, abs=1e-12)


def test_criterion_correlations_carry_their_expected_sign(subject: Subject) -> None:
    rows = [r for r in validity_rows(subject) if r["metric"] == "criterion_r"]
    assert any("criterion=spi_27.Anxiety,domain=NEU,expected=+" in r["slice"] for r in rows)
    assert any("criterion=spi_27.Anxiety,domain=EXT,expected=-" in r["slice"] for r in rows)


def test_the_icc_over_wordings_equals_its_anova(subject: Subject) -> None:
    rows = [r for r in validity_rows(subject) if r["metric"] == "icc_wording"]
    assert len(rows) == 5
    scores = subject.scores.filter(
        (pl.col("experiment") == "validity") & (pl.col("scale_id") == "ipip_50.EXT")
    ).sort("bio_id", "participant_id")
    x = scores["score"].to_numpy().reshape(10, 2)
    n, k = x.shape
    mean = x.mean()
    msr = k * ((x.mean(axis=1) - mean) ** 2).sum() / (n - 1)
    msc = n * ((x.mean(axis=0) - mean) ** 2).sum() / (k - 1)
    rest = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + mean
    mse = (rest**2).sum() / ((n - 1) * (k - 1))
    icc = (msr - mse) / (msr + (k - 1) * mse + k * (msc - mse) / n)
    found = next(r for r in rows if r["slice"].endswith("scale=EXT"))
    assert found["estimate"] == pytest.approx(icc, abs=1e-12)


def test_every_interval_is_over_biographies_and_not_over_their_wordings(subject: Subject) -> None:
    rows = list(validity_rows(subject))
    over = ("alpha", "alpha_expected", "alpha_standardised", "omega_m1", "score_mean",
            "score_mean_expected", "criterion_r", "criterion_r_expected", "convergent_mean",
            "discriminant_mean", "discriminant_gap", "discriminant_gap_expected")  # fmt: skip
    for metric in over:
        found = [r for r in rows if r["metric"] == metric]
        assert found, metric
        # Two wordings of ten biographies each.
        assert {r["n_clusters"] for r in found if r["n_clusters"] is not None} == {10}, metric
        assert all(r["n"] in (20, None) for r in found), metric


def test_criterion_correlations_are_scipys(subject: Subject) -> None:
    scores = subject.scores.filter(pl.col("experiment") == "validity").sort("participant_id")
    rows = {r["slice"]: r for r in validity_rows(subject) if r["metric"] == "criterion_r"}
    for domain in ("NEU", "EXT"):
        a, b = (
            scores.filter(pl.col("scale_id") == name)["score"].to_numpy()
            for name in (f"ipip_50.{domain}", "spi_27.Anxiety")
        )
        sign = "+" if domain == "NEU" else "-"
        parts = f"criterion=spi_27.Anxiety,domain={domain},expected={sign},experiment=validity"
        assert rows[parts]["estimate"] == pytest.approx(pearsonr(a, b).statistic)


def test_scores_are_means_beside_their_scales_alpha(subject: Subject) -> None:
    rows = {(r["metric"], r["slice"]): r for r in validity_rows(subject)}
    at = "experiment=validity,form=first,scale=EXT"
    own = subject.scores.filter(experiment="validity", scale_id="ipip_50.EXT")
    for metric, column in (("score_mean", "score"), ("score_mean_expected", "expected_score")):
        assert rows[metric, at]["estimate"] == pytest.approx(own[column].mean())
        assert rows[metric, at]["reliability"] == rows["alpha", at]["estimate"]


def test_correlations_of_forms_are_corrected_by_both_alphas(subject: Subject) -> None:
    rows = {(r["metric"], r["slice"]): r["estimate"] for r in validity_rows(subject)}
    at = "experiment=validity,first=EXT,second=EXT"
    alphas = [
        rows["alpha", f"experiment=validity,form={form},scale=EXT"] for form in ("first", "second")
    ]
    r = rows["mtmm_r", at]
    assert rows["convergent_r_disattenuated", at] == pytest.approx(r / np.sqrt(np.prod(alphas)))


@pytest.mark.integration
def test_one_wording_or_few_biographies_have_no_icc(subject: Subject) -> None:
    def why(change: pl.Expr) -> set[str | None]:
        some = replace(subject, responses=subject.responses.filter(change))
        return {r["reason"] for r in validity_rows(some) if r["metric"] == "icc_wording"}

    wordings = subject.responses["participant_id"].str.replace(r"d\d+-", "").unique().sort()
    one = pl.col("participant_id").str.replace(r"d\d+-", "") == wordings[0]
    assert why(one) == {"one wording only"}
    four = sorted(subject.responses.filter(experiment="validity")["bio_id"].unique())[:4]
    five = sorted(subject.responses.filter(experiment="validity")["bio_id"].unique())[:5]
    assert why(pl.col("bio_id").is_in(five)) == {None}
    assert why(pl.col("bio_id").is_in(four)) == {"4 biographies, at least 5 needed"}


def test_one_missing_expected_answer_leaves_the_others_and_all_leave_none(subject: Subject) -> None:
    one = pl.int_range(pl.len()) == pl.col("experiment").eq("validity").arg_max()
    name = "keyed_expected"
    hard = {r["slice"] for r in validity_rows(subject) if r["metric"] == "alpha_expected"}
    assert hard
    for missing, kept in ((one, True), (pl.lit(value=True), False)):
        expected = pl.when(missing).then(None).otherwise(pl.col(name)).alias(name)
        told = replace(subject, responses=subject.responses.with_columns(expected))
        found = {r["slice"] for r in validity_rows(told) if r["metric"] == "alpha_expected"}
        assert found == (hard if kept else set())


def _worded(table: np.ndarray) -> pl.DataFrame:
    """Scores of (biographies, wordings)."""
    at = np.indices(table.shape).reshape(2, -1)
    columns = {"bio_id": at[0], "wording": at[1], "score": table.ravel()}
    return pl.DataFrame(columns).with_columns(pl.col("bio_id", "wording").cast(pl.String))


def test_five_biographies_have_an_icc_by_components_of_variance() -> None:
    rng = np.random.default_rng(2)
    table = rng.normal(size=(5, 1)) + 0.5 * rng.normal(size=(1, 3)) + rng.normal(size=(5, 3))
    found, parts = _icc(_worded(table)), components(table)
    icc = parts.rows / (parts.rows + parts.columns + parts.rest)
    assert found.value == pytest.approx(icc)
    assert (found.n, found.n_clusters) == (15, 5)
    assert found.ci_lo is not None
    assert found.ci_hi is not None
    assert found.ci_lo < icc < found.ci_hi
    # Not rounded to two digits, as pingouin prints it.
    assert round(found.ci_hi, 2) != found.ci_hi
    assert _icc(_worded(table[:4])).reason == "4 biographies, at least 5 needed"
    assert _icc(_worded(table[:, :1])).reason == "one wording only"
    assert _icc(_worded(np.ones((5, 3)))).reason == "the score does not vary"
    # Pingouin leaves out who lacks a wording, and stops where that is nearly everybody.
    holes = pl.col("bio_id").is_in(["0", "1"]) & (pl.col("wording") == "2")
    for rows, known in ((7, 5), (6, 4)):
        some = _worded(rng.normal(size=(rows, 3))).filter(~holes)
        lacking = _icc(some)
        assert (lacking.value is None) == (known < 5)
        if known < 5:
            why = f"{known} biographies have a score under every wording, at least 5 needed"
            assert lacking.reason == why
        else:
            assert (lacking.n, lacking.n_clusters) == (15, 5)
    alone = _worded(table).filter((pl.col("bio_id") == "0") | (pl.col("wording") != "2"))
    assert "1 biographies have" in str(_icc(alone).reason)
    # Of equal biographies nothing is defined, of equal wordings the interval is not.
    same = np.tile(np.arange(5.0)[:, None], (1, 3))
    # Of biographies that turn round with the wording the ICC is -1.5, and the interval is not.
    turned = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    steps = same / 3 + [0.0, 0.1, 0.7]
    for even in (np.tile([1.0, 2.0, 3.0], (5, 1)), same, same / 10, steps, turned):
        alike = _icc(_worded(even))
        assert (alike.value, alike.reason) == (None, "the variance components are not defined")
    parts = components(np.eye(5)[:, :3])
    icc = parts.rows / (parts.rows + parts.columns + parts.rest)
    assert _icc(_worded(np.eye(5)[:, :3])).value == pytest.approx(icc)
