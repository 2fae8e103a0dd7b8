from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from measurand.errors import InputError
from measurand.stats.item_faults import backwards, between, infit


def answered(rng: np.random.Generator, p: np.ndarray) -> np.ndarray:
    return (rng.random(p.shape) < p) * 1.0


def test_answers_of_the_model_fit() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.1, 0.9, (60, 400))
    fit = infit(p, answered(rng, p))
    assert fit.mean_square.mean() == pytest.approx(1, abs=0.02)
    assert fit.t.mean() == pytest.approx(0, abs=0.15)
    assert fit.t.std() == pytest.approx(1, abs=0.15)
    noisy = infit(p, answered(rng, 1 - p))
    assert np.median(noisy.t) > 3
    empty = infit(p[:, :1], np.full((60, 1), np.nan))
    assert np.isnan(empty.mean_square[0])
    certain = infit(np.ones((3, 1)), np.array([[1.0], [0.0], [1.0]]))
    assert np.isnan([certain.mean_square[0], certain.t[0]]).all()


def test_backwards_is_scipys_correlation() -> None:
    rng = np.random.default_rng(1)
    ability = rng.normal(0, 1, (40, 1))
    x = answered(rng, 1 / (1 + np.exp(-2 * ability + rng.normal(0, 1, 20))))
    x[:, 3] = (ability[:, 0] < 0) * 1.0
    x[:, 5] = 1.0
    found = backwards(x)
    assert found[5] is None
    assert found[3] is not None
    assert found[3] < 1e-4
    assert min(p for j, p in enumerate(found) if p is not None and j != 3) > 0.05
    rest = np.delete(x, 3, axis=1).mean(1)
    single = stats.pearsonr(x[:, 3], rest, alternative="less").pvalue
    assert found[3] == pytest.approx(19 * single, rel=1e-6)


def test_groups_are_compared_by_scipys_t() -> None:
    rng = np.random.default_rng(2)
    p = rng.uniform(0.2, 0.8, (30, 4))
    x = answered(rng, p)
    inside = np.arange(30) < 12
    found = between(p, x, inside)
    single = stats.ttest_ind((x - p)[inside], (x - p)[~inside]).pvalue
    assert found == pytest.approx(_holm(single))
    assert between(p, x, np.arange(30) < 4) == [None] * 4
    with pytest.raises(InputError):
        between(p, x, inside[:5])


def _holm(p: np.ndarray) -> np.ndarray:
    order = np.argsort(p)
    raised = np.maximum.accumulate(np.minimum(p[order] * np.arange(len(p), 0, -1), 1))
    return raised[np.argsort(order)]


def test_groups_of_other_ability_differ_on_no_item_but_the_planted_one() -> None:
    rng = np.random.default_rng(3)
    inside = np.arange(50) < 20
    false, right = 0, 0
    for _ in range(100):
        ability = rng.normal(0, 1, (50, 1)) + inside[:, None]
        p = 1 / (1 + np.exp(-ability + rng.normal(0, 1, 30)))
        shown = p.copy()
        shown[inside, 7] *= 0.2
        found = between(p, answered(rng, shown), inside)
        flagged = {j for j, one in enumerate(found) if one is not None and one < 0.05}
        right += 7 in flagged
        false += bool(flagged - {7})
    assert right >= 60
    assert false <= 12


def test_backwards_of_three_respondents_by_hand() -> None:
    """r = -.5 with one degree of freedom: t = -1 / sqrt(3), p = 1/2 - 1/6, twice after Holm."""
    assert backwards(np.array([[1.0, 3.0], [2.0, 1.0], [3.0, 2.0]])) == pytest.approx([2 / 3] * 2)


def test_groups_of_five_are_compared() -> None:
    rng = np.random.default_rng(4)
    p = rng.uniform(0.2, 0.8, (11, 1))
    x = answered(rng, p)
    inside = np.arange(11) < 5
    single = stats.ttest_ind((x - p)[inside], (x - p)[~inside]).pvalue
    assert between(p, x, inside) == pytest.approx(single)
    assert between(p, x, ~inside) == pytest.approx(single)
