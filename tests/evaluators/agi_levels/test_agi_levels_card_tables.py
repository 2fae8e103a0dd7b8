from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from evaluators.agi_levels.card import Given, stand
from evaluators.agi_levels.card_tables import tables
from evaluators.agi_levels.placing import Result
from schemas.agi_levels.norms import Declared, Norm, Task
from schemas.agi_levels.params import Rules

NORM: TypeAdapter[Norm] = TypeAdapter(Norm)
Made = Callable[..., dict[str, Any]]


def given(norms_file: Made, *autonomy: Declared) -> Given:
    norm = NORM.validate_python(norms_file(counts={0.2: 300}))
    by_run = np.array([[1.0, 1.0], [1.0, np.nan], [0.0, 1.0]])
    result = Result(
        *("m", Task(id="t", families=("learning",), tools="none"), ("a", "b", "c")),
        *(np.array([1.0, 1.0, 0.5]), ("x", "x", "y"), by_run),
    )
    return Given([result], [norm], {}, autonomy, "a test", ())


def test_every_table_keeps_to_its_schema(norms_file: Made) -> None:
    made = given(norms_file)
    found = tables(made.results, stand(made, Rules())[0])
    assert set(found) == {"tasks", "norms", "runs", "placements", "profile", "general"}
    for spec, table in found.values():
        assert spec.validate(table).num_rows > 0
    runs = found["runs"][1].to_pylist()
    assert [(r["item_id"], r["repeats"], r["score"]) for r in runs] == [
        ("a", 2, 1.0), ("b", 1, 1.0), ("c", 2, 0.5),
    ]  # fmt: skip
    [general] = [r for r in found["general"][1].to_pylist() if r["coverage"] == "0.8"]
    assert "not assessable (coverage)" in general["reason"]
    assert general["level"] is None
    assert 0 <= general["held_sharing_competent"] <= 1
    [family] = found["profile"][1].to_pylist()
    assert (family["family"], family["tasks"]) == ("learning", 1)


def test_autonomy_is_a_table_where_it_is_declared(norms_file: Made) -> None:
    declared = Declared(
        deployment="mail", level=1, justification="asked for", acknowledged=("loss of skills",)
    )
    made = given(norms_file, declared)
    spec, table = tables(made.results, stand(made, Rules())[0])["autonomy"]
    [row] = spec.validate(table).to_pylist()
    assert (row["name"], row["not_acknowledged"]) == ("Tool", ["disruption of industries"])
