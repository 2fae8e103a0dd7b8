"""Intervals of intraclass kappa against scipy's chi-square test and statsmodels' Fleiss kappa."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, chisquare
from statsmodels.stats.inter_rater import fleiss_kappa

from measurand.stats.intraclass_kappa import kappa_ends

Counts = tuple[int, int, int]
TABLES = [(80, 6, 6), (30, 40, 22), (50, 2, 40), (6, 6, 80)]


def expected(counts: Counts, kappa: float) -> np.ndarray:
    """Units with none, one and two 1 of two, at the sample's rate and a correlation."""
    n = sum(counts)
    rate = (counts[1] / 2 + counts[2]) / n
    spread = rate * (1 - rate)
    shares = [(1 - rate) ** 2 + kappa * spread, 2 * spread * (1 - kappa), rate**2 + kappa * spread]
    return n * np.array(shares)


@pytest.mark.parametrize("counts", TABLES)
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_test_refuses_what_lies_beyond_the_ends(counts: Counts, level: float) -> None:
    low, high = kappa_ends(*counts, level)
    assert low < high
    for end in (low, high):
        found = chisquare(counts, expected(counts, end)).statistic
        assert found == pytest.approx(chi2.ppf(level, 1), rel=1e-6)
    within = chisquare(counts, expected(counts, (low + high) / 2)).statistic
    assert within < chi2.ppf(level, 1)


@pytest.mark.parametrize("counts", TABLES)
def test_a_narrow_interval_is_at_fleiss_kappa(counts: Counts) -> None:
    table = np.repeat([[2, 0], [1, 1], [0, 2]], counts, axis=0)
    assert kappa_ends(*counts, 1e-6) == pytest.approx([fleiss_kappa(table)] * 2, abs=1e-5)


def test_0_and_1_may_be_exchanged() -> None:
    assert kappa_ends(80, 6, 6, 0.95) == pytest.approx(kappa_ends(6, 6, 80, 0.95))


def test_units_that_never_differ_have_an_interval_up_to_1() -> None:
    low, high = kappa_ends(80, 0, 12, 0.95)
    assert high == 1.0
    found = chisquare((80, 0, 12), expected((80, 0, 12), low)).statistic
    assert found == pytest.approx(chi2.ppf(0.95, 1), rel=1e-6)


@pytest.mark.parametrize("counts", [(91, 1, 0), (0, 12, 80)])
def test_without_a_unit_of_two_the_interval_begins_at_the_least_correlation(
    counts: Counts,
) -> None:
    low, high = kappa_ends(*counts, 0.95)
    assert expected(counts, low).min() == pytest.approx(0, abs=1e-9)
    found = chisquare(counts, expected(counts, high)).statistic
    assert found == pytest.approx(chi2.ppf(0.95, 1), rel=1e-6)
