from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import t

from measurand.errors import InputError
from measurand.stats.covariance import covariance
from measurand.stats.estimate import Estimate
from measurand.stats.reliability import ScaleReliability, cronbach_alpha, scale_reliability

FIGURES = (
    "alpha",
    "alpha_iid",
    "alpha_feldt",
    "alpha_standardised",
    "lambda6",
    "omega_m1",
    "omega_m3",
    "omega_flip",
)


def _answers(n: int = 120, k: int = 8, missing: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = np.clip(np.round(3 + rng.normal(size=(n, 1)) + rng.normal(size=(n, k))), 1, 5)
    x[rng.random(x.shape) < missing] = np.nan
    return x


def _reasons(found: ScaleReliability) -> dict[str, str | None]:
    return {name: getattr(found, name).reason for name in FIGURES}


@pytest.mark.parametrize("missing", ["pairwise", "listwise"])
def test_alpha_and_feldt_match_pingouin(missing: Any) -> None:
    import pandas as pd

    x = _answers(missing=0.05)
    found = scale_reliability(x, missing=missing, resamples=0)
    # pingouin's listwise interval still counts the rows that it dropped: drop them before.
    frame = pd.DataFrame(x).dropna() if missing == "listwise" else pd.DataFrame(x)
    theirs, interval = pingouin.cronbach_alpha(frame, nan_policy=missing)
    assert found.alpha.value == pytest.approx(theirs)
    assert (found.alpha_feldt.ci_lo, found.alpha_feldt.ci_hi) == pytest.approx(
        tuple(interval), abs=6e-4
    )


def test_the_interval_is_that_of_alpha_without_each_cluster() -> None:
    x, ids = _answers(), np.arange(120) // 6
    found = scale_reliability(x, clusters=ids, resamples=300)

    def alpha(rows: np.ndarray) -> float:
        total = rows.sum(axis=1).var(ddof=1)
        return float(8 / 7 * (1 - rows.var(axis=0, ddof=1).sum() / total))

    rest = np.log([1 - alpha(x[ids != c]) for c in range(20)])
    error = np.sqrt(19**2 / 20 * rest.var(ddof=1))
    value = alpha(x)
    assert found.alpha.se == pytest.approx(error * (1 - value))
    for (low, high), q in (
        ((found.alpha.ci_lo, found.alpha.ci_hi), 0.975),
        ((found.alpha.lower, found.alpha.upper), 0.95),
    ):
        half = t(19).ppf(q) * error
        wanted = (1 - (1 - value) * np.exp(half), 1 - (1 - value) * np.exp(-half))
        assert (low, high) == pytest.approx(wanted)
    assert (found.alpha.n, found.alpha.n_clusters, found.alpha.resamples) == (120, 20, None)
    assert found.alpha_iid.n_clusters is None


@pytest.mark.parametrize("missing", [0.0, 0.05])
@pytest.mark.parametrize("clustered", [False, True])
def test_alpha_alone_equals_alpha_of_the_scale(missing: float, clustered: bool) -> None:
    x = _answers(missing=missing)
    ids = np.arange(120) // 6 if clustered else None
    found = scale_reliability(x, clusters=ids, resamples=200, seed_words=("a",))
    alone = cronbach_alpha(x, clusters=ids, resamples=200, seed_words=("a",))
    assert alone.method == found.alpha.method
    for field in ("value", "se", "ci_lo", "ci_hi", "lower", "upper"):
        assert getattr(alone, field) == pytest.approx(getattr(found.alpha, field))


def test_shared_clusters_make_the_interval_wider() -> None:
    rng = np.random.default_rng(1)
    person = np.repeat(rng.normal(size=(20, 1)), 25, axis=0)
    x = person + rng.normal(size=(500, 6))
    found = scale_reliability(x, clusters=np.arange(500) // 25, resamples=500)
    assert found.alpha.se is not None
    assert found.alpha_iid.se is not None
    assert found.alpha.se > 2 * found.alpha_iid.se


def test_missing_rule_names_the_rows_of_each_figure() -> None:
    x = _answers(missing=0.03)
    x[0] = np.nan
    found = scale_reliability(x, resamples=100)
    complete = int((~np.isnan(x).any(axis=1)).sum())
    assert (found.n, found.n_complete) == (119, complete)
    assert found.alpha.n == 119
    assert "pairwise" in found.alpha.method
    assert found.lambda6.n == found.omega_m1.n == found.omega_m3.n == complete
    assert "complete rows" in found.lambda6.method
    listwise = scale_reliability(x, missing="listwise", resamples=100)
    assert listwise.alpha.n == complete
    assert listwise.lambda6 == dataclasses.replace(found.lambda6)


def test_same_input_same_result_and_other_words_other_resamples() -> None:
    x = _answers()
    one, two, other = (
        scale_reliability(x, resamples=100, seed_words=(w,)) for w in ("a", "a", "b")
    )
    assert one == two
    assert one.alpha.value == other.alpha.value
    assert one.alpha.ci_lo != other.alpha.ci_lo


def test_constant_items_leave_no_figure_but_say_which() -> None:
    x = _answers(k=4)
    x[:, 2] = 3
    found = scale_reliability(x, resamples=100)
    assert found.constant_items == (2,)
    assert set(_reasons(found).values()) == {f"1 of {found.k} items never vary"}
    assert found.n_flipped is None
    # Without the constant item the scale is sound; without another it is not.
    assert [a is None for a in found.alpha_if_deleted] == [True, True, False, True]
    assert found.alpha_if_deleted[2] == pytest.approx(
        scale_reliability(np.delete(x, 2, axis=1), resamples=0).alpha.value
    )
    assert [r is None for r in found.item_rest] == [False, False, True, False]


def test_constant_matrix() -> None:
    found = scale_reliability(np.full((50, 4), 3.0), resamples=100)
    assert found.constant_items == (0, 1, 2, 3)
    assert all(getattr(found, name).value is None for name in FIGURES)
    assert found.alpha_if_deleted == found.item_rest == (None,) * 4


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (np.empty((0, 3)), "0 complete rows, at least 2 needed"),
        (np.array([[1.0, 2.0, 3.0]]), "1 complete rows, at least 2 needed"),
        (np.array([[1.0], [2.0], [3.0]]), "one item, at least 2 needed"),
        (np.full((5, 3), np.nan), "0 complete rows, at least 2 needed"),
    ],
)
def test_too_little_data(x: np.ndarray, reason: str) -> None:
    found = scale_reliability(x, resamples=100)
    assert set(_reasons(found).values()) == {reason}


def test_two_items_have_alpha_but_no_factor() -> None:
    reasons = _reasons(scale_reliability(_answers(k=2), resamples=100))
    assert reasons["alpha"] is reasons["lambda6"] is None
    assert reasons["omega_m1"] == "fewer than 3 items: one factor is not identified"


def test_three_factors_need_seven_items() -> None:
    assert scale_reliability(_answers(k=6), resamples=0).omega_m3.reason == (
        "three factors need at least 7 items"
    )
    seven = scale_reliability(_answers(k=7), resamples=100).omega_m3
    assert seven.value is not None
    assert (seven.reason or "").startswith("no interval")


def test_lambda6_needs_more_rows_than_items_and_no_repeated_item() -> None:
    few = scale_reliability(_answers(n=8), resamples=100).lambda6
    assert few.reason == "8 complete rows for 8 items, more rows than items needed"
    x = _answers()
    x[:, 7] = x[:, 0] + 1e-7 * np.random.default_rng(0).normal(size=120)
    found = scale_reliability(x, resamples=100)
    assert "singular" in (found.lambda6.reason or "")
    assert found.omega_m1.value is not None


def test_items_that_cancel_have_no_reliability() -> None:
    x = np.random.default_rng(0).normal(size=(30, 1)) * [1, -1]
    found = scale_reliability(x, resamples=100)
    assert found.alpha.reason == "the sum of the items does not vary"


def test_items_that_never_meet() -> None:
    x = _answers(k=3)
    x[:60, 0], x[60:, 1] = np.nan, np.nan
    found = scale_reliability(x, resamples=100)
    assert found.alpha.reason == "some pairs of items were answered together fewer than twice"
    assert found.n_complete == 0


def test_one_cluster_leaves_the_value_without_an_interval() -> None:
    found = scale_reliability(_answers(), clusters=np.zeros(120), resamples=100)
    assert found.alpha.value is not None
    assert found.alpha.ci_lo is None
    assert found.alpha.reason == "no interval: 1 clusters, at least 5 needed"
    assert found.alpha_iid.ci_lo is not None


def test_an_item_that_varies_by_one_row_leaves_figures_of_correlations_without_interval() -> None:
    x = _answers(n=40, k=3)
    x[:, 0] = 3
    x[0, 0] = 4
    found = scale_reliability(x, resamples=200)
    assert found.omega_m1.value is not None
    assert found.omega_m1.ci_lo is None
    assert "1 of 40 rows left out" in (found.omega_m1.reason or "")
    # Raw alpha is made of covariances, which an item that does not vary has.
    rest = []
    for i in range(40):
        cov = np.cov(np.delete(x, i, axis=0), rowvar=False)
        rest.append(np.log(1 - 1.5 * (1 - np.trace(cov) / cov.sum())))
    error = np.sqrt(39**2 / 40 * np.var(rest, ddof=1))
    for alpha in (found.alpha, cronbach_alpha(x, resamples=200)):
        assert alpha.value is not None
        assert alpha.se == pytest.approx(error * (1 - alpha.value))
    x[:4, 0] = 4
    assert scale_reliability(x, resamples=200).omega_m1.ci_lo is not None


@pytest.mark.parametrize(
    ("x", "options"),
    [
        (np.ones(5), {}),
        (np.ones((5, 0)), {}),
        (np.ones((5, 1001)), {}),
        (np.array([["a", "b"]]), {}),
        (np.array([[1.0, np.inf], [1.0, 2.0]]), {}),
        (np.ones((5, 3)), {"missing": "mean"}),
        (np.ones((5, 3)), {"clusters": np.ones(4)}),
        (np.ones((5, 3)), {"resamples": 5}),
    ],
)
def test_bad_input_is_named(x: np.ndarray, options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        scale_reliability(x, **options)


def _check(estimate: Estimate) -> None:
    figures = [getattr(estimate, f) for f in ("value", "se", "ci_lo", "ci_hi", "lower", "upper")]
    assert all(f is None or math.isfinite(f) for f in figures)
    assert estimate.method
    if estimate.value is None:
        assert estimate.reason
        assert figures == [None] * 6
    if estimate.ci_lo is None:
        assert estimate.reason


@pytest.mark.integration
@settings(max_examples=300, deadline=None)
@given(
    x=hnp.arrays(
        np.float64,
        st.tuples(st.integers(0, 12), st.integers(1, 8)),
        elements=st.one_of(
            st.sampled_from([1.0, 2.0, 3.0, 5.0, math.nan]),
            st.floats(-9, 9),
            st.floats(-1e60, 1e60),
        ),
    ),
    clustered=st.booleans(),
    missing=st.sampled_from(["pairwise", "listwise"]),
)
def test_whatever_comes_every_figure_is_a_number_or_a_reason(
    x: np.ndarray, clustered: bool, missing: Any
) -> None:
    ids = np.arange(len(x)) // 2 if clustered else None
    found = scale_reliability(x, clusters=ids, missing=missing, resamples=40)
    for name in FIGURES:
        _check(getattr(found, name))
    for value in found.alpha_if_deleted + found.item_rest:
        assert value is None or math.isfinite(value)
    if found.alpha.value is not None and not np.isnan(x).any():
        k = x.shape[1]
        cov = covariance(x)
        assert found.alpha.value == pytest.approx(k / (k - 1) * (1 - np.trace(cov) / cov.sum()))


def test_neither_rows_nor_items_have_an_order() -> None:
    x, clusters = _answers(), np.arange(120) // 4
    rng = np.random.default_rng(1)
    rows, items = rng.permutation(120), rng.permutation(8)
    first = scale_reliability(x, clusters=clusters, resamples=100)
    other = scale_reliability(x[rows][:, items], clusters=clusters[rows], resamples=100)
    # Rows drawn one by one are other rows in another order; clusters are drawn by their names.
    for name in FIGURES:
        one, two = getattr(first, name), getattr(other, name)
        assert two.value == pytest.approx(one.value, abs=1e-5)
        if name != "alpha_iid" and one.ci_lo is not None:
            assert (two.ci_lo, two.ci_hi) == pytest.approx((one.ci_lo, one.ci_hi), abs=1e-4)
    moved = [first.item_rest[i] for i in items]
    assert list(other.item_rest) == pytest.approx(moved)


def test_only_items_that_load_negatively_count_as_flipped() -> None:
    x = _answers()
    assert scale_reliability(x, resamples=0).n_flipped == 0
    x[:, 2] = 6 - x[:, 2]
    assert scale_reliability(x, resamples=0).n_flipped == 1


def test_of_three_items_alpha_without_one_is_that_of_two() -> None:
    import pandas as pd

    x = np.random.default_rng(9).normal(size=(40, 1)) + np.random.default_rng(8).normal(
        size=(40, 3)
    )
    found = scale_reliability(x, resamples=0)
    for j in range(3):
        left = pd.DataFrame(np.delete(x, j, axis=1))
        assert found.alpha_if_deleted[j] == pytest.approx(pingouin.cronbach_alpha(left)[0])
    assert scale_reliability(x[:, :2], resamples=0).alpha_if_deleted == (None, None)
