from __future__ import annotations

from pathlib import Path
from typing import Any

import driving_sim_small as small
import pyarrow as pa
import pytest

from evaluators.driving_sim.report import statistics
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow


@pytest.fixture(scope="module")
def figures(table: pa.Table) -> Figures:
    return Figures(table)


def of(figures: Figures, model: str, metric: str, **parts: str) -> StatisticRow:
    row = figures.get(model, metric, **parts)
    assert row is not None, (model, metric, parts)
    return row


def test_rates_are_what_was_put_in(figures: Figures) -> None:
    for (planner, others), share in small.CRASH.items():
        found = of(figures, planner, "collision", others=others)["estimate"]
        assert found == pytest.approx(share, abs=0.026), (planner, others)
    swapped = of(figures, "bc_route:swap", "kept_told", others="idm")
    assert (swapped["estimate"], swapped["n"]) == (1, 3 * small.EACH)


def test_a_route_helps_where_there_is_a_choice_and_nowhere_else(figures: Figures) -> None:
    def found(family: str) -> StatisticRow:
        parts: dict[str, Any] = {"others": "playback", "over": "bc_none", "family": family}
        return of(figures, "bc_route", "off_route_difference", **parts)

    assert found("curve")["estimate"] == 0
    for family in ("fork", "tee", "cross", "choice"):
        row = found(family)
        assert row["estimate"] == pytest.approx(-0.5)
        assert row["upper"] is not None
        assert row["upper"] < 0


@pytest.mark.integration
def test_the_contrast_is_free_of_how_hard_worlds_are(figures: Figures, tmp_path: Path) -> None:
    """[(.45 - .05) + (.25 - .05)] / 2, also where one world is .2 harder for everybody."""
    row = of(figures, "ppo_playback", "transfer_collision", over="ppo_idm")
    assert row["estimate"] == pytest.approx(0.3, abs=0.026)

    def harder(table: str, one: dict[str, Any]) -> dict[str, Any]:
        known = table == "rollouts" and one["others"] == "idm"
        number = int(one["scenario_id"].rpartition("-")[2]) if known else 0
        if known and number % 5 == 4 and one["collision_step"] is None:
            return {**one, "collision_step": 50, "collision_kind": "front", "collision_object": 1}
        return one

    given = small.params()
    folder = small.write(tmp_path, given, harder)
    other = Figures(statistics(folder, folder, given))
    again = of(other, "ppo_playback", "transfer_collision", over="ppo_idm")
    assert again["estimate"] == pytest.approx(row["estimate"], abs=0.06)
    for name in ("ppo_playback", "ppo_idm"):
        before = of(figures, name, "collision", others="idm")["estimate"]
        after = of(other, name, "collision", others="idm")["estimate"]
        assert before is not None
        assert after is not None
        assert after > before + 0.1


def test_hits_from_behind_are_told_apart(figures: Figures) -> None:
    rear = of(figures, "ppo_idm", "rear", others="playback")
    crash = of(figures, "ppo_idm", "collision", others="playback")
    assert rear["estimate"] == crash["estimate"]
    assert of(figures, "ppo_idm", "front", others="playback")["estimate"] == 0


def test_everybody_is_held_against_the_floor(figures: Figures) -> None:
    row = of(figures, "bc_route_delta", "collision_difference", others="idm", over="expert")
    assert row["estimate"] == pytest.approx(0.25, abs=0.026)
    assert figures.get("expert", "collision_difference", others="idm", over="expert") is None


def test_failures_over_draws_have_a_reliability(figures: Figures) -> None:
    icc = of(figures, "ppo_idm", "failed_icc", others="playback")
    assert icc["estimate"] is not None
    assert of(figures, "ppo_idm", "failed", others="playback")["reliability"] is not None
    assert figures.get("bc_route", "failed_icc", others="playback") is None


def test_shuffled_examples_are_three_times_as_far(figures: Figures) -> None:
    row = of(figures, "bc_shuffled", "ade_ratio", others="playback", over="bc_route")
    assert row["estimate"] == pytest.approx(3, rel=0.05)
    assert 2.5 < row["ci_lo"] < row["estimate"] < row["ci_hi"] < 3.5


def test_traffic_is_judged(figures: Figures) -> None:
    assert of(figures, "traffic:idm", "agents_overlap")["estimate"] == pytest.approx(0.025)
    assert of(figures, "traffic:playback", "agents_ade")["estimate"] == 0


@pytest.mark.integration
def test_one_training_is_no_finding_about_a_method_and_two_are(
    figures: Figures, tmp_path: Path
) -> None:
    assert of(figures, "bc_route", "ade", others="idm")["scope"] == "training"
    assert of(figures, "brake", "collision", others="idm")["scope"] is None
    given = small.params(repeats=2)
    folder = small.write(tmp_path, given)
    two = Figures(statistics(folder, folder, given))
    row = of(two, "bc_route", "ade_difference", others="idm", over="bc_none", family="fork")
    assert row["scope"] == "method"
    assert of(two, "ppo_playback", "transfer_collision", over="ppo_idm")["trainings"] == 2
