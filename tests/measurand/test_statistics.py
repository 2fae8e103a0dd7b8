from __future__ import annotations

import numpy as np
import pytest

from measurand.errors import SchemaError
from measurand.statistics import described, exact, of_trainings, statistic_row, statistics_table
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import cluster_mean, smallest_detectable


def test_a_row_carries_figure_interval_and_smallest_detectable_difference() -> None:
    found = cluster_mean(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 1, 2, 2]))
    row = statistic_row("s", "m", "mean", {"b": "2", "a": "1"}, found, reliability=0.8)
    assert row["slice"] == "a=1,b=2"
    assert row["estimate"] == 2.5
    assert row["mde"] == pytest.approx(smallest_detectable(found.se or 0, df=1))
    assert row["reliability"] == 0.8
    assert statistics_table([row]).num_rows == 1


def test_an_undefined_figure_is_null_with_its_reason() -> None:
    [row] = statistics_table(
        [statistic_row("s", "m", "x", {}, undefined("too few", method="t"))]
    ).to_pylist()
    assert row["estimate"] is None
    assert row["mde"] is None
    assert row["reason"] == "too few"


def test_a_count_has_no_sampling_error() -> None:
    found = exact(3.0, n=10)
    assert (found.value, found.ci_lo, found.lower) == (3.0, None, None)
    assert found.reason == "no interval: counted, not sampled"
    assert exact(None, reason="none was asked").reason == "none was asked"


def test_no_interval_without_width_comes_into_a_table() -> None:
    row = statistic_row("s", "m", "x", {}, Estimate(1.0, ci_lo=0.5, ci_hi=1.5))
    with pytest.raises(SchemaError, match="without width"):
        statistics_table([{**row, "ci_lo": 1.0, "ci_hi": 1.0}])


def test_the_same_figure_twice_is_refused() -> None:
    row = statistic_row("s", "m", "x", {}, exact(1.0))
    with pytest.raises(SchemaError):
        statistics_table([row, row])


def test_a_figure_of_a_fixed_set_has_no_interval_and_says_so() -> None:
    found = statistic_row("s", "m", "codes_used", {}, described(7.0, "of these weights", n=9))
    assert (found["estimate"], found["ci_lo"], found["lower"]) == (7.0, None, None)
    assert found["reason"] == "no interval: of these weights; no sample"


def test_rows_of_trained_weights_say_so_unless_they_say_more() -> None:
    rows = [
        statistic_row("s", model, metric, {}, Estimate(1.0, scope=scope))
        for model, metric, scope in (("a", "x", None), ("a", "y", "method"), ("b", "x", None))
    ]
    found = of_trainings(rows, lambda row: row["model"] == "a")
    assert [row["scope"] for row in found] == ["training", "method", None]


def test_an_interval_without_width_is_left_out_with_its_reason() -> None:
    found = cluster_mean(np.full(4, 2.0), np.array([1, 1, 2, 2]))
    row = statistic_row("s", "m", "mean", {}, found)
    assert (row["estimate"], row["n"], row["n_clusters"]) == (2.0, 4, 2)
    assert [row[key] for key in ("ci_lo", "ci_hi", "lower", "upper", "se", "mde")] == [None] * 6  # type: ignore[literal-required]
    assert row["reason"] == "no interval: nothing varied in this sample"
    assert statistic_row("s", "m", "count", {}, exact(2.0))["ci_lo"] is None
