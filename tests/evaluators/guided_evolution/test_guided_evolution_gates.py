"""What would make each control of gates/guided_evolution.yaml fail, shown on rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gate_controls import controls, outcome
from guided_evolution_world import params, times, write

from evaluators.guided_evolution.report import statistics

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing-is-measured-twice": ("random", {"twice": True}),
    "evaluations-are-counted": ("pam_rt", {"miscounted": True}),
    "calls-are-evaluations": ("pam_rt", {"calls": 1}),
    "a-perfect-judge-saves": ("oracle_100", {"times": {"oracle_100": 30}}),
    "more-accurate-oracles-save-more": ("oracles", {"times": {"oracle_80": 30}}),
    "shuffled-labels-save-nothing": ("shuffled", {"times": {"shuffled": 9}}),
    "shuffled-labels-cost-nothing": ("shuffled", {"times": {"shuffled": 38}}),
    "shuffled-labels-teach-nothing": ("shuffled", {"right": {"shuffled": 0.9}}),
}
"""Whose figure the gate rests on, and the fault."""


def _state(gate: str, model: str, folder: Path, fault: dict[str, Any]) -> set[str]:
    given = {"right": {"shuffled": 0.5}} | fault
    write(folder, times(**given.pop("times", {})), **given)
    table = statistics(folder, folder / "results", params())
    return outcome("guided_evolution", gate, table, model)


def test_every_control_has_a_failing_case() -> None:
    assert set(CASES) == controls("guided_evolution")


@pytest.mark.parametrize("gate", sorted(CASES))
def test_a_control_fails_on_its_fault_and_passes_where_all_is_well(
    gate: str, tmp_path: Path
) -> None:
    model, fault = CASES[gate]
    assert _state(gate, model, tmp_path / "well", {}) == {"pass"}
    assert "fail" in _state(gate, model, tmp_path / "fault", fault)
