from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from measurand.errors import InputError
from measurand.stats.means import cluster_mean
from measurand.stats.true_score import (
    TrueScore,
    _effective,
    exact_score,
    gauss_legendre,
    mean_score,
    score_with_error,
)

LAWS = [TrueScore(0.72, "beta", 144.5, 56.5), TrueScore(12.0, "student", 1.5, 7)]


def test_right_and_wrong_items_have_jeffreys_law() -> None:
    found = mean_score(np.repeat([1.0, 0.0], [144, 56]))
    expected = stats.beta(144.5, 56.5)
    assert found.value == 0.72
    x = np.array([0.6, 0.7, 0.8])
    assert found.below(x) == pytest.approx(expected.cdf(x), abs=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_nodes_stand_for_the_law(law: TrueScore) -> None:
    """Means of the law by its nodes against scipy's."""
    values, weights = law.nodes()
    scipys = stats.beta(law.a, law.b) if law.kind == "beta" else stats.t(law.b, law.value, law.a)
    assert weights.sum() == pytest.approx(1)
    assert weights @ values == pytest.approx(scipys.mean(), rel=1e-5)
    assert weights @ (values - scipys.mean()) ** 2 == pytest.approx(scipys.var(), rel=0.02)
    assert law.below(values) == pytest.approx(gauss_legendre()[0], abs=1e-9)


def test_gauss_legendre_integrates_polynomials_exactly() -> None:
    u, weights = gauss_legendre()
    assert weights @ u**20 == pytest.approx(1 / 21, abs=1e-14)


def test_clusters_make_fewer_items() -> None:
    """The law's spread is the cluster-robust error, times the correction for few clusters."""
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(12), 10)
    values = (rng.random(120) < np.repeat(rng.beta(3, 2, 12), 10)) * 1.0
    found, alone = mean_score(values, clusters), mean_score(values)
    error = cluster_mean(values, clusters).se
    assert error is not None
    few = stats.t(11).ppf(0.975) / stats.t(119).ppf(0.975)
    assert stats.beta(found.a, found.b).std() == pytest.approx(error * few, rel=0.05)
    assert found.a + found.b < alone.a + alone.b
    assert found.n_clusters == 12


def test_shares_of_items_count_less_than_their_number_only_where_they_vary_more() -> None:
    graded = mean_score(np.array([0.5, 0.6, 0.5, 0.6, 0.5, 0.6]))
    assert graded.a + graded.b > 6 + 1
    assert mean_score(np.ones(30), np.repeat(np.arange(3), 10)).b == 0.5
    assert mean_score(np.ones(30), np.repeat(np.arange(3), 10)).a == 3.5


def test_other_ranges_have_students_t() -> None:
    values = np.array([3.0, 7.0, 5.0, 9.0])
    found = mean_score(values)
    expected = stats.t(3, 6, values.std(ddof=1) / 2)
    assert found.below(np.array([4.0, 7.5])) == pytest.approx(expected.cdf([4, 7.5]), abs=1e-12)
    with pytest.raises(InputError, match="do not vary"):
        mean_score(np.array([5.0, 5.0]))
    with pytest.raises(InputError, match="no items"):
        mean_score(np.array([]))


def test_a_finished_score_is_exact_or_has_its_error() -> None:
    exact = exact_score(298.0)
    assert exact.below(np.array([297.0, 298.0, 299.0])).tolist() == [0.0, 0.5, 1.0]
    assert [part.tolist() for part in exact.nodes()] == [[298.0], [1.0]]
    measured = score_with_error(700.0, 30.0)
    assert measured.below(np.array([670.0]))[0] == pytest.approx(stats.norm.cdf(-1), abs=1e-5)
    with pytest.raises(InputError):
        score_with_error(700.0, 0.0)


def test_as_many_items_as_have_this_error_less_what_few_units_know() -> None:
    few = (stats.t.ppf(0.975, 39) / stats.t.ppf(0.975, 7)) ** 2
    assert _effective(0.3, 0.05, 40, 8) == pytest.approx(0.3 * 0.7 / 0.05**2 * few)
    assert _effective(1.0, 0.05, 40, 8) == _effective(0.3, None, 40, 8) == 8
