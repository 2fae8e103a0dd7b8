"""What would make each control of gates/guided_evolution.yaml fail, shown on rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from gate_controls import controls, outcome
from guided_evolution_world import params, times, write

from evaluators.guided_evolution.report import statistics

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing-is-measured-twice": ("random", {"twice": True}),
    "evaluations-are-counted": ("pam_rt", {"miscounted": True}),
    "calls-are-evaluations": ("pam_rt", {"calls": 1}),
    "searches-come-out-again": ("pam_rt", {"differ": 1}),
    "a-perfect-judge-saves": ("oracle_100", {"times": {"oracle_100": 30}}),
    "more-accurate-oracles-save-more": ("oracles", {"times": {"oracle_80": 30}}),
    "shuffled-labels-save-nothing": ("shuffled", {"times": {"shuffled": 9}}),
    "shuffled-labels-cost-nothing": ("shuffled", {"times": {"shuffled": 38}}),
    "shuffled-labels-teach-nothing": ("shuffled", {"right": {"shuffled": 0.9}}),
}
"""Whose figure the gate rests on, and the fault."""


def _figures(folder: Path, fault: dict[str, Any]) -> pa.Table:
    given = {"right": {"shuffled": 0.5}} | fault
    write(folder, times(**given.pop("times", {})), **given)
    return statistics(folder, folder / "results", params())


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """Figures without a fault."""
    return _figures(tmp_path_factory.mktemp("well"), {})


def test_every_control_has_a_failing_case() -> None:
    assert set(CASES) == controls("guided_evolution")


@pytest.mark.integration
@pytest.mark.parametrize("gate", sorted(CASES))
def test_a_control_fails_on_its_fault_and_passes_where_all_is_well(
    gate: str, well: pa.Table, tmp_path: Path
) -> None:
    model, fault = CASES[gate]
    assert outcome("guided_evolution", gate, well, model) == {"pass"}
    assert "fail" in outcome("guided_evolution", gate, _figures(tmp_path, fault), model)
