from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evaluators.personality.context import Subject, subjects
from evaluators.personality.scores import matrix
from evaluators.personality.validity import convergent, validity_rows
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
