"""What would make each gate of gates/webagent.yaml fail, shown on rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import webagent_small as small
from gate_controls import controls, outcome

from evaluators.webagent.evaluate.context import ALL
from evaluators.webagent.report import statistics
from schemas.webagent.params import Agent, Params

SYSTEM = "webagent"
RULES = (*small.AGENTS[:2], *small.SQUARE_OF_RULES)
Row = dict[str, Any]
DONE = {"success": True, "score": 1.0}
NOT_DONE = {"success": False, "score": 0.5}


def _one_in(agent: str, **values: Any) -> small.Change:
    """A fault in one of twenty episodes of an agent on a site."""

    def change(table: str, row: Row) -> Row:
        mine = table == "episodes" and row["episode_id"] == small.name_of("forum", 0, 0, agent)
        return {**row, **values} if mine else row

    return change


def _all_of(*agents: str, **values: Any) -> small.Change:
    """The same in every episode of some agents."""
    return lambda table, row: (
        {**row, **values} if table == "episodes" and row["agent"] in agents else row
    )


def _check(name: str, **values: int) -> small.Change:
    return lambda table, row: (
        {**row, **values} if table == "checks" and row["name"] == name else row
    )


def _every(table: str, **values: Any) -> small.Change:
    return lambda name, row: {**row, **values} if name == table else row


def _longer(table: str, row: Row) -> Row:
    mine = table == "trainings" and row["model"] == "scratch" and row["step"] == 60
    return {**row, "step": 61} if mine else row


LOST = {"success": None, "score": None, "attributes": None, "status": "infra_error",
        "ending": "infra", "reason": "the browser failed"}  # fmt: skip


def _lost(table: str, row: Row) -> Row:
    return {**row, **LOST} if table == "episodes" and "|7|" in row["episode_id"] else row


CASES: dict[str, small.Change] = {
    "oracle-solves": _one_in("oracle", success=False, score=0.5),
    "random-solves-nothing": _one_in("random", **DONE),
    "states-are-read-again-alike": _check("replays_other", count=1),
    "every-state-is-read-again": _check("replays_other", of=119),
    "nothing-left-the-machine": _check("foreign_requests", count=1),
    "the-guard-stops-hostile-programs": _check("guard_let_through", count=1),
    "programs-ran-in-the-sandbox": _every("steps", place="guard_only"),
    "no-browser-left": _check("browsers_left", count=1),
    "few-missing": _lost,
    "only-what-is-held-out": _every("episodes", split="train"),
    "masks-are-as-dense-as-asked": _every("dataset/masks", noise=1600),
    "planners-had-equal-budgets": _longer,
    "a-right-snippet-is-worth-much": _all_of("oracle_no_snippet", "oracle_shuffled", **DONE),
}
SUBJECTS: dict[str, tuple[dict[str, Any], small.Change, str]] = {
    "carries-out-half": ({}, _all_of("full", **NOT_DONE), "fail"),
    "carries-out-more-than-random-clicks": ({}, _all_of("full", **NOT_DONE), "inconclusive"),
    "planner-and-snippet-help": (
        {"over": ["alone", "shown"]}, _all_of("full", **NOT_DONE), "fail"
    ),
    "other-elements-cost-much": ({}, _all_of("full", "shuffled", **DONE), "fail"),
    "pretrained-beats-scratch": ({}, _all_of("full", "scratch", **NOT_DONE), "inconclusive"),
}  # fmt: skip
"""Of a gate on what was measured: names of the made-up agents, a fault, what becomes of it."""


def _of(params: Params, agents: tuple[Agent, ...]) -> Params:
    return params.model_copy(
        update={"evaluate": params.evaluate.model_copy(update={"agents": agents})}
    )


def _model(gate: str) -> str:
    return "oracle" if gate == "a-right-snippet-is-worth-much" else ALL


@pytest.fixture(scope="module")
def sound(params: Params, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """Statistics of rules that do as they should."""
    rules = _of(params, RULES)
    results = small.write(tmp_path_factory.mktemp("sound"), rules)
    return statistics(results, results, rules)


def test_every_gate_has_a_case() -> None:
    assert set(CASES) == controls(SYSTEM)
    assert set(SUBJECTS) == controls(SYSTEM, "subject")


@pytest.mark.integration
@pytest.mark.parametrize("gate", CASES)
def test_a_control_passes_and_fails_by_its_fault(
    gate: str, params: Params, sound: pa.Table, tmp_path: Path
) -> None:
    assert outcome(SYSTEM, gate, sound, _model(gate)) == {"pass"}
    rules = _of(params, RULES)
    faulty = small.write(tmp_path, rules, CASES[gate])
    states = outcome(SYSTEM, gate, statistics(faulty, faulty, rules), _model(gate))
    assert "fail" in states


@pytest.mark.integration
@pytest.mark.parametrize("gate", SUBJECTS)
def test_an_agent_that_is_good_passes_and_one_that_is_not_does_not(
    gate: str, params: Params, table: pa.Table, tmp_path: Path
) -> None:
    parts, fault, becomes = SUBJECTS[gate]
    assert outcome(SYSTEM, gate, table, "full", **parts) == {"pass"}
    poor = small.write(tmp_path, params, fault)
    assert outcome(SYSTEM, gate, statistics(poor, poor, params), "full", **parts) == {becomes}


def test_a_gain_near_what_is_asked_for_stays_undecided(table: pa.Table) -> None:
    # 0.2 of the score over 60 instructions, where 0.15 is asked.
    gate = "planner-and-snippet-help"
    assert outcome(SYSTEM, gate, table, "full", over="told") == {"inconclusive"}


@pytest.mark.integration
def test_a_poor_agent_is_no_fault_of_the_instrument(params: Params, tmp_path: Path) -> None:
    given = _of(params, (*params.evaluate.agents, *small.SQUARE_OF_RULES))
    poor = small.write(tmp_path, given, _all_of("full", **NOT_DONE))
    made = statistics(poor, poor, given)
    for gate in CASES:
        assert outcome(SYSTEM, gate, made, _model(gate)) == {"pass"}


def test_where_nothing_was_counted_controls_fail(params: Params, tmp_path: Path) -> None:
    rules = _of(params, small.AGENTS[2:3])
    nothing = small.write(tmp_path, rules, lambda table, row: None if table == "checks" else row)
    made = statistics(nothing, nothing, rules)
    for gate in ("oracle-solves", "nothing-left-the-machine", "states-are-read-again-alike"):
        assert outcome(SYSTEM, gate, made, ALL) == {"fail"}
