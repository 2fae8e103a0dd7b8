from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from evaluators.guided_evolution.evaluate.replaying import COMPARED, Histories, again
from measurand.subject import frame
from pipelines.guided_evolution import tasks
from pipelines.guided_evolution.running import One, Runner
from pipelines.guided_evolution.spaces import Task
from schemas.guided_evolution.params import GATE_SEED, Params

PARAMS = Params.model_validate(
    {
        "build": {
            "tasks": [
                {"id": "n5", "source": {"kind": "formula", "name": "nguyen5"}, "budget": 45,
                 "seeds": 2}
            ],
            "methods": [
                {"id": "evolution", "kind": "evolution"},
                {"id": "pam_rt", "kind": "pam_rt", "shuffled": False, "encoder": "mlp"},
            ],
            "guide": {"warm_up": 15, "children": 4},
            "network": {"hidden": 8, "layers": 1, "every": 10, "steps": 2, "pairs": 16},
        },
        "train": None,
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, Histories, Task]:
    folder = tmp_path_factory.mktemp("replay")
    build = PARAMS.build
    work = Runner(build, folder, folder / "journal")
    ones = [One(build.tasks[0], method, GATE_SEED, 15, 5) for method in build.methods]
    for one in ones:
        work(one)
    found = {n: pl.concat([frame(work.read(one, n)) for one in ones]) for n in COMPARED}
    searches = pl.concat([frame(work.read(one, "searches")) for one in ones])
    return searches, found, tasks.make(build.tasks[0], build.seed, Path())


def _again(made: tuple[pl.DataFrame, Histories, Task], **changed: pl.DataFrame) -> list[Any]:
    searches, found, task = made
    return list(again(PARAMS, PARAMS.build.tasks[0], task, searches, found | changed))


def test_a_search_comes_out_the_same_and_asks_nothing(
    made: tuple[pl.DataFrame, Histories, Task],
) -> None:
    rows = _again(made)
    assert [row["method"] for row in rows] == ["evolution", "pam_rt"]
    assert [(row["differ"], row["calls"]) for row in rows] == [(0, 0)] * 2
    assert sum(row["rows"] for row in rows) == sum(len(x) for x in made[1].values())


def test_a_history_that_is_another_one_is_found_out(
    made: tuple[pl.DataFrame, Histories, Task],
) -> None:
    steps = made[1]["steps"]
    last = steps.group_by("search").agg(pl.col("step").max().alias("last"))
    marked = steps.join(last, on="search", maintain_order="left")
    better = pl.when(pl.col("step") == 20).then(2.0).otherwise(pl.col("fitness"))
    assert all(
        row["differ"] > 0
        for row in _again(made, steps=marked.with_columns(better.alias("fitness")).drop("last"))
    )
    cut = marked.filter(pl.col("step") < pl.col("last")).drop("last")
    assert [(row["differ"], row["calls"]) for row in _again(made, steps=cut)] == [(1, 1)] * 2
