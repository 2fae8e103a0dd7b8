from __future__ import annotations

from pathlib import Path

from evaluators.value_functions.context import material
from schemas.value_functions.params import Params


def test_scores_are_trainings_by_clusters(results: Path, params: Params) -> None:
    found = material(results, results, params)
    scores = found.scores("chess", "hl_gauss", "score")
    assert scores is not None
    assert scores.table.shape == (3, 20)
    assert scores.n == 120
    assert abs(scores.table.mean() - 0.8) < 0.1
    control = found.scores("chess", "material", "score")
    assert control is not None
    assert control.table.shape == (1, 20)
    order = found.scores("chess", "mse", "tau")
    assert order is not None
    assert order.skipped == 3
    assert found.scores("digits", "mse", "squared_error", "1") is not None
    assert found.scores("digits", "mse", "squared_error", "2") is None


def test_siblings_differ_in_one_thing(results: Path, params: Params) -> None:
    found = material(results, results, params).siblings()
    assert [(a.id, b.id, part) for a, b, part in found] == [
        ("chess", "chess_narrow", "width"),
        ("chess_noisy", "chess", "noise"),
    ]
