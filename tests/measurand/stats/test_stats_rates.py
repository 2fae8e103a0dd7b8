from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from measurand.errors import InputError
from measurand.stats.means import proportion
from measurand.stats.rates import jeffreys, mean_of_rates, newcombe, newcombe_paired


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
    none = jeffreys(0, 0)
    assert (none.reason, none.n) == ("no trials", 0)
    with pytest.raises(InputError):
        jeffreys(3, 2)


def test_a_mean_of_rates_adds_the_squares_of_statsmodels_distances() -> None:
    """Zou, Huang & Zhang (2009), equation 3, with equal coefficients."""
    k, n = np.array([0, 3, 7, 10]), np.array([6, 6, 9, 10])
    found = mean_of_rates(k.tolist(), n.tolist())
    low, high = proportion_confint(k, n, method="jeffreys")
    low[0], high[3] = 0, 1
    rates = k / n
    assert found.value == pytest.approx(rates.mean())
    assert found.ci_lo == pytest.approx(rates.mean() - np.sqrt(((rates - low) ** 2).sum()) / 4)
    assert found.ci_hi == pytest.approx(rates.mean() + np.sqrt(((high - rates) ** 2).sum()) / 4)
    assert found.se == pytest.approx(np.sqrt((rates * (1 - rates) / n).sum()) / 4)
    assert (found.n, found.least, found.most) == (31, 0.0, 1.0)
    assert found.lower > found.ci_lo  # type: ignore[operator]
    assert found.upper < found.ci_hi  # type: ignore[operator]


def test_of_one_sample_it_is_jeffreys() -> None:
    for k in (0, 2, 7):
        one, mean = jeffreys(k, 7), mean_of_rates([k], [7])
        assert (mean.ci_lo, mean.ci_hi) == pytest.approx((one.ci_lo, one.ci_hi))
        assert (mean.value, mean.se) == (one.value, one.se)


@pytest.mark.parametrize("n", [3, 6])
def test_a_mean_of_two_rates_is_covered_over_all_rates(n: int) -> None:
    """Exact sums over the binomial laws of a grid of rates."""
    counts = np.arange(n + 1)
    grid = np.linspace(0.025, 0.975, 39)
    law = binom.pmf(counts[:, None], n, grid)
    held = np.zeros((len(grid), len(grid)))
    truth = (grid[:, None] + grid) / 2
    for a in counts.tolist():
        for b in counts.tolist():
            found = mean_of_rates([a, b], [n, n])
            inside = (found.ci_lo <= truth) & (truth <= found.ci_hi)
            held += inside * law[a][:, None] * law[b]
    assert 0.945 <= held.mean() <= 0.965


def test_samples_without_trials_have_no_mean() -> None:
    assert mean_of_rates([], []).reason == "no samples"
    assert mean_of_rates([1, 0], [2, 0]).reason == "no trials in a sample"
    with pytest.raises(InputError, match="2 counts of 1 samples"):
        mean_of_rates([1, 0], [2])
    # Nothing observed is not nothing possible.
    none = mean_of_rates([0, 0], [6, 6])
    assert (none.value, none.ci_lo, none.se) == (0.0, 0.0, None)
    assert none.ci_hi == pytest.approx((jeffreys(0, 6).ci_hi or 0) / 2**0.5)


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20)])
def test_newcombe_is_statsmodels(counts: tuple[int, int, int, int]) -> None:
    found = newcombe(*counts)
    expected = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    assert (found.ci_lo, found.ci_hi) == pytest.approx(expected, abs=1e-12)
    assert found.n == counts[1] + counts[3]


@pytest.mark.parametrize("counts", [(0, 0, 3, 8), (3, 8, 0, 0)])
def test_a_sample_without_trials_has_no_difference(counts: tuple[int, int, int, int]) -> None:
    found = newcombe(*counts)
    assert (found.value, found.reason, found.n) == (None, "no trials in a sample", 8)


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
