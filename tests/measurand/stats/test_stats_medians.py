from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from measurand.errors import InputError
from measurand.stats.medians import _weighted_median, group_medians, median_difference
from measurand.stats.resample import cluster_counts, expanded


def _scores() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    level = np.tile(np.arange(1, 10), 20)
    return np.round(level / 2 + rng.normal(size=180), 1), level, np.arange(180) // 9


def test_medians_and_intervals_are_those_of_the_resampled_rows() -> None:
    x, level, ids = _scores()
    found = group_medians(x, level, clusters=ids, resamples=300, seed_words=("m",))
    assert list(found) == list(range(1, 10))
    drawn = cluster_counts(ids, 300, found[1].seed or 0).astype(int)
    for g in (1, 5, 9):
        inside = level == g
        assert found[g].value == np.median(x[inside])
        assert found[g].n == 20
        again = [np.median(np.repeat(x[inside], taken[inside])) for taken in drawn]
        assert found[g].se == pytest.approx(np.std(again, ddof=1))
        assert found[g].ci_lo == pytest.approx(np.quantile(again, expanded(0.025, 20)))


def test_difference_of_medians() -> None:
    x, level, ids = _scores()
    high = level > 5
    found = median_difference(x, high, clusters=ids, resamples=300)
    assert found.value == pytest.approx(np.median(x[high]) - np.median(x[~high]))
    again = [
        np.median(np.repeat(x[high], w[high])) - np.median(np.repeat(x[~high], w[~high]))
        for w in cluster_counts(ids, 300, found.seed or 0).astype(int)
    ]
    assert found.se == pytest.approx(np.std(again, ddof=1))


def test_independent_rows_agree_with_scipy() -> None:
    x = np.random.default_rng(1).gamma(2, size=101)
    found = group_medians(x, np.zeros(101), resamples=5000)[0.0]
    theirs = stats.bootstrap(
        (x,), np.median, n_resamples=5000, method="percentile", rng=np.random.default_rng(0)
    )
    assert found.se == pytest.approx(theirs.standard_error, rel=0.06)


def test_a_group_missing_from_resamples() -> None:
    x, groups = np.arange(10.0), np.array(["a"] * 9 + ["b"])
    found = group_medians(x, groups, resamples=100)
    assert found["b"].value == 9
    assert "undefined in" in (found["b"].reason or "")
    assert found["a"].ci_lo is not None


def test_undefined_and_bad_input() -> None:
    x = np.arange(4.0)
    found = median_difference(x, np.ones(4, dtype=bool))
    assert (found.value, found.reason) == (None, "one side has no rows")
    bad: list[Any] = [np.ones(4), np.ones(3, dtype=bool), [True] * 4]
    for high in bad:
        with pytest.raises(InputError):
            median_difference(x, high)
    with pytest.raises(InputError):
        group_medians(np.array([1.0, np.nan]), np.ones(2))
    assert group_medians(np.empty(0), np.empty(0)) == {}


def test_rows_have_no_order_and_sides_mirror() -> None:
    x, level, ids = _scores()
    rows = np.random.default_rng(1).permutation(180)
    first = median_difference(x, level > 5, clusters=ids, resamples=100)
    assert median_difference(x[rows], level[rows] > 5, clusters=ids[rows], resamples=100) == first
    other = median_difference(x, level <= 5, clusters=ids, resamples=100)
    assert (other.value, other.ci_lo, other.ci_hi) == pytest.approx(
        (-(first.value or 0), -(first.ci_hi or 0), -(first.ci_lo or 0))
    )


def test_the_median_of_one_row_is_it_and_of_none_nothing() -> None:
    found = _weighted_median(np.array([1.0, 2.0, 5.0]), np.array([[0, 1, 0], [0, 0, 0], [1, 0, 3]]))
    np.testing.assert_array_equal(found, [2.0, np.nan, 5.0])
