from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from measurand.stats.arrays import FloatArray
from measurand.stats.item_bias import item_bias
from measurand.stats.two_parameter import ABILITIES, Items, calibrate

PLANTED = 3


def answers(
    rng: np.random.Generator, slope: FloatArray, intercept: FloatArray, ability: FloatArray
) -> FloatArray:
    z = ability[:, None] * slope + intercept
    found: FloatArray = (rng.random(z.shape) < 1 / (1 + np.exp(-z))) * 1.0
    return found


@pytest.fixture(scope="module")
def known() -> tuple[Items, FloatArray, FloatArray]:
    rng = np.random.default_rng(0)
    slope, intercept = rng.uniform(0.6, 2, 20), rng.normal(0, 1, 20)
    people = answers(rng, slope, intercept, rng.normal(0, 1, 1000))
    return calibrate(people), slope, intercept


def test_without_bias_the_test_keeps_its_level(
    known: tuple[Items, FloatArray, FloatArray],
) -> None:
    """200 groups of 30 that are better than people by a standard deviation, 20 items each."""
    items, slope, intercept = known
    rng = np.random.default_rng(1)
    single, any_item = [], []
    for _ in range(200):
        found = item_bias(items, answers(rng, slope, intercept, rng.normal(1, 0.7, 30)))
        single += [p is not None and p < 0.05 for p in found.p]
        any_item.append(min(p for p in found.adjusted if p is not None) < 0.05)
    assert 0.03 < np.mean(single) < 0.07
    assert np.mean(any_item) < 0.1


def test_a_planted_item_is_found_and_no_other(
    known: tuple[Items, FloatArray, FloatArray],
) -> None:
    items, slope, intercept = known
    rng = np.random.default_rng(2)
    moved = intercept.copy()
    moved[PLANTED] -= 2.5
    right = 0
    for _ in range(60):
        found = item_bias(items, answers(rng, slope, moved, rng.normal(1, 0.7, 30)))
        flagged = [j for j, p in enumerate(found.adjusted) if p is not None and p < 0.05]
        right += flagged == [PLANTED]
        assert found.observed[PLANTED] < found.expected[PLANTED]
    assert right >= 51


def test_who_is_better_everywhere_is_out_of_line_nowhere(
    known: tuple[Items, FloatArray, FloatArray],
) -> None:
    items, slope, intercept = known
    rng = np.random.default_rng(3)
    found = item_bias(items, answers(rng, slope, intercept, rng.normal(1.5, 0.3, 80)))
    assert found.mean == pytest.approx(1.5, abs=0.3)
    assert min(p for p in found.adjusted if p is not None) > 0.05
    assert found.expected.sum() == pytest.approx(found.observed.sum(), rel=0.05)


def test_an_item_without_answers_has_no_p(known: tuple[Items, FloatArray, FloatArray]) -> None:
    items = known[0]
    given = np.ones((2, 20))
    given[:, 5] = np.nan
    found = item_bias(items, given)
    assert found.p[5] is None
    assert found.adjusted[5] is None
    assert found.answered[5] == 0
    assert found.sd == 1.0


def test_expectations_are_bayes_by_hand_and_what_is_missing_counts_for_nothing() -> None:
    items = Items(np.array([1.0, 2.0, 0.5]), np.array([0.0, -1.0, 0.5]), np.eye(6), 0.0, 9, True)
    given = np.array([[1, 0, 1], [1, np.nan, 0], [0, 1, 1], [1, 1, np.nan], [0, 0, 1], [1, 0, 0]])
    found = item_bias(items, given)
    right = expit(items.slope[:, None] * ABILITIES + items.intercept[:, None])
    for j in range(3):
        chances = []
        for row in given[~np.isnan(given[:, j])]:
            weight = norm.pdf(ABILITIES, found.mean, found.sd)
            for i in {0, 1, 2} - {j}:
                if not np.isnan(row[i]):
                    weight = weight * (right[i] if row[i] else 1 - right[i])
            chances.append(weight @ right[j] / weight.sum())
        assert found.expected[j] == pytest.approx(sum(chances))
        assert found.observed[j] == np.nansum(given[:, j])
        assert found.answered[j] == len(chances)


@pytest.mark.parametrize(("respondents", "sd"), [(4, 1.0), (5, 0.2)])
def test_a_spread_is_found_of_five_or_more(
    known: tuple[Items, FloatArray, FloatArray], respondents: int, sd: float
) -> None:
    """Who answer all alike differ as little as the grid has it."""
    alike = np.tile(np.arange(20) % 2.0, (respondents, 1))
    assert item_bias(known[0], alike).sd == sd
