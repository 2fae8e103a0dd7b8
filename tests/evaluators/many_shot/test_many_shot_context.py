from __future__ import annotations

import polars as pl
import pytest

from evaluators.many_shot.context import (
    SHARE,
    Subject,
    by_shot_set,
    over_both,
    over_shot_sets,
    paired,
)
from measurand.stats.means import cluster_mean, proportion


def answers(k: int, seeds: int, right: list[list[float | None]]) -> pl.DataFrame:
    """Answers of every shot set (outer list) to every question."""
    return pl.DataFrame(
        [
            {"query_id": f"q{q}", "seed": seed, "order": 0, "k": k, "correct": value}
            for seed in range(seeds)
            for q, value in enumerate(right[seed])
        ],
        schema_overrides={"correct": pl.Float64},
    )


def test_subjects_come_in_the_order_of_the_parameters(everyone: list[Subject]) -> None:
    names = [s.model for s in everyone]
    assert names[0].startswith("hf:")
    assert names[1:] == ["oracle:solver", "oracle:majority", "oracle:knn5"]
    assert [s.is_control for s in everyone] == [False, True, True, True]
    assert set(everyone[0].baselines) == set(names[1:])
    assert everyone[0].options == {"line": ("A", "B")}
    [solver] = [s for s in everyone if s.model == "oracle:solver"]
    assert [(task, curve) for task, curve, _ in solver.curves()] == [
        ("line", "supervised"),
        ("line", "supervised-flipped"),
        ("line", "unsupervised"),
        ("sums", "supervised"),
        ("sums", "reinforced"),
    ]
    assert solver.responses["k_requested"].null_count() == 0


def test_orders_of_one_shot_set_are_averaged_and_missing_answers_left_out() -> None:
    rows = answers(2, 1, [[1.0, None]])
    rows = pl.concat([rows, rows.with_columns(pl.col("order") + 1, correct=pl.lit(0.0))])
    assert by_shot_set(rows)["value"].to_list() == [0.5, 0.0]


def test_pairs_are_of_one_question_and_one_shot_set() -> None:
    a = answers(4, 2, [[1.0, 0.0], [0.0, None]])
    b = answers(2, 2, [[0.0, 0.0], [1.0, 1.0]])
    both = paired(a, b)
    assert both.rows() == [("q0", 0, 1.0, 0.0), ("q0", 1, 0.0, 1.0), ("q1", 0, 0.0, 0.0)]


@pytest.mark.parametrize("first", [True, False])
def test_a_prompt_without_shots_goes_with_every_shot_set(first: bool) -> None:
    with_shots = answers(4, 2, [[1.0, 0.0], [0.0, 1.0]])
    without = answers(0, 1, [[1.0, 0.0]])
    both = paired(with_shots, without) if first else paired(without, with_shots)
    assert both["seed"].to_list() == [0, 1, 0, 1]
    zero = both["value_b" if first else "value"].to_list()
    assert zero == [1.0, 1.0, 0.0, 0.0]


def test_two_prompts_without_shots_are_paired_by_question() -> None:
    both = paired(answers(0, 1, [[1.0, 0.0]]), answers(0, 1, [[0.0, 0.0]]))
    assert both.rows() == [("q0", 0, 1.0, 0.0), ("q1", 0, 0.0, 0.0)]


def test_clusters_are_shot_sets_or_questions_where_there_is_one_prompt() -> None:
    several = by_shot_set(answers(4, 3, [[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]))
    assert over_shot_sets(several) == cluster_mean(
        several["value"].to_numpy(), several["seed"].to_numpy()
    )
    one = by_shot_set(answers(0, 1, [[1.0, 0.0, 1.0]]))
    found = over_shot_sets(one)
    assert found.n_clusters == 3
    assert found.ci_lo is not None


def test_all_right_has_the_exact_interval_over_distinct_questions() -> None:
    values = by_shot_set(answers(4, 5, [[1.0] * 8] * 5))
    for made in (over_shot_sets(values, SHARE), over_both(values, SHARE)):
        exact = proportion(8, 8, "clopper_pearson")
        assert (made.ci_lo, made.ci_hi) == pytest.approx((exact.ci_lo, exact.ci_hi))
        assert (made.n, made.n_clusters) == (40, 8)
    plain = over_shot_sets(values)
    assert plain.reason == "no interval: every value is the same"


def test_intervals_of_shares_stay_within_the_unit() -> None:
    values = by_shot_set(answers(4, 3, [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]))
    assert over_shot_sets(values).ci_hi > 1  # type: ignore[operator]
    for made in (over_shot_sets(values, SHARE), over_both(values, SHARE)):
        assert made.value == pytest.approx(8 / 9)
        assert made.ci_lo is not None
        assert made.ci_hi is not None
        assert 0 < made.ci_lo < 8 / 9 < made.ci_hi < 1
