from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from measurand.errors import InputError
from measurand.stats.means import proportion
from measurand.stats.rates import jeffreys, newcombe, newcombe_paired


@pytest.mark.parametrize(("k", "n"), [(1, 30), (15, 30), (27, 30), (299, 300)])
def test_jeffreys_is_statsmodels(k: int, n: int) -> None:
    found = jeffreys(k, n)
    expected = proportion_confint(k, n, method="jeffreys")
    assert (found.ci_lo, found.ci_hi) == pytest.approx(expected, abs=1e-12)
    one_sided = proportion_confint(k, n, alpha=0.1, method="jeffreys")
    assert (found.lower, found.upper) == pytest.approx(one_sided, abs=1e-12)


def test_jeffreys_at_the_edges() -> None:
    """Brown, Cai & DasGupta (2001): the ends are 0 and 1 there."""
    assert jeffreys(0, 10).ci_lo == 0
    assert jeffreys(10, 10).ci_hi == 1
    assert jeffreys(0, 0).reason
    with pytest.raises(InputError):
        jeffreys(3, 2)


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20)])
def test_newcombe_is_statsmodels(counts: tuple[int, int, int, int]) -> None:
    found = newcombe(*counts)
    expected = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    assert (found.ci_lo, found.ci_hi) == pytest.approx(expected, abs=1e-12)


def test_newcombe_published() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873, table II, method 10."""
    found = newcombe(56, 70, 48, 80)
    assert (found.ci_lo, found.ci_hi) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_newcombe_paired_published() -> None:
    """Fagerland, Lydersen & Laake (2014), Statistics in Medicine 33, 2850: 1, 1, 7 and 12."""
    found = newcombe_paired(1, 1, 7, 12)
    assert found.value == pytest.approx(-6 / 21)
    assert (found.ci_lo, found.ci_hi) == pytest.approx((-0.507, -0.026), abs=5e-4)


def test_swapping_mirrors_and_extremes_stay_inside() -> None:
    a, b = newcombe_paired(20, 9, 4, 7), newcombe_paired(20, 4, 9, 7)
    assert (a.ci_lo, a.ci_hi) == pytest.approx((-b.ci_hi, -b.ci_lo))  # type: ignore[operator]
    for counts in ((50, 0, 0, 0), (0, 20, 0, 0), (0, 0, 0, 9)):
        found = newcombe_paired(*counts)
        assert -1 <= found.ci_lo < found.ci_hi <= 1  # type: ignore[operator]
    assert newcombe_paired(0, 0, 0, 0).reason
    with pytest.raises(InputError):
        newcombe_paired(1, -1, 0, 0)


COVERAGE = {
    (30, 0.90): (0.809, 0.974, 0.992, 0.932, 0.950),
    (30, 0.98): (0.454, 0.978, 0.978, 0.978, 0.452),
    (100, 0.98): (0.866, 0.949, 0.985, 0.985, 0.866),
    (300, 0.98): (0.932, 0.942, 0.964, 0.964, 0.932),
    (1000, 0.90): (0.953, 0.949, 0.955, 0.949, 0.953),
}


@pytest.mark.parametrize(("n", "p"), COVERAGE)
def test_coverage_by_exact_sums(n: int, p: float) -> None:
    """Share of samples whose interval holds the truth, summed over all samples, not simulated."""
    k = np.arange(n + 1)
    weight = binom.pmf(k, n, p)
    rate = k / n
    half = 1.959963984540054 * np.sqrt(rate * (1 - rate) / n)
    wald = (rate - half <= p) & (p <= rate + half)
    low, high = (binom.ppf(q, n, rate) / n for q in (0.025, 0.975))
    covers = [
        wald,
        *(
            np.array([e.ci_lo <= p <= e.ci_hi for e in map(make, k.tolist())])
            for make in (
                lambda j: proportion(j, n),
                lambda j: proportion(j, n, "clopper_pearson"),
                lambda j: jeffreys(j, n),
            )
        ),
        (low <= p) & (p <= high),
    ]
    found = [float(weight[c].sum()) for c in covers]
    assert found == pytest.approx(COVERAGE[n, p], abs=5.1e-4)


def test_the_smallest_positive_correlation_of_pairs_is_corrected_away() -> None:
    """Two items, both agree: ad - bc = 1, less n / 2 = 1, leaves none."""
    found, alone = newcombe_paired(1, 0, 0, 1), proportion(1, 2)
    half = ((alone.value - alone.ci_lo) ** 2 + (alone.ci_hi - alone.value) ** 2) ** 0.5
    assert (found.ci_lo, found.ci_hi) == pytest.approx((-half, half))
