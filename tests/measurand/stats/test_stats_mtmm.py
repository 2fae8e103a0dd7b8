from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import t

from measurand.errors import InputError
from measurand.stats.correlation import pearson
from measurand.stats.mtmm import convergent_discriminant


def _scores(n: int = 200, t: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(n, t)) + 0.5 * rng.normal(size=(n, 1))
    return a, a * 0.8 + rng.normal(size=(n, t)) * 0.7, np.arange(n) // 10


def _gap_by_comparisons(r: np.ndarray) -> float:
    t = len(r)
    return float(
        np.mean(
            [
                r[i, i] - abs(off)
                for i in range(t)
                for j in range(t)
                if i != j
                for off in (r[i, j], r[j, i])
            ]
        )
    )


def test_gap_is_the_mean_over_all_comparisons() -> None:
    a, b, _ = _scores()
    r = np.corrcoef(a.T, b.T)[:3, 3:]
    r[0, 2] = -abs(r[0, 2])
    found = convergent_discriminant(a, b, resamples=0)
    whole = np.corrcoef(a.T, b.T)[:3, 3:]
    assert np.array(found.r, dtype=float) == pytest.approx(whole)
    assert found.gap.value == pytest.approx(_gap_by_comparisons(whole))
    assert found.convergent.value == pytest.approx(np.diag(whole).mean())


def test_negative_correlations_count_by_size_off_the_diagonal_only() -> None:
    a, b, _ = _scores()
    found = convergent_discriminant(a, b * [1, -1, 1], resamples=0)
    r = np.corrcoef(a.T, (b * [1, -1, 1]).T)[:3, 3:]
    assert r[1, 1] < 0
    assert found.gap.value == pytest.approx(_gap_by_comparisons(r))


def test_intervals_leave_out_each_cluster() -> None:
    a, b, ids = _scores()
    found = convergent_discriminant(a, b, clusters=ids, resamples=200)
    groups = np.unique(ids)
    again = [_gap_by_comparisons(np.corrcoef(a[ids != c].T, b[ids != c].T)[:3, 3:]) for c in groups]
    error = np.sqrt((len(groups) - 1) ** 2 / len(groups) * np.var(again, ddof=1))
    assert found.gap.se == pytest.approx(error)
    one_sided = t(len(groups) - 1).ppf(0.95) * error
    assert found.gap.lower == pytest.approx(found.gap.value - one_sided)
    alone = pearson(a[:, 0], b[:, 2], clusters=ids, resamples=200).estimate
    assert found.correlations[0][2].value == pytest.approx(alone.value)
    assert found.correlations[0][2].ci_hi == pytest.approx(alone.ci_hi)


def test_missing_rows_are_counted() -> None:
    a, b, ids = _scores()
    a[4, 1], b[7, 0] = np.nan, np.nan
    found = convergent_discriminant(a, b, clusters=ids, resamples=0)
    assert found.n_missing == 2
    assert found.gap.n == 198


def test_a_trait_that_does_not_vary() -> None:
    a, b, _ = _scores()
    b[:, 1] = 3.1
    found = convergent_discriminant(a, b, resamples=50)
    assert (found.gap.value, found.gap.reason) == (None, "a score does not vary")
    assert found.r[0][1] is None
    assert found.r[0][0] is not None


def test_no_rows() -> None:
    found = convergent_discriminant(np.empty((0, 2)), np.empty((0, 2)), resamples=50)
    assert found.gap.reason == "0 complete rows, at least 2 needed"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.ones((4, 2)), np.ones((4, 3))),
        (np.ones((4, 1)), np.ones((4, 1))),
        (np.ones((4, 2)), np.ones((5, 2))),
        (np.ones(4), np.ones(4)),
    ],
)
def test_bad_input(a: Any, b: Any) -> None:
    with pytest.raises(InputError):
        convergent_discriminant(a, b)


def test_neither_rows_nor_traits_have_an_order_and_methods_mirror() -> None:
    a, b, clusters = _scores()
    rng = np.random.default_rng(1)
    rows, traits = rng.permutation(200), rng.permutation(3)
    first = convergent_discriminant(a, b, clusters=clusters, resamples=100)
    moved = convergent_discriminant(
        a[rows][:, traits], b[rows][:, traits], clusters=clusters[rows], resamples=100
    )
    swapped = convergent_discriminant(b, a, clusters=clusters, resamples=100)
    for other in (moved, swapped):
        for name in ("convergent", "discriminant", "gap"):
            one, two = getattr(first, name), getattr(other, name)
            expected = (one.value, one.ci_lo, one.ci_hi)
            assert (two.value, two.ci_lo, two.ci_hi) == pytest.approx(expected)
    np.testing.assert_allclose(np.array(swapped.r, float), np.array(first.r, float).T)
