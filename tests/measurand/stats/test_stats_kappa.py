from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from measurand.errors import InputError
from measurand.stats.kappa import Weights, cohen_kappa
from measurand.stats.pairs_left_out import pairs_left_out, student_of_pairs
from measurand.stats.resample import cluster_counts

# Hout et al. (1987), Sociological Methodology 17: 91 couples on how often sex is fun.
COUPLES = np.array([[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]])


def couples() -> tuple[np.ndarray, np.ndarray]:
    husband, wife = np.indices((4, 4))
    return np.repeat(husband.ravel(), COUPLES.ravel()), np.repeat(wife.ravel(), COUPLES.ravel())


@pytest.mark.parametrize(
    ("weights", "kappa", "error"), [("none", 0.1293, 0.0686), ("linear", 0.2374, 0.0783)]
)
def test_the_table_of_couples_as_in_r_vcd(weights: Weights, kappa: float, error: float) -> None:
    """R ``vcd::Kappa(SexualFun)``: the figures and their asymptotic errors."""
    found = cohen_kappa(*couples(), weights=weights)
    assert found.value == pytest.approx(kappa, abs=5e-5)
    assert found.se == pytest.approx(error, rel=0.05)
    assert found.n == 91


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=40),
    st.sampled_from(["none", "linear", "quadratic"]),
)
def test_it_is_that_of_scikit_learn(rows: list[tuple[int, int]], weights: Weights) -> None:
    a, b = np.array(rows).T
    found = cohen_kappa(a, b, weights=weights, resamples=0)
    if len(np.unique([a, b])) == 1:
        assert found.value is None
        assert found.reason == "both raters used one and the same category"
        return
    theirs = cohen_kappa_score(a, b, weights=None if weights == "none" else weights)
    assert found.value == pytest.approx(theirs)


def test_named_categories_keep_their_order_and_their_gaps() -> None:
    a, b = np.array([0, 1, 3, 3, 0]), np.array([0, 3, 3, 1, 1])
    for order in ([0, 1, 2, 3], [3, 0, 1, 2]):
        found = cohen_kappa(a, b, weights="quadratic", categories=np.array(order), resamples=0)
        theirs = cohen_kappa_score(a, b, weights="quadratic", labels=order)
        assert found.value == pytest.approx(theirs)


def test_replicates_are_those_of_resampled_clusters() -> None:
    rng = np.random.default_rng(0)
    ids = np.repeat(np.arange(12), 5)
    a = rng.integers(0, 3, 60)
    b = np.where(rng.random(60) < 0.6, a, rng.integers(0, 3, 60))
    found = cohen_kappa(a, b, by=ids, resamples=100, seed_words=("k",))
    again = [
        cohen_kappa_score(np.repeat(a, w), np.repeat(b, w))
        for w in cluster_counts(ids, 100, found.seed or 0).astype(int)
    ]
    assert found.se == pytest.approx(np.std(again, ddof=1))
    assert found.n_clusters == 12


def test_pairs_of_items() -> None:
    rng = np.random.default_rng(4)
    items = np.array([(i % 9, 9 + i % 5) for i in range(45)])
    a = rng.integers(0, 3, 45)
    b = np.where(rng.random(45) < 0.6, a, rng.integers(0, 3, 45))
    found = cohen_kappa(a, b, by=items, resamples=80)
    left = pairs_left_out(items)
    again = [cohen_kappa_score(np.delete(a, i), np.delete(b, i)) for i in range(45)]
    wanted = student_of_pairs(cohen_kappa_score(a, b), np.array(again), left, method="")
    for name in ("value", "se", "ci_lo", "ci_hi"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name))
    assert (found.n, found.n_clusters) == (45, 14)


def test_missing_ratings_and_order_do_not_matter() -> None:
    a, b = couples()
    shuffled = np.random.default_rng(1).permutation(91)
    one = cohen_kappa(a, b, resamples=0)
    gaps = np.append(a[shuffled], [np.nan, 1.0]), np.append(b[shuffled], [2.0, np.nan])
    assert cohen_kappa(*gaps, resamples=0) == one
    assert cohen_kappa(b, a, resamples=0).value == pytest.approx(one.value)


def test_what_is_undefined_or_refused() -> None:
    nothing = cohen_kappa(np.array([np.nan]), np.array([1.0]), resamples=0)
    assert (nothing.value, nothing.reason) == (None, "no row with both ratings")
    x = np.array([0.0, 1.0])
    with pytest.raises(InputError, match="unknown weights"):
        cohen_kappa(x, x, weights="cubic")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="none of the categories"):
        cohen_kappa(x, x, categories=np.array([0, 2]))
    with pytest.raises(InputError, match="twice"):
        cohen_kappa(x, x, categories=np.array([0, 1, 1]))
    with pytest.raises(InputError, match="1001 categories"):
        cohen_kappa(np.arange(1001), np.arange(1001), resamples=0)
    with pytest.raises(InputError, match="by has"):
        cohen_kappa(x, x, by=np.array([0]))
