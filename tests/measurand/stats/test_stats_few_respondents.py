from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

from measurand.errors import InputError
from measurand.stats import few_respondents
from measurand.stats.few_respondents import Bank, expected_from_others, learn, posterior
from measurand.stats.two_parameter import ABILITIES, PRIOR, calibrate


def answers(n: int, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    slope, intercept = rng.uniform(0.6, 1.8, k), rng.normal(0, 1, k)
    z = rng.normal(0, 1, (n, 1)) * slope + intercept
    return (rng.random(z.shape) < 1 / (1 + np.exp(-z))) * 1.0, slope, intercept


def test_many_respondents_give_what_calibrate_gives() -> None:
    x, _, _ = answers(2000, 6)
    known, found = calibrate(x), learn(x, 5.0)
    assert found.slope == pytest.approx(known.slope, abs=0.02)
    assert found.intercept == pytest.approx(known.intercept, abs=0.02)


def test_few_respondents_draw_slopes_together() -> None:
    x, slope, intercept = answers(40, 60, 1)
    free, tied = learn(x, 0.7), learn(x, 0.01)
    assert np.ptp(tied.slope) < 0.02 < np.ptp(free.slope)
    assert np.corrcoef(free.intercept, intercept)[0, 1] > 0.85
    assert np.corrcoef(free.slope, slope)[0, 1] > 0.3
    constant = np.column_stack([x, np.ones(40)])
    assert np.isfinite(learn(constant).intercept).all()


def test_the_posterior_is_bayes_by_hand() -> None:
    bank = Bank(np.array([1.0, 2.0]), np.array([0.0, -1.0]), 9)
    [found] = posterior(bank, np.array([[1.0, np.nan]]))
    expected = PRIOR / (1 + np.exp(-ABILITIES))
    assert found == pytest.approx(expected / expected.sum())


def test_expectations_are_those_of_leaving_the_item_out() -> None:
    x, slope, intercept = answers(12, 7, 2)
    bank = Bank(slope, intercept, 12)
    found = expected_from_others(bank, x)
    for j in (0, 4):
        rest = np.delete(np.arange(7), j)
        weights = posterior(Bank(slope[rest], intercept[rest], 12), x[:, rest])
        assert found[:, j] == pytest.approx(weights @ bank.chances[j])


def test_repeats_count_as_shares() -> None:
    bank = Bank(np.array([1.0]), np.array([0.5]), 9)
    half, both = posterior(bank, np.array([[0.5]])), np.exp(bank.logs(np.array([[1.0], [0.0]])))
    expected = np.sqrt(both[0] * both[1]) * PRIOR
    assert half[0] == pytest.approx(expected / expected.sum())


def test_what_is_refused() -> None:
    x, _, _ = answers(20, 5)
    for bad, words in ((x[:2], "2 respondents"), (x * 2, "outside of 0 to 1")):
        with pytest.raises(InputError, match=words):
            learn(bad)
    with pytest.raises(InputError, match="spread of slopes"):
        learn(x, 0.0)


@pytest.mark.parametrize("slope_sd", [0.3, 1.5])
def test_items_are_where_a_posterior_written_out_is_largest(slope_sd: float) -> None:
    x, _, _ = answers(25, 4, 3)
    x[:5, 0], x[20:, 2] = np.nan, np.nan

    def minus_log(at: np.ndarray) -> float:
        slope, intercept = at[:4], at[4:]
        chances = expit(np.outer(ABILITIES, slope) + intercept)
        of_answer = np.where(x[:, None] == 1, chances, np.where(x[:, None] == 0, 1 - chances, 1))
        of_row = of_answer.prod(axis=2) @ PRIOR
        known = norm.logpdf(slope, 1, slope_sd).sum() + norm.logpdf(intercept, 0, 3).sum()
        return float(-np.log(of_row).sum() - known)

    best = minimize(minus_log, np.r_[np.ones(4), np.zeros(4)], method="BFGS")
    found = learn(x, slope_sd)
    assert found.slope == pytest.approx(best.x[:4], abs=5e-3)
    assert found.intercept == pytest.approx(best.x[4:], abs=5e-3)


def test_three_respondents_are_enough() -> None:
    assert learn(answers(3, 5)[0]).respondents == 3


def test_expectations_do_not_depend_on_how_many_are_made_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, slope, intercept = answers(7, 4, 5)
    bank = Bank(slope, intercept, 7)
    whole = expected_from_others(bank, x)
    monkeypatch.setattr(few_respondents, "MOST_NODES", 2 * 4 * len(ABILITIES))
    assert expected_from_others(bank, x) == pytest.approx(whole)
