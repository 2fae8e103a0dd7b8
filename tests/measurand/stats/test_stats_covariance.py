from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from measurand.stats import covariance as module
from measurand.stats.covariance import correlation, covariance, resampled_covariances
from measurand.stats.jackknife import leaving_out
from measurand.stats.resample import BATCH, cluster_counts, plan


def _answers(missing: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.integers(1, 6, (60, 7)) + rng.normal(size=(60, 1)) + 1000.0
    x[rng.random(x.shape) < missing] = np.nan
    return x


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_point_matches_pandas(missing: float) -> None:
    x = _answers(missing)
    assert covariance(x) == pytest.approx(pd.DataFrame(x).cov().to_numpy())


def test_correlation_matches_numpy_and_marks_constants() -> None:
    x = _answers(0.0)
    assert correlation(covariance(x)) == pytest.approx(np.corrcoef(x.T))
    x[:, 2] = 4.0
    r = correlation(covariance(x))
    assert np.isnan(r[2]).all()
    assert np.isnan(r[:, 2]).all()
    assert r[0, 0] == 1


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("memory", [None, 60])
def test_resampled_equal_pandas_on_the_resampled_rows(
    missing: float, clustered: bool, memory: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if memory is not None:
        monkeypatch.setattr(module, "CACHE_NUMBERS", memory)
    x = _answers(missing)
    ids = np.random.default_rng(1).integers(0, 9, 60) if clustered else np.arange(60)
    drawn = plan(60, ids if clustered else None, 50, ("c",))
    found = np.concatenate(list(resampled_covariances(x, drawn)))
    assert found.shape == (50, 7, 7)
    for cov, taken in zip(found, cluster_counts(ids, 50, drawn.seed), strict=True):
        rows = np.repeat(np.arange(60), taken.astype(int))
        assert cov == pytest.approx(pd.DataFrame(x[rows]).cov().to_numpy())


def test_pairs_that_never_meet_are_nan() -> None:
    x = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, 3.0], [np.nan, 5.0]])
    cov = covariance(x)
    assert np.isnan(cov[0, 1])
    assert cov[0, 0] == pytest.approx(0.5)


def test_an_item_that_does_not_vary_in_a_resample_has_no_correlation() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 3))
    x[:, 2] = np.where(np.arange(20) < 19, 4.0, 5.0)  # one row alone differs
    drawn = plan(20, None, 400, ("flat",))
    for c, taken in zip(resampled_covariances(x, drawn), drawn.batches(BATCH), strict=True):
        never = taken[:, 19] == 0
        assert never.any()
        assert (c[never, 2, 2] == 0).all()
        assert (c[~never & (taken[:, 19] < 20), 2, 2] > 0).all()
        assert np.isnan(correlation(c)[never][:, 2]).all()


@pytest.mark.parametrize("n", [12, 2000])
@pytest.mark.parametrize("holed", [False, True])
def test_an_item_that_varies_by_one_row_alone_has_variance_0_without_it(
    n: int, holed: bool
) -> None:
    x = np.random.default_rng(2).normal(size=(n, 3))
    x[:, 0] = 0.1
    x[5, 0] = 0.3
    x[7, 2] = np.nan if holed else x[7, 2]
    found = np.concatenate(list(resampled_covariances(x, leaving_out(plan(n, None, 2000, ())))))
    assert (found[:, 0, 0] == 0).tolist() == [i == 5 for i in range(n)]
