from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from guided_evolution_world import BUDGET, times

from evaluators.guided_evolution.context import Material
from evaluators.guided_evolution.curves import (
    arrivals,
    best_curves,
    best_so_far,
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
    assert rows[0]["estimate"] == 1
    for row in rows:
        assert row["estimate"] == pytest.approx(np.mean([t > row["x"] for t in own]))
    assert rows[-1]["estimate"] == pytest.approx(1 / 12)


def test_curves_have_a_line_a_method(known: Material) -> None:
    best = best_curves(known, "cora", BUDGET)
    assert {row["series"] for row in best} == set(times())
    assert best[-1]["estimate"] == 1.0
    timed = seconds_curves(known, "cora")
    assert {row["series"] for row in timed} == {m for m in times() if "oracle" not in m}
