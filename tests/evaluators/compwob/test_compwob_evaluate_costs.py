"""What an agent's episodes cost, from rows made by hand: no browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from compwob_handmade import episodes, params

from evaluators.compwob import evaluate
from measurand.costs import COSTS
from measurand.runs import table
from pipelines.compwob.episodes import Played
from schemas.compwob.tables import RUNS


class _Known:
    """An owner's site and an agent, as far as their hashes go."""

    sha256 = "0" * 64

    @property
    def site(self) -> _Known:
        return self


def _turn(journal: Path, retries: list[int | None], monkeypatch: pytest.MonkeyPatch) -> Any:
    given = params({"mine": lambda spec: True}, seeds=1, check_share=0.0)
    rows = list(episodes(given, {"mine": lambda spec: True}))
    left = iter(zip(rows, retries, strict=False))

    def play(owner: Any, spec: Any, agent: Any, setting: Any) -> Played:
        episode, again = next(left)
        times = dict.fromkeys(("wall_ms", "reset_ms", "observe_ms", "agent_ms", "act_ms"), 1.0)
        run = {**times, "attempts": 1, "foreign": [], "refused": 0, "failures": ""}
        return Played(episode, [], {**run, "retries": again})

    monkeypatch.setattr(evaluate, "play", play)
    known: Any = _Known()
    run = given.evaluate.agents[0]
    return evaluate.Turn(given, run, known, known, journal, len(retries)).play()


def test_retries_of_all_episodes_are_a_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = _turn(tmp_path, [2, 0, 3], monkeypatch)
    assert COSTS.validate(table(COSTS, turn.costs))["retries"].to_pylist() == [5]
    assert RUNS.validate(table(RUNS, turn.runs))["retries"].to_pylist() == [2, 0, 3]
    resumed = _turn(tmp_path, [None] * 3, monkeypatch)
    assert resumed.costs == turn.costs


def test_an_agent_without_a_server_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = _turn(tmp_path, [None, None], monkeypatch)
    assert turn.costs[0]["retries"] is None


def test_a_journal_that_does_not_tell_them_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _turn(tmp_path, [None, None], monkeypatch)
    [path] = tmp_path.rglob("*.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line.get("run", {}).pop("retries", None)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    turn = _turn(tmp_path, [1, 1], monkeypatch)
    assert RUNS.validate(table(RUNS, turn.runs))["retries"].to_pylist() == [None, None]
