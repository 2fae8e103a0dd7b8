from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evaluators.driving_sim.context import CHOICE, Material, material, paired, scores
from schemas.driving_sim.params import Params


@pytest.fixture(scope="module")
def found(results: Path, params: Params) -> Material:
    return material(results, results, params)


def test_figures_follow_from_steps(found: Material) -> None:
    rows = found.rows("bc_route:swap", "playback")
    assert rows is not None
    curve = rows.filter(family="curve")
    # Where there is one way, nothing is told but that.
    assert curve["kept_told"].null_count() == curve.height
    rest = rows.filter(pl.col("family") != "curve")
    assert rest["kept_told"].all()
    assert rest["left_log"].all()
    crashed = rows.filter("collision")
    assert crashed["front"].all()
    assert crashed["failed"].all()
    assert not rows.filter(~pl.col("collision"))["front"].any()


def test_a_log_that_stood_has_no_progress(found: Material) -> None:
    made = found.scores("expert", "progress", "playback")
    assert made is not None
    assert made.skipped == 1
    assert "tee-3" not in made.scenarios


def test_draws_are_averaged_and_then_no_rate_of_single_drives(found: Material) -> None:
    once = found.scores("bc_route", "collision", "playback")
    twice = found.scores("ppo_idm", "collision", "playback")
    assert once is not None
    assert twice is not None
    assert once.binary
    assert not twice.binary
    assert twice.table.shape == once.table.shape
    assert twice.n == 2 * once.n


def test_families_with_a_choice(found: Material) -> None:
    rows = found.rows("bc_none", "idm", CHOICE)
    assert rows is not None
    assert set(rows["family"].unique()) == {"fork", "tee", "cross"}


def test_pairs_differ_in_one_thing(found: Material) -> None:
    names = {
        part: [(a.name, b.name) for a, b in found.pairs_by(part)]
        for part in ("route", "space", "shuffled")
    }
    assert names == {
        "route": [("bc_route", "bc_none")],
        "space": [("bc_route_delta", "bc_route")],
        "shuffled": [("bc_shuffled", "bc_route")],
    }
    assert [(a.name, b.name) for a, b in found.policy_pairs()] == [("ppo_playback", "ppo_idm")]


def test_only_scenarios_of_both_are_paired() -> None:
    rows = pl.DataFrame(
        {
            "scenario_id": ["a", "b", "c", "a", "b"],
            "cluster_id": ["k", "k", "l", "k", "k"],
            "training": [0, 0, 0, 1, 1],
            "x": [1.0, 2.0, 3.0, 5.0, None],
        }
    )
    both, rule = scores(rows, "x"), scores(rows.filter(training=0), "x")
    assert both is not None
    assert rule is not None
    assert both.scenarios == ("a",)
    made = paired([both, rule])
    assert made is not None
    (a, b), clusters, _ = made
    assert a.tolist() == [[1.0], [5.0]]
    assert b.tolist() == [[1.0], [1.0]]
    assert clusters.tolist() == ["k"]
    assert scores(rows.filter(training=9), "x") is None
    none = scores(rows.filter(scenario_id="c"), "x")
    assert none is not None
    assert paired([both, none]) is None
    assert np.isfinite(both.table).all()


@pytest.mark.parametrize(
    ("scenarios", "values", "binary"),
    [
        ("ab", [0.0, 1.0], True),
        ("ab", [0.0, 0.5], False),
        ("aab", [0.0, 0.0, 1.0], False),
        ("aab", [0.0, 1.0, 1.0], False),
    ],
)
def test_a_rate_is_of_scenarios_driven_once_and_of_nothing_but_0_and_1(
    scenarios: str, values: list[float], binary: bool
) -> None:
    names = list(scenarios)
    rows = pl.DataFrame({"scenario_id": names, "cluster_id": names, "training": 0, "x": values})
    found = scores(rows, "x")
    assert found is not None
    assert (found.binary, found.n) == (binary, len(values))
