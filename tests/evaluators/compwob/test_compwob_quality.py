from __future__ import annotations

import dataclasses
from pathlib import Path

import polars as pl
import pytest
from compwob_handmade import params, write

from evaluators.compwob.context import Subject, subjects
from evaluators.compwob.quality import (
    _first,
    failure_rows,
    instrument_rows,
    reference_rows,
    step_rows,
)
from measurand.statistics import EXACT

AGENTS = {"oracle": lambda s: True, "zero_shot@m": lambda s: s.seed % 2 == 0}


def test_failures_are_counted_by_reason_and_by_part(tmp_path: Path) -> None:
    given = params(AGENTS)
    found = subjects(write(tmp_path, given, AGENTS), given)[1]
    rows = {(r["metric"], r["slice"]): r for r in failure_rows(found)}
    assert rows["failure_share", "order=forward,reason=wrong"]["estimate"] == 0.5
    shares = [r["estimate"] for (m, s), r in rows.items()
              if m == "first_failing" and "order=forward" in s]  # fmt: skip
    assert sum(shares) == 1
    assert rows["first_failing", "order=forward,part=2"]["estimate"] == 4 / 6


def test_bad_references_are_a_share_of_all_actions_by_reason(tmp_path: Path) -> None:
    given = params(AGENTS)
    oracle, other = subjects(write(tmp_path, given, AGENTS), given)
    rows = {r["slice"]: r for r in reference_rows(other)}
    played = other.episodes
    failed = played.filter(pl.col("success") == 0)
    threes = failed.filter(pl.col("n_parts") == 3)
    actions = played["steps"].sum()
    assert rows["reason=gone"]["estimate"] == len(failed) / actions
    assert rows["reason=no_field"]["estimate"] == len(threes) / actions
    assert rows[""]["estimate"] == (len(failed) + len(threes)) / actions
    assert rows[""]["n"] == actions
    assert [(r["slice"], r["estimate"]) for r in reference_rows(oracle)] == [("", 0.0)]
    nothing = pl.Series([None] * len(played), dtype=pl.List(pl.String))
    old = dataclasses.replace(other, episodes=played.with_columns(bad_references=nothing))
    (row,) = reference_rows(old)
    assert (row["estimate"], row["reason"]) == (None, "an older run, which did not look")


def test_steps_are_compared_with_the_oracles_for_the_same_problem(tmp_path: Path) -> None:
    given = params(AGENTS)
    oracle, other = subjects(write(tmp_path, given, AGENTS), given)
    rows = list(step_rows(other, oracle))
    assert {r["estimate"] for r in rows} == {0.0}
    assert list(step_rows(oracle, oracle)) == []
    assert list(step_rows(other, None)) == []


def test_checks_of_the_run_are_exact_counts(tmp_path: Path) -> None:
    given = params(AGENTS)
    results = write(tmp_path, given, AGENTS)
    rows = {(r["model"], r["metric"]): r
            for r in instrument_rows(subjects(results, given), results)}  # fmt: skip
    assert rows["all agents", "foreign_requests"]["estimate"] == 0
    assert rows["oracle", "replay_reward"]["estimate"] == 1
    assert rows["oracle", "missing_share"]["method"] == EXACT


def test_the_first_part_that_was_not_done_may_not_have_been_tried() -> None:
    assert _first([1, 0, 0]) == 1
    assert _first([1, 0, -1]) == 1
    assert _first([1, 1, -1]) == 2


def test_the_missing_share_is_of_all_episodes_that_began(tmp_path: Path) -> None:
    agents = {"oracle": lambda s: True, "random": lambda s: False}
    given = params(agents, seeds=2)
    results = write(tmp_path, given, agents)
    first, second = subjects(results, given)
    n = len(second.episodes)
    rows = {
        row["model"]: row
        for row in instrument_rows([first, dataclasses.replace(second, lost=3)], results)
        if row["metric"] == "missing_share"
    }
    assert (rows["oracle"]["estimate"], rows["oracle"]["n"]) == (0.0, n)
    assert rows["random"]["estimate"] == pytest.approx(3 / (n + 3))
    assert rows["random"]["n"] == n + 3
    assert rows["all agents"]["estimate"] == pytest.approx(3 / (2 * n + 3))


def test_extra_steps_are_of_the_same_problem_in_the_same_wording_solved_by_both() -> None:
    names = ("task", "order", "seed", "success", "steps")
    mine = [("a", "forward", 0, 1, 5), ("a", "forward", 1, 0, 9), ("b", "forward", 0, 1, 4),
            ("b", "forward", 1, 1, 4), ("a", "reverse", 0, 1, 10)]  # fmt: skip
    theirs = [("a", "forward", 0, 1, 3), ("a", "forward", 1, 1, 3), ("b", "forward", 0, 0, 1),
              ("b", "forward", 1, 1, 4), ("a", "reverse", 0, 1, 3)]  # fmt: skip
    given = params(AGENTS)
    one, oracle = (
        Subject("compwob", agent, 0, 100, pl.DataFrame(rows, names, orient="row"), 0, given)
        for agent, rows in (("zero_shot@m", mine), ("oracle", theirs))
    )
    found = {row["slice"]: (row["estimate"], row["n"]) for row in step_rows(one, oracle)}
    assert found == {"order=forward": (1.0, 2), "order=reverse": (7.0, 1)}
