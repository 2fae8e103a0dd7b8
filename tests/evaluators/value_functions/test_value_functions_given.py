from __future__ import annotations

import numpy as np
import pytest

from evaluators.value_functions.given import _choices, _slope


def test_material_is_read_as_log_odds() -> None:
    pieces = np.arange(-9, 10.0)
    assert _slope(pieces, 1 / (1 + np.exp(-0.35 * pieces))) == pytest.approx(0.35, abs=0.006)


def test_a_perfect_predictor_scores_one_and_a_constant_none() -> None:
    true = np.array([0.1, 0.5, 0.9, 0.3, 0.4])
    item, game = np.array(list("aaabb")), np.array(list("ggghh"))
    errors = np.stack([np.zeros(5), 0.2 - true])
    puzzle = np.array([True, True, True, False, False])
    found = list(_choices(errors, true, item, game, puzzle))

    def mean(metric: str, seed: int) -> float:
        return float(np.mean([f[5] for f in found if f[0] == metric and f[3] == seed]))

    assert mean("score", 0) == 1
    assert mean("score", 1) == pytest.approx(0, abs=1e-12)
    assert mean("absolute_error", 0) == 0
    assert mean("puzzle", 0) == 1
    assert mean("puzzle", 1) == pytest.approx(1 / 3)
    assert len([f for f in found if f[0] == "puzzle"]) == 2
    assert mean("tau", 0) == pytest.approx(1)
    assert {f[2] for f in found} == {"g", "h"}
    undefined = [f for f in found if f[0] == "tau" and f[3] == 1]
    assert all(f[5] is None and f[6] for f in undefined)
