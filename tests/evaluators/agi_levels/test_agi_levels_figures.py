from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import pearsonr

from evaluators.agi_levels.context import SYSTEM, Rater, raters, standing
from evaluators.agi_levels.figures import (
    PEOPLE,
    item_rows,
    people_rows,
    placement_rows,
    profile_rows,
    rater_rows,
)
from evaluators.agi_levels.placing import Placement
from evaluators.agi_levels.profile import Profile
from measurand.stats.estimate import Estimate
from measurand.stats.krippendorff import krippendorff_alpha
from measurand.stats.left_out import advantage
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


def _rows(made: Any) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["metric"], row["slice"]): row for row in made}


def test_a_placement_is_told_as_it_is() -> None:
    known = Placement(
        "m", "t", "n", place=Estimate(0.92), p=(0.99, 0.4), level=2, possible=3, n=40,
        words="at least Competent", among_true=Estimate(0.95),
    )  # fmt: skip
    nobody = Placement("-", "t", "n", place=Estimate(0.5))
    rows = _rows(placement_rows([nobody, known]))
    where = "norm=n,task=t"
    wanted = {
        ("percentile", where): 0.92,
        ("percentile_true", where): 0.95,
        ("reaches", f"level=2,{where}"): 0.99,
        ("reaches", f"level=3,{where}"): 0.4,
        ("level", where): 2,
        ("possible_level", where): 3,
    }
    assert {key: row["estimate"] for key, row in rows.items()} == wanted
    assert {(row["system"], row["model"]) for row in rows.values()} == {(SYSTEM, "m")}
    assert {row["n"] for (name, _), row in rows.items() if "level" in name} == {40}


def test_what_stands_nowhere_says_why() -> None:
    rows = _rows(placement_rows([Placement("m", "t", words="below Competent", n=9)]))
    assert [metric for metric, _ in rows] == ["percentile", "level", "possible_level"]
    assert rows["level", "norm=-,task=t"]["reason"] == "below Competent"
    rows = _rows(placement_rows([Placement("m", "t")]))
    assert rows["possible_level", "norm=-,task=t"]["reason"] == "no percentile"


TEXTS = {
    "a": [1, 2, 2, 4], "b": [4, 5, 5, 5], "c": [0, 1, 1, 2], "d": [2, 3, 3, 3], "e": [1, 1, 2, 2],
    "f": [3, 4, 4, 5], "g": [1, 1, 3, 3],
}  # fmt: skip
RATINGS = (
    ("film", "a", 2, 2.5, 0.5, "ok"), ("film", "b", 5, 4.0, 1.25, "ok"),
    ("film", "c", None, None, None, "infra_error"), ("film", "d", None, None, 0.25, "refused"),
    ("film", "e", 1, 1.75, 0.5, "ok"), ("tweets", "f", 4, 4.5, None, "ok"),
    ("tweets", "g", 2, None, None, "ok"),
)  # fmt: skip


def _rater(model: str, small: Params) -> Rater:
    names = ("corpus", "text_id", "rating", "expected", "mass", "status")
    rows = [dict(zip(names, row, strict=True)) for row in RATINGS]
    of = {row[1]: row[0] for row in RATINGS}
    texts = {name: {"ratings": TEXTS[name], "corpus": of[name]} for name in TEXTS}
    return Rater(SYSTEM, model, 1, 50, rows, texts, small)


def test_figures_of_ratings_by_hand(small: Params) -> None:
    rows = _rows(rater_rows(_rater("m", small)))
    film = "corpus=film"
    assert (rows["missing_share", film]["estimate"], rows["missing_share", film]["n"]) == (2 / 5, 5)
    assert rows["missing_share", film]["n_clusters"] == 5
    assert rows["infra_error_share", film]["estimate"] == 1 / 5
    # A mass is summed from rounded probabilities: what lies above 1 is 1.
    mass = rows["mass_mean", film]
    assert (mass["estimate"], mass["n"]) == ((0.5 + 1 + 0.25 + 0.5) / 4, 4)
    assert ("mass_mean", "corpus=tweets") not in rows
    people = np.array([TEXTS[name] for name in "abe"], float)
    for reading, own in (("rating", [2, 5, 1]), ("expected", [2.5, 4.0, 1.75])):
        where = f"{film},reading={reading}"
        assert rows["ahead", where]["estimate"] == advantage(np.array(own, float), people).value
        r = pearsonr(own, people.mean(axis=1)).statistic
        assert rows["consensus_r", where]["estimate"] == pytest.approx(r)
    two, one = (f"corpus=tweets,reading={name}" for name in ("rating", "expected"))
    assert rows["ahead", two]["estimate"] is not None
    assert rows["ahead", one]["reason"] == "fewer than two texts were rated"
    assert ("consensus_r", one) not in rows
    control = _rows(rater_rows(_rater("oracle:rater", small)))
    assert {where for metric, where in control if metric == "ahead"} == {f"{film},reading=rating",
                                                                         two}  # fmt: skip


def test_people_agree_corpus_by_corpus(small: Params) -> None:
    rows = _rows(people_rows(_rater("m", small)))
    for corpus, names in (("film", "abcde"), ("tweets", "fg")):
        row = rows["rater_alpha", f"corpus={corpus}"]
        known = krippendorff_alpha(np.array([TEXTS[name] for name in names], float), "ordinal")
        assert row["estimate"] == known.value
        assert (row["system"], row["model"]) == (SYSTEM, PEOPLE)


def _profile(**given: Any) -> Profile:
    counted = (Placement("m", "t"), Placement("m", "u"), Placement("m", "v"))
    whole = {
        "model": "m", "counted": counted, "uncounted": {}, "families": ("social", "linguistic"),
        "breadth": {2: 0.75, 3: 0.25}, "held": {}, "held_sharing": None,
        "general": {0.5: 3, 0.8: None}, "reason": None,
    }  # fmt: skip
    return Profile(**{**whole, **given})


def test_a_profile_is_told_as_it_is() -> None:
    rows = _rows(profile_rows(_profile()))
    wanted = {
        ("tasks_counted", ""): 3, ("families_counted", ""): 2, ("breadth", "level=2"): 0.75,
        ("breadth", "level=3"): 0.25, ("general_level", "coverage=0.5"): 3,
        ("general_level", "coverage=0.8"): None,
    }  # fmt: skip
    assert {key: row["estimate"] for key, row in rows.items()} == wanted
    assert rows["general_level", "coverage=0.8"]["reason"] == "no level is held"
    assert {row["n"] for (name, _), row in rows.items() if name == "general_level"} == {3}
    none = _rows(profile_rows(_profile(families=(), general={}, counted=())))
    assert none["breadth", "level=2"]["reason"] == "no task of any family"
    assert none["general_level", ""]["reason"] == "no task counts"
    few = _rows(profile_rows(_profile(general={0.5: None}, reason="too few")))
    assert few["general_level", "coverage=0.5"]["reason"] == "too few"
    bare = _rows(profile_rows(_profile(general={}, reason="nothing was asked")))
    assert bare["general_level", ""]["reason"] == "nothing was asked"
