"""The preset that no machine of the tests can run: all of its code, at the smallest size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from evaluators.driving_sim import report
from evaluators.driving_sim.evaluate import evaluate
from measurand import shards
from measurand.reporting import render
from measurand.reporting.view import assemble
from pipelines.driving_sim import dataset, learning
from schemas.driving_sim.params import RULES, SWAPPED, Params

PRESETS = Path(__file__).parents[3] / "params" / "presets" / "driving_sim"
SMALL: dict[str, dict[str, Any]] = {
    # Of these two numbers every family has one to train on and one to drive.
    "build": {"first": 151, "scenarios": 2, "test_share": 0.5, "n_shards": 2},
    "train": {"repeats": 2, "device": "cpu"},
    "imitation": {"steps": 2, "batch": 16},
    "reinforcement": {"iterations": 1, "scenarios": 2},
    "evaluate": {"processes": 1, "draws": 1, "throughput": [1, 3]},
}
"""Sizes; whatever says what is made, trained, driven and compared stays as the preset has it."""


def small(name: str) -> Params:
    given = yaml.safe_load((PRESETS / f"{name}.yaml").read_text(encoding="utf-8"))
    parts = {**given, **{part: given["train"][part] for part in ("imitation", "reinforcement")}}
    for part, sizes in SMALL.items():
        parts[part] |= sizes
    return Params.model_validate(given)


@pytest.mark.integration
@pytest.mark.timeout(900)
def test_the_largest_preset_runs_small(tmp_path: Path) -> None:
    """Seven kinds of places, four action spaces with and without route, four policies, twice.

    It takes 50 s of one core.
    """
    params = small("full")
    dataset.build(params, tmp_path / "dataset", "FnApiRunner", journal=tmp_path / "j")
    learning.train_drivers(
        params.train, tmp_path / "dataset", tmp_path / "checkpoint", journal=tmp_path / "j"
    )
    out = tmp_path / "results"
    evaluate(params, tmp_path, None, out, journal=tmp_path / "j", limit=1)
    rows = shards.read_table(out / "rollouts", ["planner", "training", "others", "family"])
    drove = {(r["planner"], r["training"]) for r in rows.to_pylist()}
    trained = (*params.train.names, *(name + SWAPPED for name in params.evaluate.swapped))
    assert drove == {(name, 0) for name in RULES} | {(n, k) for n in trained for k in (0, 1)}
    assert set(rows["family"].to_pylist()) == set(params.build.families)
    table = report.statistics(tmp_path, out, params)
    found = {(r["model"], r["metric"]) for r in table.to_pylist()}
    spaces = {one.space for one in params.train.imitation.models}
    assert spaces == {"bicycle", "bicycle_discrete", "delta", "delta_discrete"}
    for one in params.train.imitation.models:
        if one.route and not one.shuffled:
            assert (one.name, "off_route_difference") in found
    assert {m for m, metric in found if metric == "transfer_collision"} == {
        "ppo_playback", "ppo_playback_fast",
    }  # fmt: skip
    page = render.to_html(assemble(report, tmp_path, out, table, params))
    assert all(name in page for name in params.train.names)
