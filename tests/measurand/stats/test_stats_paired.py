from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest, permutation_test, ttest_rel
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from measurand.errors import InputError
from measurand.stats.estimate import undefined
from measurand.stats.means import paired_difference
from measurand.stats.paired import mcnemar, sign_flip, t_test

RNG = np.random.default_rng(5)
A, B = RNG.random(40), RNG.random(40)


def test_t_is_the_paired_t_test() -> None:
    assert t_test(paired_difference(A, B)) == pytest.approx(ttest_rel(A, B).pvalue, abs=1e-14)
    assert t_test(paired_difference(B, A)) == t_test(paired_difference(A, B))
    assert t_test(paired_difference(A, A)) is None
    assert t_test(undefined("nothing")) is None


@pytest.mark.parametrize("counts", [(6, 16), (0, 5), (7, 7), (1, 0), (40, 60)])
def test_mcnemar_is_a_sign_test(counts: tuple[int, int]) -> None:
    a, b = counts
    assert mcnemar(a, b) == pytest.approx(binomtest(a, a + b).pvalue, abs=1e-14)
    table = [[3, a], [b, 9]]
    expected = statsmodels_mcnemar(table, exact=True).pvalue
    assert mcnemar(a, b) == pytest.approx(min(expected, 1.0), abs=1e-14)
    below = binom.cdf(min(a, b) - 1, a + b, 0.5)
    point = binom.pmf(min(a, b), a + b, 0.5)
    assert mcnemar(a, b, "mid_p") == pytest.approx(2 * below + point, abs=1e-14)
    assert mcnemar(b, a, "mid_p") == mcnemar(a, b, "mid_p")


def test_mcnemar_published() -> None:
    """Fagerland et al. (2013), table 1 (airway hyper-responsiveness, n12 = 1, n21 = 7)."""
    assert mcnemar(1, 7) == pytest.approx(0.0703, abs=5e-5)
    assert mcnemar(1, 7, "mid_p") == pytest.approx(0.0391, abs=5e-5)


def test_mcnemar_without_an_item_that_separates() -> None:
    assert mcnemar(0, 0) is None
    with pytest.raises(InputError):
        mcnemar(-1, 3)
    with pytest.raises(InputError):
        mcnemar(1, 3, "midp")  # type: ignore[arg-type]


def mean(x: np.ndarray, axis: int) -> np.ndarray:
    return np.asarray(np.mean(x, axis=axis))


def test_few_units_are_exact_as_in_scipy() -> None:
    d = (A - B)[:9]
    found = permutation_test((d,), mean, permutation_type="samples", n_resamples=np.inf)
    assert sign_flip(d) == pytest.approx(found.pvalue, abs=1e-12)


def test_many_units_are_drawn_near_the_exact_p() -> None:
    d = np.array([1.0] * 30 + [-1.0] * 14)
    assert sign_flip(d, flips=40_000) == pytest.approx(mcnemar(30, 14), abs=0.004)


def test_zeros_change_nothing_and_seeds_repeat() -> None:
    d = (A - B)[:30]
    assert sign_flip(d) == sign_flip(np.concatenate([d, np.zeros(7)])) == sign_flip(-d)
    assert sign_flip(d, seed_words=("other",)) != sign_flip(d)
    assert sign_flip(np.zeros(4)) is None


def test_the_signs_of_a_cluster_flip_together() -> None:
    d = np.repeat([0.3, 0.2, -0.1, 0.4, 0.5], 6)
    clusters = np.repeat(np.arange(5), 6)
    sums = np.array([0.3, 0.2, -0.1, 0.4, 0.5]) * 6
    assert sign_flip(d, clusters) == sign_flip(sums)


def test_no_flips_are_no_test() -> None:
    with pytest.raises(InputError, match="9999 is usual"):
        sign_flip(A, flips=0)


@pytest.mark.parametrize("n", [9, 30])
@pytest.mark.parametrize("unit", [1e-50, 1e39, 1e300])
def test_neither_order_nor_side_nor_unit_changes_p(n: int, unit: float) -> None:
    d = (A - B)[:n]
    expected = sign_flip(d)
    assert sign_flip(RNG.permutation(d)) == expected
    assert sign_flip(-d) == expected
    assert sign_flip(d * unit) == expected


def test_as_many_flips_as_stated_give_the_smallest_p() -> None:
    """None of 9,999 random patterns reaches forty equal signs; the observed one is counted."""
    assert sign_flip(np.linspace(1, 2, 40)) == 1 / 10_000
    assert sign_flip(np.linspace(1, 2, 40), flips=99) == 1 / 100


def test_sides_that_are_even_are_no_evidence_at_all() -> None:
    """Every pattern is as far from 0 as none: p is 1, drawn in three batches too."""
    assert sign_flip(np.array([1.0, -1.0])) == 1
    assert sign_flip(np.tile([1.0, -1.0], 1000), flips=5000) == 1
    assert max(mcnemar(k, k, "mid_p") or 0 for k in range(1, 500)) == 1
