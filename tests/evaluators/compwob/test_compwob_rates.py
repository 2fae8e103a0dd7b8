from __future__ import annotations

from pathlib import Path

import pytest
from compwob_handmade import TASKS, params, write
from scipy.stats import binomtest

from evaluators.compwob.context import subjects
from evaluators.compwob.rates import control_rows, rate_rows
from measurand.results import slice_text

AGENTS = {"zero_shot@m": lambda spec: spec.seed % 3 == 0, "oracle": lambda spec: True}


def _rows(tmp_path: Path) -> list[dict[str, object]]:
    given = params(AGENTS)
    return [r for s in subjects(write(tmp_path, given, AGENTS), given) for r in rate_rows(s)]


def test_rates_have_wilsons_interval_over_episodes(tmp_path: Path) -> None:
    rows = {(r["model"], r["metric"], r["slice"]): r for r in _rows(tmp_path)}
    found = rows["zero_shot@m", "success", "order=forward"]
    k = sum(spec % 3 == 0 for spec in range(1_000_000, 1_000_006)) * 6
    wanted = binomtest(k, 36).proportion_ci(method="wilson")
    assert found["estimate"] == k / 36
    assert found["ci_lo"] == pytest.approx(wanted.low, abs=1e-9)
    assert found["ci_hi"] == pytest.approx(wanted.high, abs=1e-9)
    assert ("zero_shot@m", "success", "order=single,task=enter-text") in rows
    assert ("zero_shot@m", "success", "category=three,order=reverse") in rows
    assert ("zero_shot@m", "success", "difficulty=easy,order=single") in rows


def test_where_all_succeed_the_interval_over_tasks_is_no_point(tmp_path: Path) -> None:
    rows = {(r["model"], r["metric"], r["slice"]): r for r in _rows(tmp_path)}
    found = rows["oracle", "success_over_tasks", "order=forward"]
    assert found["estimate"] == 1
    assert isinstance(found["ci_lo"], float)
    assert found["ci_lo"] < 0.6


def test_rates_bear_the_reliability_of_a_tasks_rate(tmp_path: Path) -> None:
    rows = {(r["model"], r["metric"], r["slice"]): r for r in _rows(tmp_path)}
    icc = rows["zero_shot@m", "task_icc", "of=success,order=forward"]
    # Seeds decide and tasks do nothing: no task can be told from another.
    assert (icc["estimate"], icc["n"], icc["n_clusters"]) == (None, 36, 6)
    assert icc["reason"] == "no task's mean differs from another's"
    agents = {"zero_shot@m": lambda spec: "enter" in spec.task.name or spec.seed % 3 == 0}
    given = params(agents)
    everyone = subjects(write(tmp_path / "other", given, agents), given)
    rows = {(r["model"], r["metric"], r["slice"]): r for r in rate_rows(everyone[0])}
    icc = rows["zero_shot@m", "task_icc", "of=success,order=forward"]
    # Five tasks with 2 of 6 seeds, one with 6: SSB = 6 * 5/6 * (2/3)**2, SSW = 5 * 6 * 2/9.
    between, within = 20 / 9 / 5, 20 / 3 / 30
    assert icc["estimate"] == pytest.approx(1 - within / between)
    for metric in ("success", "success_over_tasks"):
        row = rows["zero_shot@m", metric, "order=forward"]
        assert row["reliability"] == icc["estimate"]
    assert rows["zero_shot@m", "success", "category=two,order=forward"]["reliability"] is None


def test_controls_are_exact_shares_and_who_did_not_play_has_none(tmp_path: Path) -> None:
    given = params(AGENTS)
    everyone = subjects(write(tmp_path, given, AGENTS), given)
    rows = {r["slice"]: r for r in control_rows(everyone)}
    share = rows["agent=oracle,order=forward"]
    assert (share["model"], share["estimate"], share["lower"]) == ("all agents", 1.0, None)
    none = rows["agent=random,parts=3+"]
    assert (none["estimate"], none["reason"]) == (None, "not played")


def test_every_part_of_the_episodes_has_its_own_rate(tmp_path: Path) -> None:
    """Who acts at random solves compositions of two parts; the agent those with a login."""
    agents = {
        "zero_shot@m": lambda s: s.order == "single" or "login" in s.task.name,
        "random": lambda s: s.order != "single" and len(s.task.parts) == 2,
    }
    given = params(agents)
    everyone = subjects(write(tmp_path, given, agents), given)
    rows = {r["slice"]: r for r in rate_rows(everyone[0]) if r["metric"] == "success"}
    played = everyone[0].of("forward")
    for column, name in (("category", "category"), ("n_parts", "parts"), ("task", "task")):
        for value in set(played[column].to_list()):
            some = [r for r in played.to_dicts() if r[column] == value]
            row = rows[slice_text({"order": "forward", name: str(value)})]
            assert row["n"] == len(some)
            assert row["estimate"] == pytest.approx(sum(r["success"] for r in some) / len(some))
    assert {rows[f"order=forward,task={task}"]["estimate"] for task in TASKS} == {0.0, 1.0}
    chance = {r["slice"]: r["estimate"] for r in control_rows(everyone)}
    assert chance["agent=random,parts=2"] == 1.0
    assert chance["agent=random,parts=3+"] == 0.0
