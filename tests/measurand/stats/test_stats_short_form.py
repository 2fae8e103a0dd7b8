from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from measurand.errors import InputError
from measurand.stats.few_respondents import Bank, posterior
from measurand.stats.short_form import following, order, random_items, shorten, whole
from measurand.stats.two_parameter import ABILITIES, PRIOR

RNG = np.random.default_rng(0)
BANK = Bank(RNG.uniform(0.4, 2.5, 12), RNG.normal(0, 1.5, 12), 40)


def left(taken: list[int], weights: np.ndarray) -> float:
    """Variance of the sum of all answers once these are known, by its definition."""
    rest = [j for j in range(12) if j not in taken]
    p = BANK.chances
    own = p * (1 - p)
    steep = (BANK.slope[rest, None] * own[rest]).sum(0)
    known = 1 + (BANK.slope[taken, None] ** 2 * own[taken]).sum(0)
    return float(weights @ (own[rest].sum(0) + steep**2 / known))


def test_each_item_leaves_the_least() -> None:
    found = order(BANK, 5, PRIOR).tolist()
    for at in range(5):
        before = found[:at]
        least = min(
            (j for j in range(12) if j not in before), key=lambda j: left([*before, j], PRIOR)
        )
        assert found[at] == least
    with pytest.raises(InputError):
        order(BANK, 13, PRIOR)


def test_the_next_item_depends_on_the_answers() -> None:
    assert following(BANK, [], np.array([])) == order(BANK, 1, PRIOR)[0]
    for asked, answers in (([0, 3], [1.0, 0.0]), ([5, 1, 7], [0.0, 0.0, 0.5]), ([2], [1.0])):
        row = np.full((1, 12), np.nan)
        row[0, asked] = answers
        weights = posterior(BANK, row)[0]
        rest = [j for j in range(12) if j not in asked]
        least = min(rest, key=lambda j, asked=asked, w=weights: left([*asked, j], w))
        assert following(BANK, asked, np.array(answers)) == least
    easy = Bank(np.full(3, 1.5), np.array([0.0, 4.0, -4.0]), 40)
    # Who fails the middle one is asked nothing that only the best can do, and the other way.
    assert following(easy, [0], np.array([0.0])) == 1
    assert following(easy, [0], np.array([1.0])) == 2
    assert following(easy, [0, 1, 2], np.ones(3)) is None


def test_whole_scores_are_those_of_drawing() -> None:
    """Respondents drawn from the model, kept where they answered the asked items so."""
    rng = np.random.default_rng(1)
    ability = rng.choice(ABILITIES, 400_000, p=PRIOR)
    asked = [0, 3]
    z = ability[:, None] * BANK.slope + BANK.intercept
    x = rng.random(z.shape) < 1 / (1 + np.exp(-z))
    same = x[(x[:, asked] == [True, False]).all(1)].mean(1)
    [value], [error] = whole(BANK, np.array(asked), np.array([[1.0, 0.0]]))
    assert value == pytest.approx(same.mean(), abs=2e-3)
    assert error == pytest.approx(same.std(), abs=2e-3)


def simulated(rng: np.random.Generator, n: int, k: int) -> np.ndarray:
    """Two abilities, of which the model knows one."""
    slope, ease = rng.lognormal(0.1, 0.4, k), rng.normal(0.3, 1.5, k)
    first = rng.normal(0, 1, (n, 1))
    second = 0.6 * first + 0.8 * rng.normal(0, 1, (n, 1))
    z = slope * np.where(rng.random(k) < 0.5, first, second) + ease
    return (rng.random(z.shape) < 1 / (1 + np.exp(-z))) * 1.0


@pytest.mark.integration
def test_intervals_hold_for_further_respondents() -> None:
    """Twenty sets of 40 respondents on 100 items, 200 further ones each, a tenth of the items."""
    held, by_model = [], []
    for seed in range(20):
        x = simulated(np.random.default_rng(seed), 240, 100)
        form = shorten(x[:40], 10, seed_words=(seed,))
        more, truth = x[40:, form.taken], x[40:].mean(1)
        found = form.estimate(more)
        held.append(np.mean([e.ci_lo <= t <= e.ci_hi for e, t in zip(found, truth, strict=True)]))
        values, errors = whole(form.bank, form.taken, more)
        by_model.append(np.mean(np.abs(values - truth) <= 1.96 * errors))
    assert 0.93 <= np.mean(held) <= 0.97
    # Whoever believes the model's own error is too sure.
    assert np.mean(by_model) < 0.93


def test_a_form_is_made_and_used() -> None:
    x = simulated(np.random.default_rng(3), 30, 40)
    groups = np.repeat(np.arange(10), 3)
    form = shorten(x, 8, groups=groups, seed_words=("a",))
    again = shorten(x, 8, groups=groups, seed_words=("a",))
    assert form.taken.tolist() == again.taken.tolist()
    assert len(set(form.taken.tolist())) == 8
    [full] = shorten(x, 40, seed_words=("b",)).estimate(x[:1])[:1]
    assert full.value == pytest.approx(x[0].mean())
    assert full.ci_hi - full.ci_lo == pytest.approx(0, abs=1e-9)
    [none] = form.estimate(np.full((1, 8), np.nan))
    assert none.ci_hi - none.ci_lo > 0.5
    [some] = form.estimate(x[:1, form.taken])
    least = x[0, form.taken].sum() / 40
    assert least <= some.ci_lo <= some.value <= some.ci_hi <= least + 32 / 40
    one_sided = (some.value - some.lower) / t.ppf(0.95, 30)
    assert one_sided == pytest.approx((some.value - some.ci_lo) / t.ppf(0.975, 30))
    for bad, words in ((x[:9], "9 respondents"), (np.where(x == 1, x, np.nan), "missing")):
        with pytest.raises(InputError, match=words):
            shorten(bad, 8)
    with pytest.raises(InputError, match="2 groups"):
        shorten(x, 8, groups=np.repeat([0, 1], 15))


def test_random_items_of_the_same_width() -> None:
    p, k = np.array([0.3, 0.7]), 200
    n = random_items(p, np.array([0.1, 0.2]), k)
    width = 2 * 1.959964 * np.sqrt(p * (1 - p) / n * (k - n) / (k - 1))
    assert width == pytest.approx([0.1, 0.2], rel=1e-3)
    assert random_items(p, np.zeros(2), k).tolist() == [200, 200]
