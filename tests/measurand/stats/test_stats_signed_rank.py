from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from measurand.errors import InputError
from measurand.stats import signed_rank as module
from measurand.stats.signed_rank import signed_rank

# Hollander & Wolfe (1999), table 3.1: Hamilton depression factor IV of nine patients, before and
# after a tranquillizer. Their estimate is -.46, and R wilcox.test gives V = 5, p = .03906.
BEFORE = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
AFTER = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])


def test_the_patients_of_the_textbook() -> None:
    found = signed_rank(AFTER - BEFORE)
    assert found.shift.value == pytest.approx(-0.46)
    assert found.p == pytest.approx(0.0390625)
    # 96.1% of the textbook: k = 6 of the 45 averages from either end.
    averages = np.sort(
        [(a + b) / 2 for i, a in enumerate(AFTER - BEFORE) for b in (AFTER - BEFORE)[i:]]
    )
    assert (found.shift.ci_lo, found.shift.ci_hi) == (averages[5], averages[-6])
    assert found.above.value == pytest.approx(2 / 9)
    assert found.p_sign == pytest.approx(stats.binomtest(2, 9).pvalue)


@given(st.lists(st.integers(-500, 500), min_size=6, max_size=11, unique=True))
def test_the_interval_is_what_the_test_does_not_reject(rows: list[int]) -> None:
    """All sign patterns by hand: the interval of averages by inverting the exact test."""
    d = np.array(rows) + np.random.default_rng(0).normal(scale=1e-3, size=len(rows))
    n = len(d)
    sums = np.array([np.dot(signs, np.arange(1, n + 1)) for signs in product((0, 1), repeat=n)])
    found = signed_rank(d).shift
    assert found.ci_lo is not None
    assert found.ci_hi is not None
    for at, inside in (
        (found.ci_lo + 1e-9, True),
        (found.ci_lo - 1e-9, False),
        (found.ci_hi - 1e-9, True),
        (found.ci_hi + 1e-9, False),
    ):
        ranks = stats.rankdata(np.abs(d - at))
        plus = ranks[d > at].sum()
        p = min(1.0, 2 * min((sums <= plus).mean(), (sums >= plus).mean()))
        assert (p > 0.05) == inside


def test_p_values_are_those_of_scipy_with_ties_and_zeros() -> None:
    rng = np.random.default_rng(1)
    d = np.round(rng.normal(0.2, 1, 120), 1)
    found = signed_rank(d)
    assert found.n_zero == (d == 0).sum() > 0
    theirs = stats.wilcoxon(d, zero_method="wilcox", method="asymptotic").pvalue
    assert found.p == pytest.approx(theirs)


@pytest.mark.integration
def test_coverage_with_the_normal_distribution_and_with_ties() -> None:
    hits, tied, trials = 0, 0, 400
    for seed in range(trials):
        d = np.random.default_rng(seed).normal(size=60)
        one, two = signed_rank(d).shift, signed_rank(np.round(d)).shift
        assert one.ci_lo is not None
        assert one.ci_hi is not None
        assert two.ci_lo is not None
        assert two.ci_hi is not None
        hits += one.ci_lo <= 0 <= one.ci_hi
        tied += two.ci_lo <= 0 <= two.ci_hi
    assert 0.92 < hits / trials < 0.98
    assert tied >= hits


def test_order_does_not_matter_and_sides_mirror() -> None:
    d = np.random.default_rng(2).normal(0.3, 1, 30)
    one, two, turned = signed_rank(d), signed_rank(d[::-1].copy()), signed_rank(-d)
    assert one == two
    assert turned.shift.value == pytest.approx(-(one.shift.value or 0))
    assert turned.shift.ci_lo == pytest.approx(-(one.shift.ci_hi or 0))
    assert turned.p == pytest.approx(one.p)


def test_what_is_undefined_or_refused() -> None:
    nothing = signed_rank(np.array([]))
    assert (nothing.shift.value, nothing.p, nothing.above.value) == (None, None, None)
    assert nothing.above.reason == "no rows"
    still = signed_rank(np.zeros(20))
    assert (still.shift.value, still.p, still.n_zero) == (0, None, 20)
    assert still.above.reason == "no difference but 0"
    few = signed_rank(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert (few.shift.value, few.shift.ci_lo) == (3, None)
    assert few.shift.reason == "no interval: 5 rows cannot reach a level of 0.95"
    with pytest.raises(InputError, match="5001"):
        signed_rank(np.zeros(5001))


def test_of_many_rows_the_place_is_the_normal_one_next_to_the_exact() -> None:
    """Mean n (n + 1) / 4 and variance n (n + 1) (2 n + 1) / 24 of the sum of ranks."""
    place = module._rank(60, 0.025, False)
    assert place == math.floor(60 * 61 / 4 + stats.norm.ppf(0.025) * (60 * 61 * 121 / 24) ** 0.5)
    assert abs(place - module._rank(60, 0.025, True)) <= 1
    assert module._rank(60, 1e-60, False) == 0


def test_as_many_rows_as_ranks_take_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ROWS", 20)
    assert signed_rank(np.arange(20.0)).shift.value is not None
    with pytest.raises(InputError, match="21 differences"):
        signed_rank(np.arange(21.0))
