from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.stats.means import cluster_mean
from measurand.stats.passes import passes


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_it_is_the_share_of_all_sets_of_k_tries(k: int) -> None:
    c, n = np.array([0, 1, 3, 5, 2]), np.array([5, 5, 5, 5, 6])
    some, every = [], []
    for successes, tries in zip(c, n, strict=True):
        outcomes = [1] * successes + [0] * (tries - successes)
        sets = list(combinations(outcomes, k))
        some.append(np.mean([any(s) for s in sets]))
        every.append(np.mean([all(s) for s in sets]))
    assert passes(c, n, k).value == pytest.approx(np.mean(some))
    assert passes(c, n, k, "all").value == pytest.approx(np.mean(every))


def test_the_formula_of_the_codex_paper() -> None:
    n, c, k = 200, 17, 10
    expected = 1 - comb(n - c, k) / comb(n, k)
    assert passes(np.array([c, c]), np.array([n, n]), k).value == pytest.approx(expected)


def test_one_try_is_the_mean_with_its_clustered_error() -> None:
    rng = np.random.default_rng(1)
    c, n, group = rng.integers(0, 5, 60), np.full(60, 4), np.arange(60) // 3
    found = passes(c, n, 1, clusters=group)
    assert found.value == pytest.approx((c / 4).mean())
    assert found.se == pytest.approx(cluster_mean(c / 4, group).se)
    assert found.n_clusters == 20


def test_the_estimate_is_unbiased_and_its_interval_covers() -> None:
    rng, hit, values = np.random.default_rng(2), 0, []
    truth = 1 - np.mean((1 - np.linspace(0.05, 0.95, 2_001)) ** 3)
    for _ in range(400):
        p = rng.uniform(0.05, 0.95, 50)
        found = passes(rng.binomial(6, p), np.full(50, 6), 3)
        values.append(found.value)
        hit += found.ci_lo <= truth <= found.ci_hi
    assert np.mean(values) == pytest.approx(truth, abs=0.005)
    assert 0.92 <= hit / 400 <= 0.98


def test_items_with_fewer_tries_are_left_out_and_nothing_is_no_figure() -> None:
    assert passes(np.array([1, 2, 0]), np.array([2, 4, 1]), 3).n == 1
    nothing = passes(np.array([1]), np.array([2]), 3)
    assert (nothing.value, nothing.reason) == (None, "no item has 3 tries")


def test_all_or_none_has_an_interval_of_its_units() -> None:
    found = passes(np.full(30, 4), np.full(30, 4), 2, "all")
    assert found.value == 1
    assert 0.85 < found.ci_lo < 1


@pytest.mark.parametrize(("c", "n", "k"), [([2], [1], 1), ([1], [1], 0), ([0.5], [1], 1)])
def test_what_is_no_count_is_refused(c: list, n: list, k: int) -> None:
    with pytest.raises(InputError):
        passes(np.array(c), np.array(n), k)
