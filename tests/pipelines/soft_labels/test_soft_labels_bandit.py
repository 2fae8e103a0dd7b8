from __future__ import annotations

import numpy as np
import pytest

from measurand.errors import InputError
from pipelines.soft_labels import bandit
from pipelines.soft_labels.losses import METHODS


def test_the_data_lie_on_the_low_hill() -> None:
    mu = bandit.data_density()
    assert mu.sum() == pytest.approx(1)
    start = bandit.Point(0, mu, 0.0)
    assert start.mean_reward == pytest.approx(0.305, abs=5e-4)
    assert start.high == pytest.approx(0.013, abs=5e-4)
    assert bandit.actions()[bandit.reward().argmax()] == pytest.approx(0.75, abs=0.01)


def test_preferences_are_probabilities_of_a_bradley_terry_model() -> None:
    p = bandit.preferences(0.5)
    assert p + p.T == pytest.approx(np.ones_like(p))
    r = bandit.reward()
    assert np.log(p / (1 - p)) == pytest.approx((r[:, None] - r[None, :]) / 0.5)


# (mean reward, mode, probability of the high hill) at T = 1, beta = .3; found apart, once.
KNOWN = {
    ("dpo", 500): (0.591, 0.30, 0.233),
    ("dpo", 1500): (0.776, 0.30, 0.668),
    ("cdpo", 500): (0.405, 0.30, 0.060),
    ("cdpo", 1500): (0.405, 0.30, 0.060),
    ("gdpo", 500): (0.493, 0.30, 0.047),
    ("gdpo", 1500): (0.843, 0.71, 0.889),
}


@pytest.mark.integration
@pytest.mark.parametrize("method", ["dpo", "cdpo", "gdpo"])
def test_policies_go_where_they_are_known_to_go(method: str) -> None:
    points = bandit.follow(method, temperature=1.0, beta=0.3, record=[500, 1500])
    for point in points:
        reward, mode, high = KNOWN[method, point.step]
        assert point.mean_reward == pytest.approx(reward, abs=2e-3)
        assert point.mode == pytest.approx(mode, abs=0.006)
        assert point.high == pytest.approx(high, abs=2e-3)


@pytest.mark.parametrize(("temperature", "beta"), [(1.0, 0.3), (0.25, 0.3)])
def test_the_conservative_loss_reproduces_the_labels(temperature: float, beta: float) -> None:
    """Where the labels are all that a policy can fit, its rest is known in closed form."""
    [end] = bandit.follow("cdpo", temperature=temperature, beta=beta, record=[1500])
    distance = np.abs(end.policy - bandit.reproduced(temperature, beta)).sum() / 2
    assert distance < 0.01


@pytest.mark.integration
def test_certain_labels_turn_the_order_round() -> None:
    """The counter-example: at T = .25 and beta = .1 the conservative loss finds the high hill."""
    high = {
        method: bandit.follow(method, temperature=0.25, beta=0.1, record=[1500])[0].high
        for method in ("cdpo", "gdpo", "dpo")
    }
    assert high["cdpo"] > 0.95
    assert high["cdpo"] > high["gdpo"] > high["dpo"]


@pytest.mark.parametrize("method", METHODS)
def test_every_loss_starts_at_the_data_and_goes_down(method: str) -> None:
    first, last = bandit.follow(method, temperature=1.0, beta=0.3, record=[0, 40])
    assert first.policy == pytest.approx(bandit.data_density(), abs=1e-12)
    assert last.loss < first.loss
    assert last.policy.sum() == pytest.approx(1)


def test_two_runs_are_one() -> None:
    one, two = (
        bandit.follow("gdpo", temperature=1.0, beta=0.3, record=[0, 7, 20]) for _ in range(2)
    )
    assert all(np.array_equal(a.policy, b.policy) for a, b in zip(one, two, strict=True))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="temperature 0"):
        bandit.preferences(0)
    for record in ([], [5, 3], [-1, 2]):
        with pytest.raises(InputError, match="steps"):
            bandit.follow("dpo", temperature=1.0, beta=0.3, record=record)
