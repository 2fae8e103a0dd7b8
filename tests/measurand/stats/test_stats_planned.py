from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, chi2, f, nct, norm, t
from statsmodels.stats.power import TTestPower

from measurand.errors import InputError
from measurand.stats.planned import (
    power_of,
    rate_power,
    rate_units_needed,
    sd_interval,
    units_for_width,
    units_needed,
)


@pytest.mark.parametrize(("n", "effect"), [(5, 0.9), (12, 0.4), (41, 0.3), (400, 0.1)])
def test_power_is_that_of_statsmodels(n: int, effect: float) -> None:
    theirs = TTestPower().power(effect, n, 0.05, alternative="larger")
    assert power_of(n, effect, 1.0) == pytest.approx(theirs, abs=2e-4)


def test_with_a_pilot_the_size_is_that_of_julious_and_owen() -> None:
    """Large studies: (n d^2 / s^2)^.5 is the noncentral t quantile of the pilot's degrees."""
    found = units_needed(0.01, 1.0, degrees=9)
    assert found is not None
    assert found == pytest.approx(10_000 * nct.ppf(0.8, 9, norm.ppf(0.95)) ** 2, rel=0.01)
    known = units_needed(0.01, 1.0)
    assert known is not None
    assert found > known


def test_a_plan_reaches_its_power_on_average_over_pilots() -> None:
    rng = np.random.default_rng(1)
    reached = []
    for _ in range(400):
        sd = math.sqrt(rng.chisquare(5) / 5)
        n = units_needed(0.3, sd, degrees=5)
        assert n is not None
        reached.append(power_of(n, 0.3, 1.0))
    assert np.mean(reached) == pytest.approx(0.8, abs=0.025)


def test_the_width_is_reached_with_the_chance_said() -> None:
    from scipy.special import stdtrit

    rng = np.random.default_rng(2)
    met = []
    for _ in range(2000):
        n = units_for_width(0.8, math.sqrt(rng.chisquare(12) / 12), degrees=12)
        assert n is not None
        sd = math.sqrt(rng.chisquare(n - 1) / (n - 1))
        met.append(2 * float(stdtrit(n - 1, 0.975)) * sd / math.sqrt(n) <= 0.8)
    # Whole units round up, so a little more often.
    assert 0.78 <= np.mean(met) <= 0.86


def test_a_width_takes_the_least_number_that_meets_it() -> None:
    def met(n: int, ratio: float) -> bool:
        return bool(2 * t.ppf(0.975, n - 1) * 0.5 * math.sqrt(ratio / n) <= 0.6)

    known = next(n for n in range(2, 99) if met(n, chi2.ppf(0.8, n - 1) / (n - 1)))
    assert units_for_width(0.6, 0.5) == known
    guessed = next(n for n in range(2, 99) if met(n, f.ppf(0.8, n - 1, 6)))
    assert units_for_width(0.6, 0.5, degrees=6) == guessed > known


def test_a_known_variance_needs_fewer_for_a_width() -> None:
    known, guessed = units_for_width(0.2, 1.0), units_for_width(0.2, 1.0, degrees=8)
    assert known is not None
    assert guessed is not None
    assert 384 < known < guessed


def test_power_of_a_rate_is_near_the_binomial() -> None:
    n = rate_units_needed(0.7, 0.6)
    assert n is not None
    assert rate_power(n, 0.7, 0.6) == pytest.approx(0.8, abs=0.005)
    z = norm.ppf(0.95)
    k = np.arange(n + 1)
    passing = (k / n - 0.6) / math.sqrt(0.24 / n) >= z
    assert binom.pmf(k, n, 0.7)[passing].sum() == pytest.approx(0.8, abs=0.03)
    assert rate_power(50, 1.0, 0.9) in (0.0, 1.0)
    assert rate_units_needed(0.6, 0.6) is None


def test_interval_of_a_standard_deviation() -> None:
    low, high = sd_interval(2.0, 9)
    assert low == pytest.approx(2 * math.sqrt(9 / chi2.ppf(0.975, 9)))
    assert high == pytest.approx(2 * math.sqrt(9 / chi2.ppf(0.025, 9)))


def test_what_no_number_shows() -> None:
    assert units_needed(1e-9, 1.0) is None
    assert power_of(1, 1.0, 1.0) == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: power_of(10, 0.0, 1.0),
        lambda: power_of(10, 1.0, 1.0, degrees=0),
        lambda: units_needed(1.0, -1.0),
        lambda: units_needed(1.0, 1.0, power=1.0),
        lambda: units_for_width(1.0, 1.0, chance=0),
        lambda: rate_power(10, 1.2, 0.5),
        lambda: rate_units_needed(0.7, 0.5, power=0),
    ],
)
def test_numbers_outside_their_range_are_named(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError):
        call()
