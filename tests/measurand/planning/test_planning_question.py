from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from plan_inputs import gate_file, pilot

import measurand


def gap_of(folder: Path, gate: str, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = measurand.plan(gate_file(folder, gate), pilot(), **asked).record
    return found["gates"][0]


def test_the_gap_is_measured_in_the_better_direction(tmp_path: Path) -> None:
    few = "min_n: 2, min_clusters: 2"
    lower = f"{{id: a, metric: score, test: threshold, limit: .7, direction: lower, {few}}}"
    assert gap_of(tmp_path, lower, truth=0.6)["question"]["gap"] == pytest.approx(0.1)
    value = f"{{id: a, metric: score, test: superiority, baseline: {{value: .5}}, {few}}}"
    assert gap_of(tmp_path, value, truth=0.2)["question"]["gap"] == pytest.approx(0.2)
    loss = f"{{id: a, metric: score, test: regression, baseline: {{value: .5}}, {few}}}"
    assert gap_of(tmp_path, loss, truth=-0.2)["question"]["gap"] == pytest.approx(0.2)


def test_equivalence_asks_for_more_than_non_inferiority(tmp_path: Path) -> None:
    more = "baseline: {value: .6}, margin: {abs: .1}, min_n: 2, min_clusters: 2"
    both = gap_of(tmp_path, f"{{id: a, metric: score, test: equivalence, {more}}}")
    one = gap_of(tmp_path, f"{{id: a, metric: score, test: non_inferiority, {more}}}")
    assert both["plan"]["calls"] > one["plan"]["calls"]


def test_the_pilots_own_figure_is_said_to_be_a_guess(tmp_path: Path) -> None:
    found = gap_of(tmp_path, "{id: a, metric: score, test: threshold, limit: .3}")
    assert found["question"]["assumed"] == "pilot"
    assert any("--truth" in note for note in found["notes"])


def test_the_gates_least_sample_is_kept(tmp_path: Path) -> None:
    found = gap_of(tmp_path, "{id: a, metric: score, test: threshold, limit: .1}", truth=0.6)
    assert found["plan"]["items"] >= 200
