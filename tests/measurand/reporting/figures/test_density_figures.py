from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.reporting.figures.density import bandwidth, density


@given(st.lists(st.floats(-2, 8), min_size=1, max_size=60))
def test_it_integrates_to_one_and_is_never_negative(values: list[float]) -> None:
    grid, hill = density(values, 1.0, 5.0, 2001)
    assert (hill >= 0).all()
    assert np.trapezoid(hill, grid) == pytest.approx(1.0, abs=0.01)


def test_it_agrees_with_scipy_away_from_the_ends() -> None:
    from scipy.stats import gaussian_kde

    x = np.random.default_rng(3).normal(3.0, 0.5, 200)
    grid, hill = density(x.tolist(), 0.0, 6.0)
    width = bandwidth(x, 0.0)
    reference = gaussian_kde(x, bw_method=width / x.std(ddof=1))(grid)
    np.testing.assert_allclose(hill, reference, atol=1e-9)


def test_bandwidth_is_silvermans_with_the_smaller_spread() -> None:
    # SD of 0..9 is 3.0277, IQR 4.5: 4.5 / 1.34 = 3.3582 is the larger.
    x = np.arange(10.0)
    assert bandwidth(x, 0.0) == pytest.approx(0.9 * 3.02765 * 10**-0.2, rel=1e-5)
    assert bandwidth(np.full(10, 2.0), 0.06) == 0.06
    assert bandwidth(np.array([2.0]), 0.06) == 0.06


def test_reflection_keeps_the_mass_of_a_group_at_the_end() -> None:
    grid, hill = density([1.0] * 20, 1.0, 5.0, 4001)
    assert grid[hill.argmax()] == 1.0
    assert np.trapezoid(hill[grid < 1.3], grid[grid < 1.3]) == pytest.approx(1.0, abs=0.01)
