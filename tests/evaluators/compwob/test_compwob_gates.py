"""Every gate of the system: sound results pass it, and what it is there to find fails it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from compwob_handmade import Rule, params, write

from evaluators.compwob.report import statistics
from measurand import gates, runs, shards
from measurand.parquet import write_shard
from measurand.results import RESULTS, STATISTICS
from pipelines.compwob.environment import Spec
from schemas.compwob.tables import CHECKS, EPISODES

ROOT = Path(__file__).parents[3]
FILE = ROOT / "gates" / "compwob.yaml"
TRAINED = "trained:uniform:0"
SOUND: dict[str, Rule] = {
    "oracle": lambda spec: True,
    TRAINED: lambda spec: spec.seed % 6 > 0 or spec.task.name.startswith("click-link"),
    "forward_only": lambda spec: spec.order != "reverse",
    "random": lambda spec: len(spec.task.parts) == 1 and spec.seed % 5 == 0,
}
Change = Callable[[dict[str, Any]], dict[str, Any]]


def _but(agent: str, rule: Rule) -> dict[str, Rule]:
    return {**SOUND, agent: rule}


def _check(name: str) -> tuple[str, Change]:
    return "checks", lambda row: {**row, "count": 1} if row["name"] == name else row


def _again(metric: str) -> tuple[str, Change]:
    first = "click-button|single|1000000"

    def change(row: dict[str, Any]) -> dict[str, Any]:
        mine = row["metric"] == metric and row["item_id"] == first
        return {**row, "value": 0.0} if mine else row

    return "items", change


def _lost(row: dict[str, Any]) -> dict[str, Any]:
    gone = row["task"] == "click-button"
    return {**row, "success": None, "status": "infra_error", "reason": "x"} if gone else row


def _parts(spec: Spec) -> int:
    return len(spec.task.parts)


SPOILED: dict[str, tuple[dict[str, Rule], tuple[str, Change] | None]] = {
    "oracle-solves": (_but("oracle", lambda spec: spec.seed % 2 == 0), None),
    "same-page-again": (SOUND, _again("rebuild_agreement")),
    "same-reward-again": (SOUND, _again("replay_reward")),
    "few-missing": (SOUND, ("episodes", _lost)),
    "random-fails-pairs": (_but("random", lambda spec: _parts(spec) == 2), None),
    "random-fails-longer": (_but("random", lambda spec: _parts(spec) > 2), None),
    "order-matters": (_but("forward_only", lambda spec: spec.seed % 6 > 0), None),
    "nothing-left-the-server": (SOUND, _check("foreign_requests")),
    "no-task-name-seen": (SOUND, _check("names_seen")),
    "no-seed-shared": (SOUND, _check("seeds_shared")),
    "no-browser-left": (SOUND, _check("browsers_left")),
    # No better than chance on single tasks, or on sequences; single tasks, and no sequence of them.
    "solves-single-tasks": (_but(TRAINED, SOUND["random"]), None),
    "solves-sequences": (_but(TRAINED, lambda spec: _parts(spec) == 1), None),
    "keeps-it-when-composed": (
        _but(TRAINED, lambda spec: _parts(spec) == 1 or spec.seed % 6 == 0), None
    ),
}  # fmt: skip


def _judged(
    folder: Path, agents: dict[str, Rule], spoil: tuple[str, Change] | None
) -> dict[str, set[str]]:
    """States of every gate."""
    given = params(agents)
    results = write(folder / "results", given, agents)
    if spoil is not None:
        name, change = spoil
        table = {"checks": CHECKS, "items": RESULTS, "episodes": EPISODES}[name]
        rows = [change(row) for row in shards.read_table(results / name).to_pylist()]
        shutil.rmtree(results / name)
        shards.write_dataset(results / name, table, runs.table(table, rows))
    found = statistics(folder, results, given)
    write_shard(STATISTICS, found, folder / "statistics.parquet")
    verdict = gates.run_gates(
        FILE, root=ROOT, results=results, statistics=folder / "statistics.parquet"
    )
    assert verdict.problem is None, verdict.problem
    states: dict[str, set[str]] = {}
    for gate in verdict.gates:
        states.setdefault(gate.id, set()).add(gate.state)
    return states


def test_every_gate_has_a_case_and_sound_results_pass_them_all(tmp_path: Path) -> None:
    listed = [gate["id"] for gate in yaml.safe_load(FILE.read_text())["gates"]]
    assert listed == list(SPOILED)
    assert _judged(tmp_path, SOUND, None) == {name: {"pass"} for name in listed}


@pytest.mark.integration
@pytest.mark.parametrize("gate", SPOILED)
def test_what_a_gate_is_there_to_find_does_not_pass(tmp_path: Path, gate: str) -> None:
    agents, spoil = SPOILED[gate]
    states = _judged(tmp_path, agents, spoil)
    undecided = {"solves-single-tasks", "solves-sequences"}
    assert states[gate] == ({"inconclusive"} if gate in undecided else {"fail"})
    if gate.startswith(("solves", "keeps")):
        # A poor agent is no fault of the instrument.
        instrument = list(SPOILED)[:11]
        assert all(states[name] == {"pass"} for name in instrument)
