"""An agent's turn as far as it needs no browser; whole ones are played by the evaluation."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.webagent import turns
from pipelines.webagent.turns import Turn, conditions_of, planned
from schemas.webagent.params import SITES, Agent, Evaluate, Params


def test_instructions_are_held_out_and_all_agents_have_the_same() -> None:
    found = planned(Params(evaluate=Evaluate(instructions=6, seeds=2)))
    assert len({task.id for task in found}) == len(SITES) * 6 * 2
    assert {task.template.split for task in found} == {"eval"}
    assert {task.seed for task in found} == {0, 1}


def test_what_decides_a_row_decides_the_journals_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def identity(agent: Agent, **other: int) -> str:
        params = Params(evaluate=Evaluate(agents=(agent,), **other))
        return Turn(params, agent, conditions_of(params, "r"), tmp_path, None).identity

    one = Agent(name="a")
    assert identity(one) == identity(one, instructions=3)
    others = [identity(one, max_steps=3), identity(one, snippet_tokens=99),
              identity(Agent(name="a", shuffled=True))]  # fmt: skip
    params = Params(evaluate=Evaluate(agents=(one,)))
    others += [
        Turn(params, one, conditions_of(params, "r"), tmp_path, None, learned).identity
        for learned in ("weights", "other weights")
    ]
    before = identity(one)
    monkeypatch.setattr(turns, "code", lambda: "other rules")
    assert len({before, identity(one), *others}) == 7


def test_the_code_of_a_row_is_that_of_both_sides_of_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    turns.code.cache_clear()
    monkeypatch.setattr(turns, "code_of", lambda *files: seen.extend(f.stem for f in files) or "x")
    try:
        turns.code()
    finally:
        turns.code.cache_clear()
    assert {"agents", "checks", "inside", "instructions", "playing", "rows"} == set(seen)
