from __future__ import annotations

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.stats.sequential import MOST, Evidence, above

MARGIN, N = 0.03, 2000


def non_inferior(differences: np.ndarray, margin: float, alpha: float = 0.05) -> Evidence:
    return above(differences, -margin, alpha=alpha, low=-1.0, high=1.0)


def runs(difference: float, times: int, seed: int = 0) -> np.ndarray:
    """Paired differences of -1, 0 and 1, a tenth of them discordant."""
    rng = np.random.default_rng(seed)
    win = (0.1 + difference) / 2
    return rng.choice([1.0, -1.0, 0.0], p=[win, 0.1 - win, 0.9], size=(times, N))


def share(difference: float, times: int) -> tuple[float, float]:
    found = [non_inferior(d, MARGIN) for d in runs(difference, times)]
    stops = [e.crossed for e in found if e.crossed is not None]
    return len(stops) / times, float(np.mean(stops)) if stops else float("nan")


def test_looking_at_every_item_keeps_the_level() -> None:
    """At the edge of the null 2,000 looks pass at most 5% (a z test with ten looks: 18%)."""
    passed, _ = share(-MARGIN, 1000)
    assert passed <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 1000)
    assert passed < 0.05


def test_power_is_near_that_of_a_fixed_sample() -> None:
    passed, stop = share(0.0, 400)
    assert passed > 0.85
    assert stop < 1200
    passed, stop = share(MARGIN, 200)
    assert passed == 1
    assert stop < 350


def test_a_fair_game_does_not_grow() -> None:
    """The expected fortune under the null is 1, at the end as at any time: Ville's premise."""
    fortunes = [np.exp(non_inferior(d[:40], MARGIN).log_wealth[-1]) for d in runs(-MARGIN, 4000)]
    assert np.mean(fortunes) == pytest.approx(1.0, abs=4 * np.std(fortunes) / np.sqrt(4000))


def test_a_bet_knows_nothing_of_what_comes() -> None:
    first = runs(0.0, 1)[0]
    second = np.concatenate([first[:700], -first[700:]])
    a, b = non_inferior(first, MARGIN), non_inferior(second, MARGIN)
    np.testing.assert_array_equal(a.log_wealth[:700], b.log_wealth[:700])


def test_e_value_and_p_agree_with_the_crossing() -> None:
    found = non_inferior(runs(MARGIN, 1)[0], MARGIN)
    assert found.crossed is not None
    assert found.p <= 0.05
    before = non_inferior(runs(MARGIN, 1)[0][: found.crossed - 1], MARGIN)
    assert before.crossed is None
    assert before.p > 0.05
    nothing = non_inferior(np.empty(0), MARGIN)
    assert (nothing.e_value, nothing.p, nothing.crossed) == (1.0, 1.0, None)


@pytest.mark.parametrize(
    ("d", "margin", "alpha"),
    [([2.0], 0.1, 0.05), ([0.0], -1.0, 0.05), ([0.0], 1.0, 0.05), ([0.0], 0.1, 1.0)],
)
def test_what_no_bet_can_be_made_on(d: list[float], margin: float, alpha: float) -> None:
    with pytest.raises(InputError):
        non_inferior(np.array(d), margin, alpha=alpha)


def by_hand(x: np.ndarray, m: float) -> np.ndarray:
    """Log fortunes of values in 0..1, bet after bet, with what was known before each."""
    mean, spread, fortune, found = 0.5, 0.25, 1.0, []
    total, squares = mean, spread
    for n, value in enumerate(x, 1):
        edge = max(mean - m, 0)
        fortune *= 1 + min(edge / (spread + edge**2), MOST / m) * (value - m)
        found.append(np.log(fortune))
        total += value
        mean = total / (n + 1)
        squares += (value - mean) ** 2
        spread = squares / (n + 1)
    return np.array(found)


def test_fortunes_are_those_of_bets_made_one_after_another() -> None:
    draws = np.random.default_rng(3).beta(4, 2, size=(3, 60))
    for x in draws:
        found = above(x, 0.5)
        assert found.log_wealth == pytest.approx(by_hand(x, 0.5))
        enough = found.log_wealth >= np.log(20)
        assert found.crossed == int(np.argmax(enough)) + 1
    turned = above(10 * draws[0] - 4, 1.0, low=-4.0, high=6.0)
    assert turned.log_wealth == pytest.approx(by_hand(draws[0], 0.5))


def test_sequences_side_by_side_are_each_on_its_own() -> None:
    draws = np.random.default_rng(4).beta(4, 2, size=(3, 30))
    found = above(draws, 0.4)
    assert found.crossed is None
    assert found.log_wealth == pytest.approx(np.array([by_hand(x, 0.4) for x in draws]))


def test_a_rounding_error_beyond_the_range_is_no_value_out_of_it() -> None:
    assert above(np.array([0.1 + 0.2 - 0.3, 1 + 2e-16]), 0.5).log_wealth.shape == (2,)
    for far in (-1e-9, 1 + 1e-9):
        with pytest.raises(InputError, match="lie within"):
            above(np.array([far]), 0.5)
