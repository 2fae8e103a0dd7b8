from __future__ import annotations

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.stats.sequential import Evidence, above

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
