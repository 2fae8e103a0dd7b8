"""How many units decide, and which effect a sample shows: formulas against simulated power."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

from measurand.gates.deciding import samples
from measurand.gates.deciding.samples import Rules, detectable, needed, trainings_needed
from measurand.gates.figures.bounds import Bounds
from measurand.stats.sequential import above

SD = math.sqrt(0.1)


def bounds(estimate: float = 0.0, **more: object) -> Bounds:
    base = {"estimate": estimate, "lower": -1.0, "upper": 1.0, "sd": SD, "n": 200, "clusters": 200}
    return Bounds(**{**base, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(("margin", "n"), [(0.02, 1546), (0.03, 687), (0.05, 248)])
def test_non_inferiority_as_in_the_textbook(margin: float, n: int) -> None:
    assert needed("non_inferiority", bounds(), -margin, Rules())[0] == n


def test_units_come_in_clusters_of_todays_size() -> None:
    rules = Rules(min_n=0, min_clusters=30)
    alone, _ = needed("non_inferiority", bounds(), -0.03, rules)
    assert alone == 687
    assert needed("non_inferiority", bounds(clusters=20), -0.03, rules) == (690, 69)
    # Fewer clusters than the rules ask for are no sample, however many units they hold.
    assert needed("non_inferiority", bounds(clusters=4), -0.03, rules) == (1500, 30)
    assert needed("non_inferiority", bounds(n=None, clusters=None), -0.03, rules) == (687, 30)


@pytest.mark.parametrize("margin", [0.02, 0.03, 0.05])
def test_equivalence_reaches_its_power_with_both_tests(margin: float) -> None:
    """At no difference the two one-sided tests succeed together with the stated power."""
    n, _ = needed("equivalence", bounds(), margin, Rules(min_n=0, min_clusters=0))
    assert n is not None
    se = SD / math.sqrt(n)
    power = 2 * norm.cdf(margin / se - norm.ppf(0.95)) - 1
    assert power == pytest.approx(0.8, abs=0.002)


def test_beyond_the_margin_one_test_decides_equivalence() -> None:
    outside = needed("equivalence", bounds(0.05), 0.03, Rules(min_n=0))[0]
    alone = needed("superiority", bounds(0.02), 0.0, Rules(min_n=0))[0]
    assert outside == alone


def test_on_the_line_no_sample_decides() -> None:
    for test, estimate, bound in (("equivalence", -0.03, 0.03), ("superiority", 0.0, 0.0)):
        assert needed(test, bounds(estimate), bound, Rules()) == (None, None)


def test_bets_need_what_a_simulation_needs() -> None:
    """Of sequences as long as the formula says, about the stated share is decided by then."""
    found = bounds(flags=("anytime",))
    n, _ = needed("non_inferiority", found, -0.03, Rules())
    assert n is not None
    rng = np.random.default_rng(3)
    d = rng.choice([-1.0, 1.0, 0.0], p=[0.05, 0.05, 0.9], size=(1500, n))
    wealth = above(d, -0.03, low=-1.0, high=1.0).log_wealth.max(axis=1)
    assert (wealth >= math.log(20)).mean() == pytest.approx(0.78, abs=0.05)


def test_bets_show_less_than_a_fixed_sample() -> None:
    fixed, betting = bounds(se=0.01), bounds(se=0.01, flags=("anytime",))
    assert detectable(fixed, Rules()) == pytest.approx(0.02486, abs=1e-5)
    assert detectable(betting, Rules()) == pytest.approx(0.03431, abs=1e-5)
    assert detectable(bounds(se=None), Rules()) is None


def test_the_unit_does_not_matter_and_nothing_overflows() -> None:
    huge = bounds(0.0, sd=1e308)
    assert needed("equivalence", huge, 1e307, Rules())[0] == 857
    assert needed("equivalence", huge, 1e307, Rules(power=1 - 1e-16))[0] is not None


@pytest.mark.parametrize("trainings", [3, 5])
def test_rows_shrink_the_part_of_the_items_and_not_that_of_the_trainings(trainings: int) -> None:
    """At the number that is asked for both parts together are as large as the gap allows."""
    fixed = 0.01
    found = bounds(fixed=fixed, trainings=trainings)
    n, _ = needed("non_inferiority", found, -0.06, Rules())
    alone, _ = needed("non_inferiority", bounds(), -0.06, Rules())
    assert n is not None
    assert alone is not None
    assert n > alone
    items = (norm.ppf(0.95) + norm.ppf(0.8)) * SD / math.sqrt(n)
    of_trainings = (student.ppf(0.95, trainings - 1) + norm.ppf(0.8)) * fixed
    assert math.hypot(items, of_trainings) == pytest.approx(0.06, rel=2e-3)
    far = bounds(fixed=0.05, trainings=trainings)
    assert needed("non_inferiority", far, -0.06, Rules()) == (None, None)


ONE = "mean; t(27) interval; widened by 5 trainings"


def trained(estimate: float, **more: object) -> Bounds:
    base = {"sd": 1.0, "n": 100, "clusters": 100, "fixed": 0.5, "trainings": 5, "method": ONE}
    return bounds(estimate, **{**base, **more})


@pytest.mark.parametrize("gap", [0.35, 0.5, 0.8])
def test_so_many_trainings_have_the_power_and_one_fewer_has_not(gap: float) -> None:
    many, rows = trainings_needed("threshold", trained(gap), 0.0, Rules())
    assert many is not None
    assert rows is None
    rng = np.random.default_rng(int(100 * gap))

    def power(trainings: int) -> float:
        found = (
            gap + 0.5 * rng.normal(size=(20_000, trainings)) + 0.1 * rng.normal(size=(20_000, 1))
        )
        # The bound as gates make it: both parts' own distances, squared and added.
        own = student.ppf(0.95, trainings - 1) * found.std(axis=1, ddof=1) / math.sqrt(trainings)
        end = np.hypot(own, 0.1 * norm.ppf(0.95))
        return float((found.mean(axis=1) - end > 0).mean())

    assert power(many) > 0.77
    assert power(many - 2) < 0.83


def test_where_the_rows_are_too_few_each_part_gets_half_of_the_squared_gap() -> None:
    found = trained(0.05, fixed=0.2)
    many, rows = trainings_needed("threshold", found, 0.0, Rules())
    z = norm.ppf(0.95) + norm.ppf(0.8)
    assert rows == math.ceil(100 * 2 * (z * 0.1 / 0.05) ** 2)
    assert many is not None
    t = student.ppf(0.95, many - 1) + norm.ppf(0.8)
    assert t * 0.2 / math.sqrt(many) <= 0.05 / math.sqrt(2)
    assert t * 0.2 / math.sqrt(many - 1) > 0.049 / math.sqrt(2)


def test_where_all_of_the_error_is_the_trainings_more_of_them_decide_and_no_rows() -> None:
    found = trained(0.045, sd=0.0, fixed=0.02, trainings=3)
    assert needed("threshold", found, 0.0, Rules()) == (None, None)
    many, rows = trainings_needed("threshold", found, 0.0, Rules())
    assert many is not None
    assert rows is None
    part = (student.ppf(0.95, many - 1) + norm.ppf(0.8)) * 0.02
    assert part / math.sqrt(many) <= 0.045 < part / math.sqrt(many - 1) * 1.5
    clear = trained(0.5, sd=0.0, fixed=0.02, trainings=3)
    assert needed("threshold", clear, 0.0, Rules(min_n=7)) == (10, 10)


def test_a_mean_of_trainings_holds_their_root_already() -> None:
    mean = trained(0.5, fixed=0.5 / math.sqrt(5), method="mean over 5 trainings of: mean")
    wanted = trainings_needed("threshold", trained(0.5), 0.0, Rules())
    assert trainings_needed("threshold", mean, 0.0, Rules()) == wanted


@pytest.mark.parametrize(
    "found",
    [bounds(0.5), trained(0.5, fixed=0.0), trained(0.5, sd=None), trained(0.5, n=None),
     trained(0.0), trained(1e-6), trained(0.5, fixed=1e6), trained(0.5, sd=1e9),
     trained(0.5, sd=math.inf), trained(1e300, fixed=1e299)],
)  # fmt: skip
def test_there_is_no_number_where_none_is_realistic(found: Bounds) -> None:
    assert trainings_needed("threshold", found, 0.0, Rules()) == (None, None)


def test_two_trainings_are_enough_where_they_are() -> None:
    # t(1) at .95 is 6.314 and z of .8 is .842: 7.155 x .01 / sqrt 2 = .0506 fills a gap of .0508,
    # of which the items take next to nothing.
    def rows_of(gap: float) -> tuple[int | None, int | None]:
        found = bounds(gap, sd=1e-9, n=1000, trainings=4, fixed=0.005)
        return trainings_needed("threshold", found, 0.0, Rules())

    assert rows_of(0.0508) == (2, None)
    # With three it is t(2) = 2.920: 3.762 x .01 / sqrt 3 = .0217.
    assert rows_of(0.0504) == (3, None)
    assert rows_of(0.0216)[0] == 4


def test_what_few_clusters_show_has_the_power_of_the_noncentral_t() -> None:
    from scipy.stats import nct

    found = detectable(bounds(se=0.1, df=5), Rules())
    assert found is not None
    power = 1 - nct.cdf(student.ppf(0.95, 5), 5, found / 0.1)
    assert power == pytest.approx(0.8, abs=1e-6)


def test_a_gap_is_the_distance_to_the_bound() -> None:
    assert samples._gap("non_inferiority", 0.01, -0.03) == (pytest.approx(0.04), False)
    assert samples._gap("equivalence", -0.01, 0.03) == (pytest.approx(0.02), True)
    assert samples._gap("equivalence", 0.05, 0.03) == (pytest.approx(0.02), False)
