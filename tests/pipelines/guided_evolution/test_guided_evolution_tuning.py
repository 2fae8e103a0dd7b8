from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.guided_evolution.running import One, Runner
from pipelines.guided_evolution.tuning import chosen, evaluations_to, settings, sweep
from schemas.guided_evolution.params import GATE_SEED, Build

BUILD = Build.model_validate(
    {
        "tasks": [
            {"id": "a", "source": {"kind": "formula", "name": "nguyen1"}, "budget": 80,
             "seeds": 4, "sweep": 3},
            {"id": "b", "source": {"kind": "formula", "name": "nguyen2"}, "budget": 20, "seeds": 4},
        ],
        "methods": [{"id": "random", "kind": "random"}, {"id": "evolution", "kind": "evolution"}],
        "populations": [25, 100],
        "tournaments": [5, 10],
    }
)  # fmt: skip


def _steps(*best: float | None) -> pa.Table:
    return pa.table({"best": pa.array(best, pa.float64()), "evaluations": range(1, len(best) + 1)})


def test_evaluations_to_a_level() -> None:
    assert evaluations_to(_steps(None, 0.1, 0.5, 0.9), 0.5) == 3
    assert evaluations_to(_steps(None, 0.1), 0.5) is None


def test_the_sweep_uses_seeds_that_never_count() -> None:
    every = list(sweep(BUILD))
    assert len(every) == 2 * 3
    assert {one.population for one in every} == {25}
    assert all(one.swept and one.seed < GATE_SEED for one in every)
    assert {one.method.id for one in every} == {"evolution"}
    assert settings(BUILD, BUILD.tasks[1]) == [(25, 5)]


class Known(Runner):
    """A runner whose searches are known."""

    found: dict[tuple[int, int], list[pa.Table]]

    def read(self, one: One, table: str) -> Any:
        return self.found[one.tournament, one.seed]


@pytest.mark.parametrize(
    ("fives", "tens", "wanted"),
    [
        # Means of 20 and 10: what is reached first is chosen.
        ((_steps(*[0] * 19, 1.0), _steps(*[0] * 19, 1.0)),
         (_steps(*[0] * 9, 1.0), _steps(*[0] * 9, 1.0)), 10),
        # A search that does not get there counts with the budget.
        ((_steps(*[0] * 19, 1.0), _steps(*[0] * 19, 1.0)), (_steps(1.0), _steps(0.2)), 5),
        # Nothing gets there: the highest mean best.
        ((_steps(0.3), _steps(0.3)), (_steps(0.2), _steps(0.3)), 5),
    ],
)  # fmt: skip
def test_the_setting_that_gets_there_first_is_chosen(
    fives: Any, tens: Any, wanted: int, tmp_path: Path
) -> None:
    build = BUILD.model_copy(
        update={"tasks": (BUILD.tasks[0].model_copy(update={"sweep": 2}), BUILD.tasks[1])}
    )
    work = Known(build, tmp_path, tmp_path)
    object.__setattr__(
        work, "found", {(t, s): x[s] for t, x in ((5, fives), (10, tens)) for s in (0, 1)}
    )
    done = [one for one in sweep(build) if one.task.id == "a"]
    rows = chosen(work, build.tasks[0], done, 1.0)
    assert [row["tournament"] for row in rows if row["chosen"]] == [wanted]
    assert [row["seeds"] for row in rows] == [2, 2]


def test_without_a_sweep_the_first_setting_is_taken(tmp_path: Path) -> None:
    rows = chosen(Known(BUILD, tmp_path, tmp_path), BUILD.tasks[1], [], 1.0)
    assert rows == [
        {"task": "b", "population": 25, "tournament": 5, "seeds": 0, "reached": 0, "mean": None,
         "best": None, "chosen": True}
    ]  # fmt: skip
