from __future__ import annotations

import numpy as np

from measurand.planning import designs
from measurand.planning.question import Question
from measurand.planning.wish import Wish, wish
from measurand.stats.components import nested


def asked(sds: tuple[float, float, float]) -> Question:
    rng = np.random.default_rng(0)
    shape = (40, 4, 2)
    x = sds[0] * rng.normal(size=(40, 1, 1)) + sds[1] * rng.normal(size=(40, 4, 1))
    x = x + sds[2] * rng.normal(size=shape)
    c, i, r = np.indices(shape).reshape(3, -1)
    parts = nested(x.ravel(), c, c * 4 + i, r)
    return Question(parts, 0.5, "given", 0.05, 0.05, 0.8, 0.8, None, None, False, least=(2, 2))


def test_where_repeats_are_noisy_repeats_are_bought() -> None:
    """Items cost much, calls little: what varies most is averaged."""
    dear = wish(price={"item": "10", "call": ".1"})
    noisy, _ = designs.cheapest(asked((0.0, 0.1, 0.6)), dear)
    steady, _ = designs.cheapest(asked((0.0, 0.6, 0.05)), dear)
    assert noisy is not None
    assert steady is not None
    assert noisy.repeats > steady.repeats == 1


def test_the_cheapest_costs_no_more_than_any_other() -> None:
    best, every = designs.cheapest(
        asked((0.2, 0.3, 0.3)), wish(price={"cluster": "3", "call": "1"})
    )
    assert best is not None
    assert best.cost == min(d.cost for d in every)
    assert len({(d.per_cluster, d.repeats) for d in every}) == len(every)


def test_a_budget_is_kept() -> None:
    found = designs.affordable(asked((0.2, 0.3, 0.3)), Wish(), 100, float("inf"))
    assert found is not None
    assert found.calls <= 100
    assert designs.affordable(asked((0.2, 0.3, 0.3)), Wish(), 1, float("inf")) is None
