from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plan_inputs import GATE, gate_file, pilot

import measurand
from measurand.planning.record import NO_VARIANCE


def planned(folder: Path, scores: Any, *gates: str, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = measurand.plan(gate_file(folder, *gates), scores, **asked).record
    return found


def test_a_plan_says_what_is_needed_and_how_sure_that_is(tmp_path: Path) -> None:
    [gate] = planned(tmp_path, pilot(), truth=0.6)["gates"]
    plan, low_high = gate["plan"], gate["range"]["clusters"]
    assert plan["calls"] == plan["clusters"] * plan["items_per_cluster"] * plan["repeats"]
    assert low_high[0] < plan["clusters"] < low_high[1]
    powers = [p["power"] for p in gate["curve"]]
    assert powers == sorted(powers)
    at = next(p for p in gate["curve"] if p["clusters"] == plan["clusters"])
    assert at["low"] < at["power"] < at["high"]
    assert at["power"] == pytest.approx(0.8, abs=0.02)


def test_a_small_pilot_asks_for_more(tmp_path: Path) -> None:
    """The same variance, known from fewer clusters."""
    whole = pilot(6, 1, 1, sds=(0.0, 0.3, 0.0))
    many = {k: v * 8 if k != "item_id" else [] for k, v in whole.items()}
    many["item_id"] = [f"{i}-{n}" for n in range(8) for i in whole["item_id"]]
    many["cluster_id"] = many["item_id"]
    few, more = (
        planned(tmp_path, x, truth=0.6)["gates"][0]["plan"]["clusters"] for x in (whole, many)
    )
    assert few > more


def test_a_pilot_without_variance_says_so(tmp_path: Path) -> None:
    [gate] = planned(tmp_path, pilot(sds=(0.0, 0.0, 0.0)), truth=0.6)["gates"]
    assert gate["plan"] is None
    assert gate["reason"] == NO_VARIANCE


def test_a_rate_without_variance_stands_on_what_is_assumed(tmp_path: Path) -> None:
    scores = {"item_id": [*"abcdefgh"], "value": [1] * 8, "metric": ["score"] * 8}
    [gate] = planned(tmp_path, scores, truth=0.7)["gates"]
    assert gate["plan"]["items"] == 37
    assert any("do not vary" in note for note in gate["notes"])
    [gate] = planned(tmp_path, scores, width=0.1)["gates"]
    assert gate["reason"] == NO_VARIANCE


def test_one_cluster_tells_nothing(tmp_path: Path) -> None:
    [gate] = planned(tmp_path, pilot(1), truth=0.6)["gates"]
    assert "one cluster" in gate["reason"]


def test_a_truth_that_should_not_pass_is_no_plan(tmp_path: Path) -> None:
    [gate] = planned(tmp_path, pilot(), truth=0.4)["gates"]
    assert "would rightly not pass" in gate["reason"]


def test_width_and_power_are_different_questions(tmp_path: Path) -> None:
    narrow, wide = (
        planned(tmp_path, pilot(), width=w)["gates"][0]["plan"]["clusters"] for w in (0.05, 0.2)
    )
    assert narrow > 4 * wide


def test_prices_and_limits_choose_the_design(tmp_path: Path) -> None:
    asked = {"truth": 0.6, "price": {"cluster": "50", "item": "1", "call": ".1"}}
    [gate] = planned(tmp_path, pilot(), **asked)["gates"]
    assert gate["plan"]["items_per_cluster"] > 1
    least = min(d["cost"] for d in gate["designs"] if d["fits"])
    assert gate["plan"]["cost"] == least
    [gate] = planned(tmp_path, pilot(), most={"clusters": "3"}, **asked)["gates"]
    assert gate["plan"] is None
    assert "at most" in gate["reason"]
    assert not any(d["fits"] for d in gate["designs"])


def test_a_budget_says_what_it_buys(tmp_path: Path) -> None:
    [gate] = planned(tmp_path, pilot(), truth=0.6, budget={"calls": "60"})["gates"]
    bought = gate["within_budget"]
    assert bought["design"]["calls"] <= 60
    assert 0 < bought["power"] < 0.8
    [gate] = planned(tmp_path, pilot(), truth=0.6, budget={"seconds": "60"})["gates"]
    assert "does not tell" in gate["within_budget"]["reason"]


def test_differences_from_a_baseline_are_paired(tmp_path: Path) -> None:
    """The part that both sides share is no part of the plan."""
    base, new = pilot(seed=1), pilot(seed=1)
    rng = np.random.default_rng(0)
    new["value"] = [v + 0.1 * rng.normal() for v in new["value"]]  # type: ignore[operator]
    measurand.analyse(base, save=tmp_path / "base")
    gate = (
        "{id: same, metric: score, test: non_inferiority, margin: {abs: .05}, min_n: 2, "
        "min_clusters: 2, baseline: {file: base}}"
    )
    [gate_plan] = planned(tmp_path, new, gate, root=tmp_path)["gates"]
    assert gate_plan["question"]["assumed"] == "no change"
    assert gate_plan["components"]["repeats"] == pytest.approx(0.01, rel=0.5)
    assert gate_plan["plan"]["calls"] < 200


def test_bets_cost_more_than_one_look(tmp_path: Path) -> None:
    bets = GATE.replace("min_n", "sequential: {low: -1, high: 2}, min_n")
    one = planned(tmp_path, pilot(40), truth=0.6)["gates"][0]["plan"]["clusters"]
    bet = planned(tmp_path, pilot(40), bets, truth=0.6)["gates"][0]["plan"]["clusters"]
    assert bet > one


def test_labels_are_planned_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    ids = [f"i{k}" for k in range(400)]
    people = (rng.random(400) < 0.7) * 1.0
    judge = np.where(rng.random(400) < 0.9, people, 1 - people)
    lines = [
        "item_id,value,metric",
        *(f"{i},{v:g},score" for i, v in zip(ids[:60], people, strict=False)),
    ]
    (tmp_path / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    scores = {"item_id": ids, "value": judge.tolist(), "metric": ["score"] * 400}
    gate = GATE.replace("min_n", "labels: labels.csv, min_n")
    [found] = planned(tmp_path, scores, gate, truth=0.56, root=tmp_path)["gates"]
    assert found["labels"]["labelled"] == 60
    assert 60 < found["labels"]["labels"] < 400


def test_what_cannot_be_planned_says_why(tmp_path: Path) -> None:
    gates = (
        "{id: a, metric: score, test: threshold, limit: .5, from: statistics}",
        "{id: b, metric: other, test: threshold, limit: .5}",
        "{id: c, metric: score, test: exact_equal, baseline: {value: .5}}",
    )
    reasons = [g["reason"] for g in planned(tmp_path, pilot(), *gates)["gates"]]
    assert "no items" in reasons[0]
    assert "other" in reasons[1]
    assert "no error" in reasons[2]


def test_planned_samples_reach_their_power(tmp_path: Path) -> None:
    """A smaller run of benchmarks/plan_power.py."""
    import sys

    sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
    try:
        from plan_power import KINDS, passes
        from plan_power import planned as of_pilot
    finally:
        sys.path.pop(0)
    rng = np.random.default_rng(0)
    passed = [passes(KINDS[1], of_pilot(KINDS[1], 10, rng), rng) for _ in range(200)]
    assert np.mean(passed) == pytest.approx(0.8, abs=0.09)
