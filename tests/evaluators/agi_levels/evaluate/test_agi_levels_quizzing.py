from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluators.agi_levels.evaluate.quizzing import chosen, probabilities, requests
from measurand import params as parameters
from measurand.models.protocol import Score
from schemas.agi_levels.params import Params

ROOT = Path(__file__).parents[4]
QUESTION = {"task_id": "t", "item_id": "q", "text": "Which?", "options": ["w", "x", "y", "z"]}


def test_every_option_stands_at_every_letter_once() -> None:
    params = parameters.read(ROOT / "params/presets/agi_levels/tiny.yaml", Params)
    asked = requests(params, QUESTION)
    assert asked[0].choices == (" A", " B", " C", " D")
    listed = [r.prompt.split("Which?\n")[1].splitlines()[:4] for r in asked]
    for option in QUESTION["options"]:
        assert sorted(next(x[0] for x in lines if x[3:] == option) for lines in listed) == list(
            "ABCD"
        )


def test_probabilities_go_back_to_their_options() -> None:
    """Turn 3 shows z, w, x, y: the letter B is option w."""
    score = Score.of(np.log([0.1, 0.6, 0.1, 0.1]).tolist())
    found = probabilities(score, 3)
    assert found is not None
    assert found.argmax() == 0
    assert found.sum() == pytest.approx(1)


def test_a_letter_that_is_liked_earns_a_guess() -> None:
    liked = Score.of(np.log([0.7, 0.1, 0.1, 0.1]).tolist())
    assert chosen([probabilities(liked, k) for k in range(4)]) == pytest.approx((0.25, 0.25))
    knows = [np.array([0.4, 0.3, 0.2, 0.1])] * 4
    assert chosen(knows) == pytest.approx((1.0, 0.4))
    assert chosen([knows[0][::-1]] * 4) == pytest.approx((0.0, 0.1))


def test_an_answer_needs_every_turn() -> None:
    missing = Score.of([-1.0, None, -2.0, -2.0])
    assert probabilities(missing, 0) is None
    assert chosen([np.array([0.4, 0.6]), None]) is None
