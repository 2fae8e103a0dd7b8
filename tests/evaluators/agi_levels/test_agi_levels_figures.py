from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.agi_levels.context import raters, standing
from evaluators.agi_levels.figures import (
    item_rows,
    people_rows,
    placement_rows,
    profile_rows,
    rater_rows,
)
from schemas.agi_levels.params import Params


@pytest.mark.integration
def test_every_placement_has_its_figures(results: Path, data: Path, small: Params) -> None:
    found = standing(data, raters(data, results, small), small)
    rows = {(r["model"], r["metric"], r["slice"]): r for r in placement_rows(found.placements)}
    bar = "norm=bar/february,task=uniform_bar_examination"
    model = "GPT-4 (published)"
    assert rows[model, "level", bar]["estimate"] == 2
    assert rows[model, "possible_level", bar]["estimate"] == 3
    assert abs(rows[model, "percentile", bar]["estimate"] - 0.9) < 1e-9
    passed = rows[model, "level", "norm=bar/passed,task=uniform_bar_examination"]
    assert passed["estimate"] is None
    assert "below Competent" in passed["reason"]
    assert not any(model == "-" for model, _, _ in rows)


def test_raters_whose_truth_is_known_stand_where_they_belong(
    results: Path, data: Path, small: Params
) -> None:
    rows = {
        (r["model"], r["metric"], r["slice"]): r
        for rater in raters(data, results, small)
        for r in rater_rows(rater)
    }
    for corpus in ("film", "tweets"):
        where = f"corpus={corpus},reading=rating"
        middle = rows["oracle:rater", "ahead", where]
        assert middle["ci_lo"] < 0.5 < middle["ci_hi"]
        assert rows["oracle:consensus", "ahead", where]["estimate"] > 0.5
        assert rows["oracle:chance", "ahead", where]["upper"] < 0.5
        assert rows["oracle:consensus", "consensus_r", where]["estimate"] > 0.8
        assert rows["synthetic:uniform", "missing_share", f"corpus={corpus}"]["estimate"] == 0
        # Whose answers are known gives one reading, which is theirs.
        own = [s for m, k, s in rows if (m, k) == ("oracle:rater", "ahead") and corpus in s]
        assert own == [where]


def test_people_and_items(results: Path, data: Path, small: Params) -> None:
    everyone = raters(data, results, small)
    alphas = [r["estimate"] for r in people_rows(everyone[0])]
    assert len(alphas) == 2
    assert all(0.4 < alpha < 1 for alpha in alphas)
    rows = {(r["metric"], r["slice"]): r for r in item_rows(standing(data, everyone, small))}
    first = rows["difficulty", "item=Q1,norm=lsat/section_6"]
    assert abs(first["estimate"] + 3.36) < 0.01
    assert abs(first["se"] - 0.867) < 0.002
    assert len(rows) == 2 * (5 + 5 + 33)
    # Nobody's general knowledge tells whether he knows the cells that see colours.
    lost = rows["difficulty", "item=science_3,norm=students/knowledge"]
    assert (lost["estimate"], lost["reason"]) == (None, "its discrimination is not told from 0")


def test_profiles_say_why_nothing_general_is_said(results: Path, data: Path, small: Params) -> None:
    [profile] = standing(data, raters(data, results, small), small).profiles
    rows = list(profile_rows(profile))
    general = [r for r in rows if r["metric"] == "general_level"]
    assert len(general) == 3
    assert all("coverage" in r["reason"] and r["estimate"] is None for r in general)
