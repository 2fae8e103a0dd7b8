from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.errors import InputError
from measurand.stats.crossed import Components, components, crossed_mean
from measurand.stats.means import cluster_mean
from measurand.stats.weighted_t import quantile


def sample(rows: int, columns: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    row, column = (axis.ravel() for axis in np.indices((rows, columns)))
    a, b = rng.normal(size=rows), rng.normal(size=columns)
    return a[row] + b[column] + rng.normal(size=rows * columns), row, column


@pytest.mark.parametrize(("rows", "columns", "seed"), [(5, 20, 1), (12, 7, 2), (30, 30, 3)])
def test_the_error_equals_that_of_statsmodels(rows: int, columns: int, seed: int) -> None:
    import statsmodels.api as sm
    from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

    x, row, column = sample(rows, columns, seed)
    fit = sm.OLS(x, np.ones_like(x)).fit()
    expected = cov_cluster_2groups(fit, row, column)[0][0, 0]
    found = crossed_mean(x, row, column)
    assert found.value == pytest.approx(fit.params[0], abs=1e-12)
    assert found.se == pytest.approx(expected**0.5, rel=1e-10)
    assert found.n_clusters == min(rows, columns)


def test_two_rows_are_a_sample_too() -> None:
    x, row, column = sample(2, 9, 4)
    one, two, both = (cluster_mean(x, units).se or 0 for units in (row, column, None))
    wanted = max(one**2 + two**2 - both**2, one**2, two**2) ** 0.5
    found = crossed_mean(x, row, column)
    assert (found.se, found.n_clusters) == (pytest.approx(wanted), 2)


def test_it_is_wider_than_either_way_alone_where_both_matter() -> None:
    x, row, column = sample(8, 40, 4)
    both = crossed_mean(x, row, column).se
    assert both is not None
    for one in (row, column):
        alone = cluster_mean(x, one).se
        assert alone is not None
        assert both > alone


@pytest.mark.parametrize("spread", [0.0, 0.25, 1.0])
def test_ninety_five_intervals_in_a_hundred_hold_the_mean_of_both_populations(
    spread: float,
) -> None:
    """Three shot sets that hardly differ would have 100 with Student's t of their own degrees."""
    rng = np.random.default_rng([3, int(100 * spread)])
    row, column = (axis.ravel() for axis in np.indices((3, 24)))
    hits, narrow, wide, trials = 0, 0, 0, 600
    for _ in range(trials):
        x = rng.normal(0, spread**0.5, 3)[row] + rng.normal(size=24)[column] + rng.normal(size=72)
        both, alone = crossed_mean(x, row, column), cluster_mean(x, column)
        for found in (both, alone):
            assert found.value is not None
            assert found.se is not None
            assert found.ci_lo is not None
            assert found.ci_hi is not None
        hits += both.ci_lo <= 0 <= both.ci_hi  # type: ignore[operator]
        narrow += alone.ci_lo <= 0 <= alone.ci_hi  # type: ignore[operator]
        wide += abs(both.value) <= 4.303 * both.se  # type: ignore[arg-type, operator]
    assert 0.93 <= hits / trials <= 0.98
    if spread == 0:
        assert wide / trials > 0.99
    if spread == 1:
        assert narrow / trials < 0.7


@pytest.mark.parametrize("turned", [False, True])
def test_each_end_has_the_quantile_between_both_samples(turned: bool) -> None:
    x, row, column = sample(4, 30, 9)
    one, two = (cluster_mean(x, units).se for units in (row, column))
    found = crossed_mean(x, *((column, row) if turned else (row, column)))
    assert found.value is not None
    assert found.se is not None
    assert one is not None
    assert two is not None
    share = (one / found.se) ** 2
    for level, end in ((0.025, found.ci_lo), (0.975, found.ci_hi), (0.05, found.lower)):
        assert end is not None
        far = quantile(max(level, 1 - level), share, 4, 30) * found.se
        assert end == pytest.approx(found.value + (far if level > 0.5 else -far))


def test_one_row_leaves_the_columns() -> None:
    x, row, column = sample(1, 9, 5)
    assert crossed_mean(x, row, column) == cluster_mean(x, column)
    assert crossed_mean(x, column, row) == cluster_mean(x, column)
    empty = np.array([])
    none = crossed_mean(empty, empty, empty)
    assert none.value is None
    assert (none.reason, none.n) == ("no rows", 0)


@given(st.floats(-1e6, 1e6), st.integers(2, 6), st.integers(2, 6))
def test_a_constant_is_a_point(value: float, rows: int, columns: int) -> None:
    row, column = (axis.ravel() for axis in np.indices((rows, columns)))
    found = crossed_mean(np.full(rows * columns, value), row, column)
    assert (found.value, found.se) == (value, 0.0)
    assert found.reason is not None
    assert found.reason.startswith("degenerate")


def test_noise_that_makes_the_difference_negative_takes_the_larger_way() -> None:
    row, column = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    x = np.array([1.0, -1.0, -1.0, 1.0])  # row and column sums are all zero
    found = crossed_mean(x, row, column)
    assert found.se == 0.0
    y = np.array([1.0, -1.0, -1.0, 1.2])
    ways = [cluster_mean(y, units).se for units in (row, column)]
    assert crossed_mean(y, row, column).se == pytest.approx(max(filter(None, ways)))


def test_the_share_of_rows_equals_pingouins_icc() -> None:
    import pandas as pd
    import pingouin

    x, row, column = sample(12, 5, 6)
    found = components(x.reshape(12, 5))
    frame = pd.DataFrame({"x": x, "row": row, "column": column})
    table = pingouin.intraclass_corr(frame, targets="row", raters="column", ratings="x")
    # Two singles: of random raters in absolute agreement, ICC(A,1), and consistency, ICC(C,1).
    single = table[table["Type"].isin(["ICC2", "ICC(A,1)"])]["ICC"].item()
    assert found.rows / (found.rows + found.columns + found.rest) == pytest.approx(single, abs=1e-9)


def test_shares_take_negative_estimates_as_nothing() -> None:
    assert Components(1.0, -0.5, 3.0).shares() == (0.25, 0.0, 0.75)
    assert Components(0.125, 0.0, 0.375).shares() == (0.25, 0.0, 0.75)
    assert Components(0.0, -0.5, 0.0).shares() is None
    with pytest.raises(InputError, match="1 x 3"):
        components(np.zeros((1, 3)))


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (5, 10)])
def test_a_constant_decimal_has_no_variance(shape: tuple[int, int]) -> None:
    """The mean of equal tenths misses .1 in its last bit: that is no variance."""
    found = components(np.full(shape, 0.1))
    assert found == Components(0.0, 0.0, 0.0)
    assert found.shares() is None


def test_one_row_is_a_mean_without_an_interval() -> None:
    one = np.array([0])
    found = crossed_mean(np.array([0.4]), one, one)
    assert (found.value, found.n, found.ci_lo) == (0.4, 1, None)


def test_components_of_two_by_two_by_hand() -> None:
    # Mean squares 9 of rows, 4 of columns, 1 of the rest.
    assert components(np.array([[0.0, 1.0], [2.0, 5.0]])) == Components(4.0, 1.5, 1.0)


def test_a_range_of_one_is_no_constant() -> None:
    row, column = (axis.ravel() for axis in np.indices((3, 4)))
    x = (row * column % 2).astype(float)
    assert crossed_mean(x, row, column).value == x.mean() != x[0]
