from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from evaluators.agi_levels.given import results
from measurand.errors import InputError
from measurand.interop.rows import Wish
from measurand.stats.true_score import mean_score
from schemas.agi_levels.norms import Norm, Task

NORM: TypeAdapter[Norm] = TypeAdapter(Norm)
Made = Callable[..., dict[str, Any]]
Rows = list[dict[str, Any]]


def table(folder: Path, rows: Rows) -> Path:
    path = folder / "runs.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def row(item: str, value: object, **more: object) -> dict[str, Any]:
    return {"item_id": item, "value": value, "model": "m", "metric": "quiz", **more}


def test_repeats_are_averaged_and_missing_scores_told(tmp_path: Path) -> None:
    rows = [
        row("a", 1, repeat=0),
        row("a", 0, repeat=1),
        row("b", 1, repeat=0),
        row("b", "", repeat=1),
    ]
    [found], origin, notes = results([table(tmp_path, rows)], [], {}, wish=Wish())
    assert (found.model, found.task.id, found.items) == ("m", "quiz", ("a", "b"))
    assert found.values.tolist() == [0.5, 1.0]
    assert origin == "plain tables"
    assert "m, quiz: 1 of 4 rows have no score" in notes


def test_rows_that_occur_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        results([table(tmp_path, [row("a", 1), row("a", 0)])], [], {}, wish=Wish())


def test_several_scores_of_a_task_need_a_choice(tmp_path: Path, norms_file: Made) -> None:
    rows = [
        {"item_id": i, "value": v, "metric": m, "model": "m", "task": "t"}
        for i, v, m in (("a", 1, "acc"), ("b", 0, "acc"), ("a", 1, "f1"), ("b", 1, "f1"))
    ]
    wish = Wish(by=("task",))
    norm = NORM.validate_python(norms_file(counts={0.5: 30}))
    with pytest.raises(InputError) as caught:
        results([table(tmp_path, rows)], [norm], {}, wish=wish)
    assert caught.value.code == "several_metrics"
    named = {"t": Task(id="t", metric="acc")}
    [found], _, _ = results([table(tmp_path, rows)], [norm], named, wish=wish)
    assert found.mean == 0.5
    both, _, _ = results([table(tmp_path, rows)], [], {}, wish=wish)
    assert [r.task.id for r in both] == ["t/acc", "t/f1"]
    with pytest.raises(InputError) as caught:
        results([table(tmp_path, rows)], [], {"t": Task(id="t", metric="em")}, wish=wish)
    assert caught.value.code == "no_metric"


def test_one_result_has_one_condition(tmp_path: Path) -> None:
    rows = [row("a", 1, tools="none"), row("b", 0, tools="browser")]
    path = table(tmp_path, rows)
    with pytest.raises(InputError) as caught:
        results([path], [], {}, wish=Wish(by=("tools",)), tools="tools")
    assert caught.value.code == "mixed_tools"
    path = table(tmp_path, [row("a", 1, tools="paper"), row("b", 0, tools="paper")])
    [found], _, _ = results([path], [], {}, wish=Wish(by=("tools",)), tools="tools")
    assert found.task.tools == "paper"


def test_clusters_stay_with_their_items(tmp_path: Path) -> None:
    rows = [row(f"i{k}", k % 2, cluster_id=f"c{k // 4}") for k in range(12)]
    [found], _, _ = results([table(tmp_path, rows)], [], {}, wish=Wish())
    assert len(set(found.clusters)) == 3
    assert found.law().n_clusters == 3


def test_runs_that_differ_as_wholes_add_their_error(tmp_path: Path) -> None:
    """In every other run all answers are worse: no sampling of items shows that."""
    rng = np.random.default_rng(0)
    rows = [
        row(f"i{k}", int(rng.random() < (0.9 if run % 2 else 0.5)), repeat=run)
        for run in range(6)
        for k in range(60)
    ]
    [found], _, _ = results([table(tmp_path, rows)], [], {}, wish=Wish())
    assert found.by_run.shape == (60, 6)
    assert found.run_se == pytest.approx(0.2 * (6 / 5) ** 0.5 / 6**0.5, abs=0.02)
    law = found.law()
    alone = mean_score(found.values)
    assert law.a + law.b < 0.5 * (alone.a + alone.b)
    single = [row for row in rows if row["repeat"] == 0]
    [once], _, _ = results([table(tmp_path, single)], [], {}, wish=Wish())
    assert once.run_se is None


def test_runs_are_in_the_order_of_their_numbers_and_notes_in_that_of_tasks(tmp_path: Path) -> None:
    rows = [row("a", 1, repeat=1), row("a", 0, repeat=0), row("b", 1, repeat=0)]
    [found], _, _ = results([table(tmp_path, rows)], [], {}, wish=Wish())
    assert found.by_run is not None
    assert found.by_run[0].tolist() == [0.0, 1.0]
    names = [f"t{k}" for k in (5, 2, 8, 1, 9, 4, 7, 3, 6, 0)]
    rows = [row("a", value, metric=name) for name in names for value in [""]]
    rows += [row("b", 1, metric=name) for name in names]
    made, _, notes = results([table(tmp_path, rows)], [], {}, wish=Wish())
    assert [one.task.id for one in made] == sorted(names)
    assert notes[-10:] == [f"m, {name}: 1 of 2 rows have no score" for name in names]
