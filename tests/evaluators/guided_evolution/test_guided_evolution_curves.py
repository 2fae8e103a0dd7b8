from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from guided_evolution_world import BUDGET, times

from evaluators.guided_evolution.context import Material
from evaluators.guided_evolution.curves import (
    arrivals,
    best_curves,
    best_so_far,
    grid,
    quartiles,
    seconds_curves,
)


def test_the_best_so_far_is_the_last_one_known() -> None:
    found = pl.DataFrame(
        {"search": ["a", "a", "b"], "evaluations": [2, 4, 3], "best": [0.1, 0.4, 0.2]}
    )
    made = best_so_far(found, np.array([1.0, 2.0, 3.0, 9.0]))
    np.testing.assert_array_equal(made, [[np.nan, 0.1, 0.1, 0.4], [np.nan, np.nan, 0.2, 0.2]])
    assert quartiles(made)[0] == (None, None, None)
    middle, low, high = quartiles(made)[3]
    assert (middle, low, high) == pytest.approx((0.3, 0.25, 0.35))


def test_arrivals_are_shares_of_searches(known: Material) -> None:
    rows = [r for r in arrivals(known, "cora", "top", BUDGET) if r["series"] == "random"]
    own = [BUDGET + 1 if t is None else t for t in times()["random"]]
    assert (rows[0]["x"], rows[0]["estimate"]) == (0.0, 1)
    for row in rows:
        assert row["estimate"] == pytest.approx(np.mean([t > row["x"] for t in own]))
    assert rows[-1]["estimate"] == pytest.approx(1 / 12)


def test_curves_have_a_line_a_method(known: Material) -> None:
    best = best_curves(known, "cora", BUDGET)
    assert {row["series"] for row in best} == set(times())
    assert best[-1]["estimate"] == 1.0
    timed = seconds_curves(known, "cora")
    assert {row["series"] for row in timed} == {m for m in times() if "oracle" not in m}


def test_the_axis_has_sixteen_places_from_a_twelfth_to_all() -> None:
    assert grid(240).tolist() == [round(20 + 220 * i / 15) for i in range(16)]


def test_curves_are_of_the_task_and_of_each_method_alone(known: Material) -> None:
    # Searches of a method end at different times: what counts is its median.
    slow = pl.when(pl.col("seed") == pl.col("seed").min()).then(3.0).otherwise(1.0)
    known = replace(known, seconds=known.seconds.with_columns(pl.col("seconds") * slow))
    build = known.params.build
    tasks = tuple(task for task in build.tasks if task.id == "cora")
    alone = known.params.model_copy(update={"build": build.model_copy(update={"tasks": tasks})})
    one = replace(known, params=alone)
    mine = known.seconds.filter(task="cora")
    ends = mine.group_by("method", "search").agg(pl.col("seconds").max())
    end = max(own["seconds"].median() for _, own in ends.group_by("method"))
    timed = seconds_curves(one, "cora")
    assert timed == seconds_curves(known, "cora")
    assert best_curves(one, "cora", BUDGET) == best_curves(known, "cora", BUDGET) != []
    assert arrivals(one, "cora", "top", BUDGET) == arrivals(known, "cora", "top", BUDGET)
    for method in ("random", "pam_rt"):
        line = [row for row in timed if row["series"] == method]
        assert [row["x"] for row in line] == pytest.approx([end * i / 16 for i in range(1, 17)])
        searches = [own for _, own in mine.filter(method=method).group_by("search")]
        for row in line:
            before = [own.filter(pl.col("seconds") <= row["x"]) for own in searches]
            if all(len(own.drop_nulls("best")) for own in before):
                best = [own.sort("seconds")["best"][-1] for own in before]
                assert row["estimate"] == pytest.approx(np.median(best))
                assert row["reason"] is None
            else:
                assert row["estimate"] is None
                assert row["reason"] == "not all searches have a value yet"
