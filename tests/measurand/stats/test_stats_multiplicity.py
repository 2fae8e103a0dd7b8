from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from measurand.errors import InputError
from measurand.stats.multiplicity import benjamini_hochberg, holm

RNG = np.random.default_rng(3)
CASES = [[0.01, 0.02, 0.03, 0.04], [0.5], [], [0.2, 0.2, 0.01], RNG.random(200).tolist()]


@pytest.mark.parametrize("p", CASES)
def test_equal_to_statsmodels_and_scipy(p: list[float]) -> None:
    expected = multipletests(p, method="holm")[1] if p else []
    np.testing.assert_allclose(holm(p), expected, atol=1e-15)
    expected = false_discovery_control(p) if p else []
    np.testing.assert_allclose(benjamini_hochberg(p), expected, atol=1e-15)


def test_equal_to_r() -> None:
    """R 4.2 ``p.adjust(c(.01, .02, .03, .04), ...)``."""
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert benjamini_hochberg([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04] * 4)


def test_undefined_tests_count_for_nothing() -> None:
    assert holm([None, 0.02, None, 0.04]) == [None, *[0.04, 0.04][:1], None, 0.04]
    assert benjamini_hochberg([None]) == [None]


def test_order_changes_nothing() -> None:
    p = RNG.random(30)
    order = RNG.permutation(30)
    for adjust in (holm, benjamini_hochberg):
        assert np.array(adjust(p.tolist()))[order].tolist() == adjust(p[order].tolist())


@pytest.mark.parametrize("p", [[1.5], [-0.1], [float("nan")]])
def test_no_p_value(p: list[float]) -> None:
    with pytest.raises(InputError, match=r"outside 0\.\.1"):
        holm(p)


def test_p_values_of_0_and_1_are_p_values() -> None:
    for adjust in (holm, benjamini_hochberg):
        assert adjust([1.0, 0.0]) == [1.0, 0.0]
