from __future__ import annotations

from pathlib import Path

import polars as pl

from evaluators.value_functions.context import _scores, material
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


def test_scores_of_which_none_is_known_are_an_empty_table() -> None:
    rows = pl.DataFrame(
        {"cluster_id": ["a", "b"], "repeat": [0, 0], "value": [None, None]},
        schema_overrides={"value": pl.Float64},
    )
    found = _scores(rows)
    assert (found.table.shape, found.clusters, found.n, found.skipped) == ((0, 0), (), 0, 2)


def test_a_score_is_the_mean_of_a_cluster_in_a_training_and_all_trainings_have_it() -> None:
    rows = pl.DataFrame(
        {
            "cluster_id": ["b", "a", "b", "a", "b", "c"],
            "repeat": [1, 1, 0, 0, 0, 0],
            "value": [1.0, 0.5, 0.0, 0.25, 0.5, 1.0],
        }
    )
    found = _scores(rows)
    assert found.table.tolist() == [[0.25, 0.25], [0.5, 1.0]]
    assert (found.clusters, found.n, found.skipped) == (("a", "b"), 6, 0)
