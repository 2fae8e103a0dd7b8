from __future__ import annotations

import numpy as np
import pytest

from measurand.stats.factor import (
    _start,
    first_guess,
    minres,
    omega_total,
    one_factor,
)


def _one(loadings: np.ndarray) -> np.ndarray:
    r = np.outer(loadings, loadings)
    np.fill_diagonal(r, 1)
    return r


KNOWN = np.array([0.3, 0.4, 0.5, 0.6, 0.7, 0.8])


def test_one_factor_finds_the_loadings_of_the_population() -> None:
    r = _one(KNOWN)
    fit = one_factor(r[None], first_guess(r))
    assert fit.converged.tolist() == [True]
    assert fit.loadings[0] == pytest.approx(KNOWN, abs=1e-6)
    assert float(omega_total(r, 1 - fit.loadings[0] ** 2)) == pytest.approx(0.730872, abs=1e-6)
    assert fit.loadings[0].sum() ** 2 / r.sum() == pytest.approx(0.730872, abs=1e-6)


def test_signs_make_the_loadings_sum_to_a_positive() -> None:
    signed = KNOWN * [1, 1, -1, 1, 1, -1]
    r = _one(signed)
    for start in (first_guess(r), -first_guess(r)):
        assert one_factor(r[None], start).loadings[0] == pytest.approx(
            signed * np.sign(signed.sum())
        )


def test_batches_equal_single_solutions_and_pass_over_undefined_matrices() -> None:
    rng = np.random.default_rng(0)
    r = np.stack(
        [np.corrcoef((rng.normal(size=(40, 1)) + rng.normal(size=(40, 8))).T) for _ in range(9)]
    )
    r[4, 0, 1] = np.nan
    start = np.full(8, 0.6)
    together = one_factor(r, start)
    assert together.converged.tolist() == [True] * 4 + [False] + [True] * 4
    assert np.isnan(together.loadings[4]).all()
    for i in (0, 3, 8):
        assert one_factor(r[i : i + 1], start).loadings[0] == pytest.approx(together.loadings[i])


def test_one_factor_is_a_minimum_of_the_off_diagonal_squares() -> None:
    rng = np.random.default_rng(1)
    r = np.corrcoef((rng.normal(size=(80, 1)) + rng.normal(size=(80, 6))).T)

    def misfit(loadings: np.ndarray) -> float:
        left = np.tril(r - np.outer(loadings, loadings), -1)
        return float((left**2).sum())

    found = one_factor(r[None], first_guess(r)).loadings[0]
    for _ in range(50):
        assert misfit(found) <= misfit(found + rng.normal(0, 1e-3, 6))


def test_two_ways_to_one_factor_agree() -> None:
    rng = np.random.default_rng(2)
    r = np.corrcoef((rng.normal(size=(300, 1)) + rng.normal(size=(300, 10))).T)
    gradient = minres(r, 1)
    assert gradient.converged
    fixed_point = one_factor(r[None], first_guess(r)).loadings[0]
    assert 1 - gradient.uniquenesses == pytest.approx(fixed_point**2, abs=1e-5)


def test_three_factors_of_a_population_are_recovered() -> None:
    rng = np.random.default_rng(3)
    loadings = rng.uniform(-0.5, 0.5, (12, 3)) + np.array([0.3, 0, 0])
    r = loadings @ loadings.T
    np.fill_diagonal(r, 1)
    fit = minres(r, 3)
    assert fit.converged
    assert not fit.heywood
    assert fit.uniquenesses == pytest.approx(1 - (loadings**2).sum(axis=1), abs=1e-5)
    assert fit.loadings @ fit.loadings.T == pytest.approx(loadings @ loadings.T, abs=1e-4)


def test_heywood_cases_stop_at_the_bound_and_are_marked() -> None:
    r = np.array([[1, 0.9, 0.9], [0.9, 1, 0.5], [0.9, 0.5, 1]])
    fit = one_factor(r[None], first_guess(r))
    assert fit.heywood.tolist() == [True]
    assert np.abs(fit.loadings).max() <= 0.995**0.5 + 1e-12
    wide = np.pad(r, (0, 3))
    wide[range(6), range(6)] = 1
    assert minres(wide, 1).heywood


def test_omega_of_a_sum_that_does_not_vary_is_undefined() -> None:
    r = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert np.isnan(omega_total(r, np.array([0.5, 0.5])))


def test_the_first_guess_by_hand() -> None:
    """Equal correlations of .5: the largest of four eigenvalues is 2.5, its vector all 1/2."""
    guess = first_guess(np.full((4, 4), 0.5) + 0.5 * np.eye(4))
    assert np.abs(guess) == pytest.approx([2**0.5 / 2] * 4)


def test_what_squared_multiple_correlations_leave_is_where_it_starts() -> None:
    """(1 - r) (1 + 2 r) / (1 + r) of three equal correlations; .5 where R has no inverse."""
    assert _start(np.full((3, 3), 0.5) + 0.5 * np.eye(3)) == pytest.approx([2 / 3] * 3)
    assert _start(np.ones((3, 3))).tolist() == [0.5] * 3
    against = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    assert _start(against).tolist() == [0.5] * 3


def test_omega_of_many_matrices_is_that_of_each() -> None:
    r = np.stack([_one(KNOWN), _one(KNOWN[::-1] / 2)])
    u = np.stack([1 - KNOWN**2, 1 - KNOWN[::-1] ** 2 / 4])
    for found, one, left in zip(omega_total(r, u), r, u, strict=True):
        assert found == pytest.approx(1 - sum(left) / one.sum())
