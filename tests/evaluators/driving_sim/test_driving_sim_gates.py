"""What would make each control of gates/driving_sim.yaml fail, shown on rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import driving_sim_small as small
import pyarrow as pa
import pytest
from gate_controls import controls, outcome

from evaluators.driving_sim.report import statistics
from schemas.driving_sim.params import Params

Row = dict[str, Any]
Change = Callable[[str, Row], Row | None]
SYSTEM = "driving_sim"


def drives_of(planner: str, others: str, **values: Any) -> Change:
    """A fault in every drive of a driver in a world."""

    def change(table: str, row: Row) -> Row:
        mine = table == "rollouts" and (row["planner"], row["others"]) == (planner, others)
        return {**row, **values} if mine else row

    return change


def checks(**values: Any) -> Change:
    """A fault in every scenario that was looked at again."""
    return lambda table, row: {**row, **values} if table == "checks" else row


def _lost(table: str, row: Row) -> Row | None:
    """A twentieth of the drives is not there."""
    return None if table == "rollouts" and row["scenario_id"].endswith("-7") else row


CRASH = {"collision_step": 20, "collision_kind": "front", "collision_object": 1}
CASES: dict[str, tuple[Change, str]] = {
    "logs-share-no-ground": (checks(log_overlaps=1), "data"),
    "scenarios-come-out-again": (checks(rebuilt=False), "data"),
    "every-drive-is-there": (_lost, "data"),
    "the-expert-is-on-its-log": (drives_of("expert", "playback", ade_m=0.1), "expert"),
    "the-expert-gets-as-far": (drives_of("expert", "playback", progress_ratio=0.9), "expert"),
    "the-expert-stays-on-the-road": (drives_of("expert", "playback", off_road_step=50), "expert"),
    "the-expert-does-nothing-impossible": (
        drives_of("expert", "playback", infeasible_steps=1),
        "expert",
    ),
    "replay-hits-nobody-on-its-log": (drives_of("expert", "playback", **CRASH), "expert"),
    "reacting-cars-let-the-log-pass": (drives_of("expert", "idm", **CRASH), "expert"),
    "reacting-cars-see-who-brakes": (drives_of("brake", "idm", **CRASH), "brake"),
    "told-another-way-it-takes-that": (
        drives_of("bc_route:swap", "playback", off_told_step=30),
        "bc_route:swap",
    ),
    "and-leaves-the-logs-way": (
        drives_of("bc_route:swap", "playback", off_route_step=None),
        "bc_route:swap",
    ),
    "shuffled-examples-teach-nothing": (
        drives_of("bc_shuffled", "playback", ade_m=3.0),
        "bc_shuffled",
    ),
}


def test_every_control_has_a_case() -> None:
    assert set(CASES) == controls(SYSTEM)


@pytest.mark.integration
@pytest.mark.parametrize("gate", CASES)
def test_a_control_passes_and_fails_by_its_fault(
    gate: str, params: Params, table: pa.Table, tmp_path: Path
) -> None:
    change, model = CASES[gate]
    assert outcome(SYSTEM, gate, table, model) == {"pass"}
    faulty = small.write(tmp_path, params, change)
    assert outcome(SYSTEM, gate, statistics(faulty, faulty, params), model) == {"fail"}
