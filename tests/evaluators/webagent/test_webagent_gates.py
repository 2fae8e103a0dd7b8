"""What would make each control of gates/webagent.yaml fail, shown on rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import webagent_small as small
from gate_controls import controls, outcome

from evaluators.webagent.evaluate.context import ALL
from evaluators.webagent.report import statistics
from schemas.webagent.params import Params

SYSTEM = "webagent"
Row = dict[str, Any]


def _one_in(agent: str, **values: Any) -> small.Change:
    """A fault in one of twenty episodes of an agent on a site."""

    def change(table: str, row: Row) -> Row:
        mine = table == "episodes" and row["episode_id"] == small.name_of("forum", 0, 0, agent)
        return {**row, **values} if mine else row

    return change


def _check(name: str, **values: int) -> small.Change:
    return lambda table, row: (
        {**row, **values} if table == "checks" and row["name"] == name else row
    )


def _every(table: str, **values: Any) -> small.Change:
    return lambda name, row: {**row, **values} if name == table else row


LOST = {"success": None, "score": None, "attributes": None, "status": "infra_error",
        "ending": "infra", "reason": "the browser failed"}  # fmt: skip


def _lost(table: str, row: Row) -> Row:
    return {**row, **LOST} if table == "episodes" and "|7|" in row["episode_id"] else row


CASES: dict[str, small.Change] = {
    "oracle-solves": _one_in("oracle", success=False, score=0.5),
    "random-solves-nothing": _one_in("random", success=True, score=1.0),
    "states-are-read-again-alike": _check("replays_other", count=1),
    "every-state-is-read-again": _check("replays_other", of=119),
    "nothing-left-the-machine": _check("foreign_requests", count=1),
    "the-guard-stops-hostile-programs": _check("guard_let_through", count=1),
    "programs-ran-in-the-sandbox": _every("steps", place="guard_only"),
    "no-browser-left": _check("browsers_left", count=1),
    "few-missing": _lost,
    "only-what-is-held-out": _every("episodes", split="train"),
    "masks-are-as-dense-as-asked": _every("dataset/masks", noise=1600),
}


def test_every_control_has_a_case() -> None:
    assert set(CASES) == controls(SYSTEM)


@pytest.mark.parametrize("gate", CASES)
def test_a_control_passes_and_fails_by_its_fault(
    gate: str, params: Params, table: pa.Table, tmp_path: Path
) -> None:
    assert outcome(SYSTEM, gate, table, ALL) == {"pass"}
    rules = params.model_copy(
        update={"evaluate": params.evaluate.model_copy(update={"agents": small.AGENTS[:2]})}
    )
    faulty = small.write(tmp_path, rules, CASES[gate])
    states = outcome(SYSTEM, gate, statistics(faulty, faulty, rules), ALL)
    assert "fail" in states


def test_where_nothing_was_counted_controls_fail(params: Params, tmp_path: Path) -> None:
    rules = params.model_copy(
        update={"evaluate": params.evaluate.model_copy(update={"agents": small.AGENTS[2:3]})}
    )
    nothing = small.write(tmp_path, rules, lambda table, row: None if table == "checks" else row)
    made = statistics(nothing, nothing, rules)
    for gate in ("oracle-solves", "nothing-left-the-machine", "states-are-read-again-alike"):
        assert outcome(SYSTEM, gate, made, ALL) == {"fail"}
