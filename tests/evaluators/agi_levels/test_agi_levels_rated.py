from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evaluators.agi_levels.rated import ahead, place, reached, table
from measurand.stats.estimate import undefined
from measurand.stats.left_out import advantage
from schemas.agi_levels.params import Rules


def world(shift: float, n: int = 60) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Raters around a truth, and a model around the same, shifted."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(-3, 3, n)
    texts = {
        f"t{i}": {"ratings": np.clip(np.round(t + rng.normal(0, 1, 17)), -4, 4).tolist()}
        for i, t in enumerate(truth)
    }
    own = np.clip(np.round(truth + shift + rng.normal(0, 0.1, n)), -4, 4)
    rows = [{"text_id": f"t{i}", "rating": float(r), "expected": None} for i, r in enumerate(own)]
    return rows, texts


def test_competent_is_the_most_that_raters_can_show() -> None:
    found = place("m", "film", *world(0.0), Rules())
    assert (found.level, found.possible, found.n) == (2, 2, 17)
    assert found.p[0] > 0.99
    assert len(found.p) == 1
    assert {"raters_not_told_apart", "norm_below_floor", "not_skilled_adults"} <= set(found.flags)
    behind = place("m", "film", *world(4.0), Rules())
    assert (behind.level, behind.possible) == (None, None)


def test_the_share_is_the_mean_over_texts() -> None:
    rows, texts = world(1.0)
    found, n = ahead(rows[:30], texts)
    own = np.array([row["rating"] for row in rows[:30]])
    assert found == advantage(own, table([texts[f"t{i}"]["ratings"] for i in range(30)]))
    assert n == 17


def test_without_an_answer_there_is_a_reason() -> None:
    rows, texts = world(0.0)
    silent = [{**row, "rating": None} for row in rows]
    found = place("m", "film", silent, texts, Rules())
    assert found.words == "the model gave no rating"
    assert found.p == ()
    assert reached(undefined("nothing"), 0.5) is None


def test_texts_without_an_answer_are_left_out() -> None:
    rows, texts = world(0.0)
    half = [{**row, "rating": None} if i % 2 else row for i, row in enumerate(rows)]
    found, rest = (
        place("m", "film", half, texts, Rules()),
        place("m", "film", rows[::2], texts, Rules()),
    )
    assert found.score == rest.score
    assert (found.level, found.p) == (rest.level, rest.p)


def test_lists_become_rows() -> None:
    found = table([[1.0], [1.0, 2.0]])
    assert found.tolist()[1] == [1.0, 2.0]
    assert np.isnan(found[0, 1])


def test_the_probability_is_students() -> None:
    from scipy import stats

    found = advantage(np.array([row["rating"] for row in world(1.0)[0]]),
                      table([t["ratings"] for t in world(1.0)[1].values()]))  # fmt: skip
    expected = stats.t(59, found.value, found.se).sf(0.5)
    assert reached(found, 0.5) == pytest.approx(expected)
