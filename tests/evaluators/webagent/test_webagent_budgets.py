from __future__ import annotations

from pathlib import Path

import webagent_small as small

from evaluators.webagent.budgets import budget_rows, trainings
from evaluators.webagent.evaluate.context import found_in
from schemas.webagent.params import Params


def _changed(table: str, row: small.Row) -> small.Row | None:
    if table != "trainings" or row["model"] != "scratch":
        return row
    if row["step"] == 7:
        return {**row, "tokens": 91.0}
    return None if row["step"] > 58 else row


def test_steps_that_not_all_planners_had_are_counted(
    results: Path, params: Params, tmp_path: Path
) -> None:
    (row,) = budget_rows(found_in(results, params), results)
    assert (row["estimate"], row["n"]) == (0, 60)
    folder = small.write(tmp_path, params, _changed)
    (row,) = budget_rows(found_in(folder, params), folder)
    # Two that one planner lacks, and one with other targets that each has alone.
    assert (row["estimate"], row["n"]) == (4, 61)


def test_one_planner_is_compared_with_nobody(results: Path, params: Params, tmp_path: Path) -> None:
    found = found_in(results, params.model_copy(update={"train": None}))
    (row,) = budget_rows(found, results)
    assert (row["estimate"], row["reason"]) == (None, "fewer than two planners were trained")
    assert trainings(tmp_path).is_empty()
    (row,) = budget_rows(found_in(results, params), tmp_path)
    assert (row["estimate"], row["reason"]) == (None, "no step is recorded")
