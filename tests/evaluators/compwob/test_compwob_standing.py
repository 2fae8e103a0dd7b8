from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compwob_handmade import params, write
from scipy import stats

from evaluators.compwob.context import subjects
from evaluators.compwob.gaps import gap_rows
from evaluators.compwob.standing import standing_rows

AGENTS = {
    "zero_shot@m": lambda s: s.seed % 2 == 0 or "login" in s.task.name,
    "random": lambda s: s.seed % 3 == 0 and s.order == "single",
    "oracle": lambda s: True,
}


def _rows(tmp_path: Path, seeds: int, agents: dict[str, Any]) -> dict[tuple[str, str], Any]:
    given = params(agents, seeds=seeds)
    everyone = subjects(write(tmp_path, given, agents), given)
    return {(r["metric"], r["slice"]): r for r in standing_rows(everyone)}


def test_an_agent_is_held_against_chance_on_the_same_problems(tmp_path: Path) -> None:
    rows = _rows(tmp_path, 4, AGENTS)
    row = rows["above_random", "agent=zero_shot@m,order=single"]
    assert row["model"] == "all agents"
    names = sorted({"click-button", "click-link", "click-option", "login-user", "enter-text",
                    "click-button-sequence", "click-dialog"})  # fmt: skip
    seeds = range(1_000_000, 1_000_004)
    differences = np.array(
        [[(s % 2 == 0 or "login" in t) - (s % 3 == 0) for s in seeds] for t in names], float
    )
    assert row["estimate"] == pytest.approx(differences.mean())
    assert (row["n"], row["n_clusters"]) == (28, 7)
    # Four seeds are too few: Student's t over the means of tasks, which all have as many.
    wanted = stats.ttest_1samp(differences.mean(axis=1), 0).confidence_interval()
    assert row["ci_lo"] == pytest.approx(wanted.low)
    assert row["ci_hi"] == pytest.approx(wanted.high)


def test_the_loss_by_composing_is_that_of_the_gap(tmp_path: Path) -> None:
    given = params(AGENTS)
    everyone = subjects(write(tmp_path, given, AGENTS), given)
    rows = {(r["metric"], r["slice"]): r for r in standing_rows(everyone)}
    for order in ("forward", "reverse"):
        mine = rows["composed_loss", f"agent=zero_shot@m,order={order}"]
        gap = next(r for r in gap_rows(everyone[0])
                   if (r["metric"], r["slice"]) == ("gap_base", f"order={order}"))  # fmt: skip
        for name in ("estimate", "ci_lo", "ci_hi", "lower", "upper", "n", "method"):
            assert mine[name] == gap[name]


def test_scripts_have_no_standing_and_without_chance_there_is_a_reason(tmp_path: Path) -> None:
    rows = _rows(tmp_path, 3, {k: v for k, v in AGENTS.items() if k != "random"})
    assert {slice_.split(",")[0] for _, slice_ in rows} == {"agent=zero_shot@m"}
    row = rows["above_random", "agent=zero_shot@m,order=single"]
    assert (row["estimate"], row["reason"]) == (None, "random did not play")
