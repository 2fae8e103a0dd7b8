from __future__ import annotations

from collections import Counter

from pipelines.agi_levels import known

TEXT = {"text_id": "film|1", "held": [-3.0, 1.0, 2.0]}


def test_one_rater_their_mean_and_chance() -> None:
    assert known.rating(known.RATER, TEXT, 1) == -3
    assert known.rating(known.CONSENSUS, TEXT, 1) == 0
    drawn = Counter(known.rating(known.CHANCE, {**TEXT, "text_id": str(i)}, 1) for i in range(900))
    assert set(drawn) == set(range(-4, 5))
    assert max(drawn.values()) < 150
    assert known.rating(known.CHANCE, TEXT, 1) == known.rating(known.CHANCE, TEXT, 1)
