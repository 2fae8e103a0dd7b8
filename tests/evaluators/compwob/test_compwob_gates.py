"""What would make each control of gates/compwob.yaml fail, shown on rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from compwob_handmade import Rule, params, write
from gate_controls import Row, controls, outcome, spoil

from evaluators.compwob.report import statistics
from measurand.results import RESULTS
from measurand.tables import Table
from schemas.compwob.tables import CHECKS, EPISODES

SOUND: dict[str, Rule] = {
    "oracle": lambda s: True,
    "random": lambda s: s.order == "single",
    "forward_only": lambda s: s.order != "reverse",
}


def _counted(name: str) -> Callable[[Row], Row]:
    return lambda row: {**row, "count": 1 if row["name"] == name else row["count"]}


def _unlike(metric: str) -> Callable[[Row], Row]:
    return lambda row: {**row, "value": 0.0 if row["metric"] == metric else row["value"]}


def _lost(row: Row) -> Row:
    if row["seed"] % 3:
        return row
    none = dict.fromkeys(("success", "reward"))
    return {**row, **none, "status": "infra_error", "reason": "closed"}


AGENTS: dict[str, dict[str, Rule]] = {
    "oracle-solves": {"oracle": lambda s: s.seed % 4 != 0},
    "random-fails-pairs": {"random": lambda s: len(s.task.parts) == 2 and s.seed % 4 == 0},
    "random-fails-longer": {"random": lambda s: len(s.task.parts) > 2 and s.seed % 4 == 0},
    "order-matters": {"forward_only": lambda s: s.order != "reverse" or s.seed % 4 == 0},
}
"""Agents that do what they must not be able to do."""
ROWS: dict[str, tuple[str, Table, Callable[[Row], Row]]] = {
    "same-page-again": ("items", RESULTS, _unlike("rebuild_agreement")),
    "same-reward-again": ("items", RESULTS, _unlike("replay_reward")),
    "few-missing": ("episodes", EPISODES, _lost),
    "nothing-left-the-server": ("checks", CHECKS, _counted("foreign_requests")),
    "no-task-name-seen": ("checks", CHECKS, _counted("names_seen")),
    "no-seed-shared": ("checks", CHECKS, _counted("seeds_shared")),
    "no-browser-left": ("checks", CHECKS, _counted("browsers_left")),
}
"""Rows that are not as they should be."""


def test_every_control_has_a_failing_case() -> None:
    assert set(AGENTS) | set(ROWS) == controls("compwob")


@pytest.mark.parametrize("gate", sorted(AGENTS | ROWS))
def test_a_control_passes_where_all_is_well_and_fails_where_it_is_not(
    tmp_path: Path, gate: str
) -> None:
    given = params(SOUND)
    good = write(tmp_path / "good", given, SOUND)
    assert outcome("compwob", gate, statistics(good, good, given), "all agents") == {"pass"}
    bad = write(tmp_path / "bad", given, SOUND | AGENTS.get(gate, {}))
    if gate in ROWS:
        name, spec, change = ROWS[gate]
        spoil(bad / name, spec, change)
    assert "fail" in outcome("compwob", gate, statistics(bad, bad, given), "all agents")
