from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from measurand.errors import InputError
from measurand.stats.independent import welch
from measurand.stats.means import cluster_mean

RNG = np.random.default_rng(6)
A, B = RNG.normal(0.4, 1.0, 40), RNG.normal(0.0, 2.5, 70)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_without_clusters_it_is_scipys_welch(confidence: float) -> None:
    found = welch(A, B, confidence=confidence)
    theirs = scipy.stats.ttest_ind(A, B, equal_var=False)
    interval = theirs.confidence_interval(confidence)
    assert (found.ci_lo, found.ci_hi) == pytest.approx((interval.low, interval.high))
    assert found.se == pytest.approx(abs(found.value / theirs.statistic))  # type: ignore[operator]
    assert (found.n, found.n_clusters) == (40, 40)
    one_sided = scipy.stats.ttest_ind(A, B, equal_var=False, alternative="greater")
    assert found.lower == pytest.approx(one_sided.confidence_interval(0.95).low)


def test_each_side_has_its_own_clustered_error() -> None:
    groups, others = np.arange(40) // 4, np.arange(70) // 7
    found = welch(A, B, groups, others)
    parts = [cluster_mean(A, groups).se, cluster_mean(B, others).se]
    assert found.se == pytest.approx(np.hypot(*parts))
    assert found.n_clusters == 10
    assert found.ci_hi - found.ci_lo > 2 * 1.96 * found.se  # type: ignore[operator]


def test_the_unit_does_not_matter() -> None:
    small, large = welch(A, B), welch(A * 1e140, B * 1e140)
    assert large.ci_lo == pytest.approx(small.ci_lo * 1e140)  # type: ignore[operator]


def test_swapping_mirrors() -> None:
    a, b = welch(A, B), welch(B, A)
    assert (a.value, a.ci_lo, a.ci_hi) == pytest.approx((-b.value, -b.ci_hi, -b.ci_lo))  # type: ignore[operator]


def test_what_is_undefined() -> None:
    nothing = welch(A[:0], B)
    assert (nothing.reason, nothing.n) == ("no rows on one side", 0)
    alone = welch(A[:1], B)
    assert (alone.value, alone.ci_lo) == (pytest.approx(A[0] - B.mean()), None)
    assert alone.reason is not None
    constant = welch(np.full(5, 0.3), np.full(6, 0.1))
    assert (constant.se, constant.ci_lo) == (0.0, pytest.approx(0.2))
    assert constant.reason is not None
    with pytest.raises(InputError):
        welch(np.array([np.nan]), B)
