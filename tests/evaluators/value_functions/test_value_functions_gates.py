"""What would make each control of gates/value_functions.yaml fail, shown on rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gate_controls import controls, outcome

from evaluators.value_functions.report import statistics
from schemas.value_functions.params import Params

Row = dict[str, Any]
SYSTEM = "value_functions"


def _worse(row: Row) -> Row:
    """A chain whose values are a tenth off."""
    return {**row, "value": row["value"] + 0.1} if row["metric"] == "worst_error" else row


def _leaks(row: Row) -> Row:
    """Shuffled targets that order moves all the same."""
    leaky = row["metric"] == "tau" and row["slice"] == "run=chess_shuffled"
    return {**row, "value": row["value"] + 0.3} if leaky and row["value"] is not None else row


def _clumsy(row: Row) -> Row:
    """A script that earns nothing."""
    poor = (row["model"], row["metric"]) == ("script", "return")
    return {**row, "value": row["value"] / 100} if poor else row


CASES: dict[str, tuple[Callable[[Row], Row], str]] = {
    "known-values-are-found": (_worse, "mse"),
    "shuffled-targets-teach-nothing": (_leaks, "hl_gauss"),
    "the-script-beats-chance": (_clumsy, "script"),
}


def test_every_control_has_a_case() -> None:
    assert set(CASES) == controls(SYSTEM)


@pytest.mark.integration
@pytest.mark.parametrize("gate", CASES)
def test_a_control_passes_and_fails_by_its_fault(
    gate: str, params: Params, results: Path, write: Callable[..., Path], tmp_path: Path
) -> None:
    change, model = CASES[gate]
    assert outcome(SYSTEM, gate, statistics(results, results, params), model) == {"pass"}
    faulty = write(tmp_path / "faulty", change)
    assert outcome(SYSTEM, gate, statistics(faulty, faulty, params), model) == {"fail"}


def test_an_order_that_nobody_had_is_no_pass(
    params: Params, write: Callable[..., Path], tmp_path: Path
) -> None:
    def none(row: Row) -> Row:
        gone = row["metric"] == "tau"
        return {**row, "value": None, "status": "skipped", "reason": "none"} if gone else row

    folder = write(tmp_path / "none", none)
    table = statistics(folder, folder, params)
    assert outcome(SYSTEM, "shuffled-targets-teach-nothing", table, "mse") == {"fail"}
