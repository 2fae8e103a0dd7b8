"""Intervals of intraclass kappa against scipy's chi-square test and statsmodels' Fleiss kappa."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from scipy.stats import chi2, chisquare, multinomial
from statsmodels.stats.inter_rater import fleiss_kappa

from measurand.stats.intraclass_kappa import kappa_ends

Counts = tuple[int, int, int]
TABLES = [(80, 6, 6), (30, 40, 22), (50, 2, 40), (6, 6, 80)]


def shares(rate: float, kappa: float) -> np.ndarray:
    """Units with none, one and two 1 of two, at a rate and a correlation."""
    spread = rate * (1 - rate)
    parts = [(1 - rate) ** 2 + kappa * spread, 2 * spread * (1 - kappa), rate**2 + kappa * spread]
    return np.array(parts)


def expected(counts: Counts, kappa: float) -> np.ndarray:
    """Units at a correlation, the rate at its likeliest by scipy's search."""
    least = max(0.0, -kappa / (1 - kappa))

    def unlikely(rate: float) -> float:
        return -float(xlogy(counts, shares(rate, kappa)).sum())

    found = minimize_scalar(
        unlikely, bounds=(least, 1 - least), method="bounded", options={"xatol": 1e-12}
    )
    return sum(counts) * shares(found.x, kappa)


@pytest.mark.parametrize("counts", TABLES)
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_test_refuses_what_lies_beyond_the_ends(counts: Counts, level: float) -> None:
    low, high = kappa_ends(*counts, level)
    assert low < high
    for end in (low, high):
        found = chisquare(counts, expected(counts, end)).statistic
        assert found == pytest.approx(chi2.ppf(level, 1), rel=1e-4)
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
    assert found == pytest.approx(chi2.ppf(0.95, 1), rel=1e-4)


def test_units_that_always_differ_have_an_interval_down_to_minus_1() -> None:
    low, high = kappa_ends(0, 30, 0, 0.95)
    assert low == -1.0
    found = chisquare((0, 30, 0), expected((0, 30, 0), high)).statistic
    assert found == pytest.approx(chi2.ppf(0.95, 1), rel=1e-4)


@pytest.mark.parametrize("counts", [(91, 1, 0), (0, 12, 80)])
def test_where_no_unit_has_two_the_rate_lies_at_the_end_that_a_low_correlation_allows(
    counts: Counts,
) -> None:
    low, high = kappa_ends(*counts, 0.95)
    # All that is not expected is of one kind: a binomial of the other two.
    rate = -low / (1 - low) if counts[2] == 0 else 1 / (1 - low)
    wanted = sum(counts) * shares(rate, low)
    assert wanted.min() == pytest.approx(0, abs=1e-9)
    kept = wanted > 1e-6
    found = chisquare(np.array(counts)[kept], wanted[kept]).statistic
    assert found == pytest.approx(chi2.ppf(0.95, 1), rel=1e-6)
    found = chisquare(counts, expected(counts, high)).statistic
    assert found == pytest.approx(chi2.ppf(0.95, 1), rel=1e-4)


@pytest.mark.parametrize(("n", "rate", "kappa"), [(92, 0.1, 0.6), (30, 0.25, 0.6)])
def test_of_all_samples_95_in_100_hold_the_truth(n: int, rate: float, kappa: float) -> None:
    """Exactly, by the chance of every table."""
    neither, both = (x.ravel() for x in np.indices((n + 1, n + 1)))
    tables = np.stack([neither, n - neither - both, both], axis=1)
    tables = tables[(tables[:, 1] >= 0) & (tables[:, [0, 2]] < n).all(axis=1)]
    chances = multinomial.pmf(tables, n, shares(rate, kappa))
    likely = chances > 1e-5
    held = [kappa_ends(*t, 0.95) for t in tables[likely].tolist()]
    share = sum(c for c, e in zip(chances[likely], held, strict=True) if e.low <= kappa <= e.high)
    assert 0.948 < share / chances[likely].sum() < 0.962
