from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy.stats import t

from measurand.errors import InputError
from measurand.stats import htmt as module
from measurand.stats.folded import folded_bias
from measurand.stats.htmt import heterotrait_monotrait
from measurand.stats.jackknife import leaving_out
from measurand.stats.resample import plan

RNG = np.random.default_rng(21)
SCALES = np.array(["a"] * 3 + ["b"] * 4 + ["c"] * 2)


def answers(n: int = 400) -> np.ndarray:
    latent = RNG.multivariate_normal([0, 0, 0], [[1, 0.6, 0.2], [0.6, 1, 0.1], [0.2, 0.1, 1]], n)
    return latent[:, [0] * 3 + [1] * 4 + [2] * 2] * 0.8 + RNG.normal(size=(n, 9)) * 0.6


X = answers()


def by_hand(x: np.ndarray, first: str, second: str) -> float:
    r = np.abs(np.corrcoef(x.T))
    a, b = np.flatnonzero(first == SCALES), np.flatnonzero(second == SCALES)

    def within(members: np.ndarray) -> float:
        return float(np.mean([r[i, j] for i, j in itertools.combinations(members, 2)]))

    between = np.mean([r[i, j] for i in a for j in b])
    return float(between / np.sqrt(within(a) * within(b)))


def test_each_pair_of_scales_by_its_definition() -> None:
    found = heterotrait_monotrait(X, SCALES, resamples=0)
    assert set(found) == {("a", "b"), ("a", "c"), ("b", "c")}
    for (first, second), estimate in found.items():
        assert estimate.value == pytest.approx(by_hand(X, first, second))


def test_it_is_the_disattenuated_correlation_of_standardised_sums() -> None:
    """Where all correlations are positive: r / sqrt(alpha alpha), alphas by pingouin."""
    z = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
    a, b = z[:, SCALES == "a"], z[:, SCALES == "b"]
    r = np.corrcoef(a.sum(axis=1), b.sum(axis=1))[0, 1]
    alphas = [pingouin.cronbach_alpha(pd.DataFrame(s))[0] for s in (a, b)]
    found = heterotrait_monotrait(X, SCALES, resamples=0)["a", "b"]
    assert found.value == pytest.approx(r / np.sqrt(alphas[0] * alphas[1]), rel=1e-9)


def test_a_large_sample_finds_the_correlation_of_the_traits() -> None:
    found = heterotrait_monotrait(answers(40_000), SCALES, resamples=0)
    assert [found[k].value for k in (("a", "b"), ("a", "c"), ("b", "c"))] == pytest.approx(
        [0.6, 0.2, 0.1], abs=0.02
    )


def test_one_trait_measured_twice_is_near_1_and_not_clipped() -> None:
    twice = RNG.normal(size=(60, 1)) + RNG.normal(size=(60, 9)) * 1.5
    values = [x.value for x in heterotrait_monotrait(twice, SCALES, resamples=0).values()]
    assert max(values) > 1  # type: ignore[type-var]


def test_the_interval_leaves_out_each_cluster_and_allows_for_bias() -> None:
    groups = np.arange(400) // 8
    one = heterotrait_monotrait(X, SCALES, clusters=groups, resamples=200)["a", "b"]
    without = [X[groups != c] for c in range(50)]

    def error(left: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.sqrt(49**2 / 50 * left.var(axis=0, ddof=1))
        return found

    assert one.se == pytest.approx(error(np.array([by_hand(x, "a", "b") for x in without])))
    r = np.corrcoef(X.T)
    a, b = np.flatnonzero(SCALES == "a"), np.flatnonzero(SCALES == "b")
    errors = error(np.array([np.corrcoef(x.T) for x in without]))
    bias = folded_bias(r[np.ix_(a, b)].ravel(), errors[np.ix_(a, b)].ravel()).mean()
    between = np.abs(r[np.ix_(a, b)]).mean()
    assert one.value is not None
    half = t(49).ppf(0.975) * one.se
    assert one.ci_hi == pytest.approx(one.value + half)
    assert one.ci_lo == pytest.approx(one.value * (1 - bias / between) - half)


def test_near_0_the_interval_reaches_0() -> None:
    rng = np.random.default_rng(3)
    x = np.repeat(rng.normal(size=(20, 2)), 5, axis=1) + rng.normal(size=(20, 10))
    found = heterotrait_monotrait(x, np.repeat(["a", "b"], 5))["a", "b"]
    assert found.value > 0.1
    assert found.ci_lo == 0


def test_neither_order_nor_sign_of_items_matters() -> None:
    order = RNG.permutation(9)
    a = heterotrait_monotrait(X, SCALES, resamples=0)
    b = heterotrait_monotrait(X[:, order] * RNG.choice([-1, 1], 9), SCALES[order], resamples=0)
    assert {k: v.value for k, v in b.items()} == pytest.approx({k: v.value for k, v in a.items()})


def test_what_is_undefined_or_refused() -> None:
    constant = X.copy()
    constant[:, 0] = 1.0
    found = heterotrait_monotrait(constant, SCALES, resamples=0)
    assert found["a", "b"].value is None
    assert found["a", "b"].reason is not None
    assert found["b", "c"].value is not None
    gaps = X.copy()
    gaps[:399, 0] = np.nan
    assert heterotrait_monotrait(gaps, SCALES, resamples=0)["b", "c"].reason is not None
    gaps = X.copy()
    gaps[5, 2] = np.nan
    assert heterotrait_monotrait(gaps, SCALES, resamples=0)["b", "c"].n == 399
    for scales in (["a"] * 9, ["a"] * 8 + ["b"], ["a"] * 4):
        with pytest.raises(InputError):
            heterotrait_monotrait(X, np.array(scales))


def test_clusters_that_do_not_fit_the_rows_are_refused() -> None:
    x = np.random.default_rng(0).normal(size=(20, 4))
    with pytest.raises(InputError, match="clusters has 3 entries for 20 rows"):
        heterotrait_monotrait(x, np.array(list("aabb")), clusters=np.arange(3), resamples=0)


def test_two_complete_rows_are_enough_for_a_ratio() -> None:
    """Correlations of two rows are 1 or -1, so the ratio of their sizes is 1."""
    x = np.vstack([answers(2), np.full(len(SCALES), np.nan)])
    found = heterotrait_monotrait(x, SCALES, resamples=0)
    assert all(one.value == pytest.approx(1.0) for one in found.values())
    assert all(one.n == 2 for one in found.values())


def test_errors_of_correlations_are_those_of_the_jackknife() -> None:
    x = np.random.default_rng(6).normal(size=(14, 4))
    member, r = np.array([0, 0, 1, 1]), np.corrcoef(x.T)
    drawn = leaving_out(plan(14, None, 40, ()))
    _, errors = module._without(x, r, member, [(0, 1)], drawn)
    left = np.array([np.corrcoef(np.delete(x, i, axis=0).T) for i in range(14)])
    apart = left - left.mean(axis=0)
    assert errors == pytest.approx(np.sqrt(13 / 14 * (apart**2).sum(axis=0)), abs=1e-7)
    excess = module._excess(r, errors, member)
    assert (excess[:2, :2] == 0).all()
    assert (excess[2:, 2:] == 0).all()
    assert excess[:2, 2:] == pytest.approx(folded_bias(r[:2, 2:], errors[:2, 2:]))
    assert (excess[:2, 2:] > 0).all()
