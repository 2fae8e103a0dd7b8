from __future__ import annotations

import warnings

import krippendorff as reference
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.errors import InputError
from measurand.stats.krippendorff import Level, krippendorff_alpha
from measurand.stats.resample import cluster_counts, expanded

NAN = np.nan
# Krippendorff (2011), section C: four observers, twelve units, with gaps.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
)
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")


@pytest.mark.parametrize(
    ("level", "alpha"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_the_published_table(level: Level, alpha: float) -> None:
    found = krippendorff_alpha(OBSERVERS.T, level, resamples=0)
    assert found.value == pytest.approx(alpha, abs=5e-4)
    assert found.n == 11  # the last unit has one rating


ratings = st.lists(
    st.lists(st.sampled_from([NAN, 0.0, 1.0, 2.0, 5.0]), min_size=3, max_size=3),
    min_size=1,
    max_size=15,
)


@given(ratings, st.sampled_from(LEVELS))
def test_it_is_that_of_the_package(rows: list[list[float]], level: Level) -> None:
    x = np.array(rows)
    found = krippendorff_alpha(x, level, resamples=0)
    used = x[(~np.isnan(x)).sum(axis=1) >= 2]
    if len(used) == 0:
        assert (found.value, found.reason) == (None, "no unit with two ratings")
        return
    if np.nanmin(used) == np.nanmax(used):
        assert (found.value, found.reason) == (None, "all ratings are equal")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 0/0 for two zeros on the ratio level
        theirs = reference.alpha(reliability_data=used.T, level_of_measurement=level)
    assert found.value == pytest.approx(theirs)


@pytest.mark.parametrize("level", LEVELS)
def test_replicates_are_those_of_resampled_units(level: Level) -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(1, 6, 40)
    x = np.clip(truth[:, None] + rng.integers(-1, 2, (40, 4)), 1, 6).astype(float)
    x[rng.random(x.shape) < 0.2] = NAN
    ids = np.arange(40) // 2
    found = krippendorff_alpha(x, level, by=ids, resamples=60, seed_words=("a",))
    used = (~np.isnan(x)).sum(axis=1) >= 2
    again = [
        reference.alpha(
            reliability_data=np.repeat(x[used], w.astype(int), axis=0).T,
            level_of_measurement=level,
        )
        for w in cluster_counts(ids[used], 60, found.seed or 0)
    ]
    assert found.se == pytest.approx(np.std(again, ddof=1))
    assert found.ci_lo == pytest.approx(np.quantile(again, expanded(0.025, 20)))


@pytest.mark.parametrize("level", LEVELS)
def test_neither_units_nor_raters_have_an_order(level: Level) -> None:
    rng = np.random.default_rng(1)
    x = OBSERVERS.T
    other = x[rng.permutation(12)]
    other = np.array([row[rng.permutation(4)] for row in other])
    one = krippendorff_alpha(x, level, resamples=0)
    assert krippendorff_alpha(other, level, resamples=0).value == pytest.approx(one.value)


def test_interval_takes_any_number_of_values_the_others_a_thousand() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=60)[:, None] + rng.normal(size=(60, 2))
    found = krippendorff_alpha(x, "interval", resamples=0)
    theirs = reference.alpha(reliability_data=x.T, level_of_measurement="interval")
    assert found.value == pytest.approx(theirs)
    assert krippendorff_alpha(x + 1e6, "interval", resamples=0).value == pytest.approx(theirs)
    with pytest.raises(InputError, match="1200 distinct"):
        krippendorff_alpha(rng.normal(size=(600, 2)), "ordinal")


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match="unknown level"):
        krippendorff_alpha(OBSERVERS.T, "cardinal")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="negative"):
        krippendorff_alpha(-OBSERVERS.T, "ratio")
    with pytest.raises(InputError, match="by has"):
        krippendorff_alpha(OBSERVERS.T, "nominal", by=np.zeros(3))
