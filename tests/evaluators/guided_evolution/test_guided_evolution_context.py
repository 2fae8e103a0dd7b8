from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from guided_evolution_world import BUDGET, SEEDS, params, times, write

from evaluators.guided_evolution.context import Material, material, mean_of
from measurand import runs, shards
from schemas.guided_evolution.tables import SEARCHES


def test_evaluations_to_a_target_are_those_of_the_searches(known: Material) -> None:
    for method, wanted in times().items():
        found = known.reached("physics", method, "top")
        assert found["evaluations"].to_list() == list(wanted)
        assert found["budget"].to_list() == [BUDGET] * SEEDS


def test_every_task_has_every_method_and_its_levels(known: Material) -> None:
    pairs = [(task.id, method.id) for task, method in known.methods()]
    assert len(pairs) == 18
    assert known.levels("cora") == [("top", 0.9)]
    assert known.levels("none") == []
    assert known.model == "evolution"
    assert known.replaced("pam").model == "pam"


def test_means_stay_in_their_range() -> None:
    found = mean_of([0.0, 1.0, 1.0], low=0, high=1)
    assert found.value == pytest.approx(2 / 3)
    assert 0 <= (found.ci_lo or -1) < (found.ci_hi or 2) <= 1


def test_a_target_is_reached_at_its_level_in_the_order_of_steps_and_of_its_own_task(
    known: Material,
) -> None:
    searches = pl.DataFrame(
        [("s1", "a", 1), ("s0", "a", 0), ("s2", "b", 0)], schema=["search", "task", "seed"],
        orient="row",
    ).with_columns(pl.lit("m").alias("method"), pl.lit(9).alias("budget"))  # fmt: skip
    steps = pl.DataFrame(
        [("s1", "a", 7, 70, 0.95), ("s1", "a", 3, 30, 0.9), ("s1", "a", 2, 20, 0.8),
         ("s0", "a", 1, 10, 0.8), ("s2", "b", 5, 50, 0.9)],
        schema=["search", "task", "step", "evaluations", "best"], orient="row",
    )  # fmt: skip
    targets = pl.DataFrame({"task": ["a", "b"], "target": ["top"] * 2, "fitness": [0.9] * 2})
    mine = replace(known, searches=searches, steps=steps, targets=targets)
    for task, wanted in (("a", [("s0", None, None), ("s1", 30, 3)]), ("b", [("s2", 50, 5)])):
        found = mine.reached(task, "m", "top").select("search", "evaluations", "step")
        assert list(found.iter_rows()) == wanted
    assert replace(known, targets=targets[:0]).reached("a", "m", "top").is_empty()


def test_searches_that_settings_were_chosen_by_are_kept_apart(tmp_path: Path) -> None:
    write(tmp_path, {"random": [3, 5], "pam": [3, 5]})
    folder = tmp_path / "dataset" / "searches"
    rows = shards.read_table(folder).to_pylist()
    swept = [row["search"] for row in rows[:2]]
    for row in rows[:2]:
        row["swept"] = True
    shutil.rmtree(folder)
    shards.write_dataset(folder, SEARCHES, runs.table(SEARCHES, rows))
    found = material(tmp_path, tmp_path / "results", params())
    assert found.swept["search"].to_list() == swept
    for table in (found.searches, found.steps, found.pairs, found.seconds):
        assert not table.is_empty()
        assert not set(swept) & set(table["search"])
