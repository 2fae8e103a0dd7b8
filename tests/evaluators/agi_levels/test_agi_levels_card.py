from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from pydantic import TypeAdapter

from evaluators.agi_levels.card import Given, as_json, stand, text, write
from evaluators.agi_levels.placing import Result
from measurand import shards
from pipelines.agi_levels import shipped
from schemas.agi_levels.card import FILE
from schemas.agi_levels.norms import Declared, Norm, Task
from schemas.agi_levels.params import Rules
from schemas.agi_levels.tables import PLACEMENTS

NORM: TypeAdapter[Norm] = TypeAdapter(Norm)
Made = Callable[..., dict[str, Any]]
ITEMS = ("Q1", "Q2", "Q3", "Q4", "Q5")


@pytest.fixture
def given(norms_file: Made) -> Given:
    minutes = {f"i{k}": 2.0 ** (k / 8) for k in range(60)}
    norms = [
        *shipped.read("psych")[0],
        NORM.validate_python(norms_file(counts={0.2: 30, 0.9: 10})),
        NORM.validate_python(norms_file(id="time", kind="time", minutes=minutes)),
    ]
    rng = np.random.default_rng(0)
    own = (rng.random(60) < 1 / (1 + np.exp(np.linspace(-3, 3, 60)))) * 1.0
    names = tuple(minutes)
    results = [
        Result("a", Task(id="t", families=("learning",)), names, own, names),
        Result("b", Task(id="t", families=("learning",)), names, own[::-1].copy(), names),
        Result("a", Task(id="alone"), ("x",), np.array([1.0]), ("x",)),
        Result("a", Task(id="lsat_section_6"), ITEMS, np.array([1.0, 1, 0, 1, 1]), ITEMS),
    ]
    return Given(results, norms, {}, (), "a test", ("a note",))


def test_a_card_keeps_to_its_schema_and_says_what_is_missing(given: Given, tmp_path: Path) -> None:
    write(given, Rules(), tmp_path)
    packed = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    jsonschema.validate(packed, json.loads(FILE.read_text(encoding="utf-8")))
    rows = {(p["model"], p["task"], p["norm"]): p for p in packed["placements"]}
    assert rows["a", "alone", None]["statement"] == "no norm of this task"
    assert rows[None, "sat_verbal", "sat_act/sat_verbal"]["statement"] == "no run of this task"
    assert rows["a", "t", "n"]["percentile"] == pytest.approx(0.75)
    assert rows["a", "t", "time"]["level"] is None
    assert packed["autonomy"] is None
    assert packed["notes"] == ["a note"]
    assert {h["share"] for h in packed["horizons"]} == {0.5, 0.8}
    table = PLACEMENTS.validate(shards.read_table(tmp_path / "placements"))
    assert table.num_rows == len(rows)
    for name in ("card.md", "card.html"):
        page = (tmp_path / name).read_text(encoding="utf-8")
        assert "not assessable (coverage)" in page
        assert "Time horizons" in page
        assert "AGI" not in page.replace(
            "Levels of AGI for Operationalizing Progress on the Path to AGI", ""
        )


def test_the_order_of_what_is_given_changes_nothing(given: Given) -> None:
    turned = replace(
        given, results=sorted(given.results, key=lambda r: r.task.id), norms=given.norms[::-1]
    )

    def placements(which: Given) -> Any:
        standing, lengths = stand(which, Rules())
        return json.loads(text(as_json(which, standing, lengths)))["placements"]

    assert placements(turned) == placements(given)


def test_a_level_needs_a_headline_group(given: Given) -> None:
    standing, _ = stand(given, Rules())
    [first, second] = standing.profiles
    assert [p.task for p in first.counted] == ["t"]
    assert first.uncounted["lsat_section_6"] == "no norm of skilled adults"
    assert first.uncounted["alone"] == "no norm that gives a percentile"
    assert second.model == "b"


def test_autonomy_is_there_where_it_is_declared(given: Given) -> None:
    declared = Declared(deployment="mail", level=1, justification="asked for")
    with_it = replace(given, autonomy=(declared,))
    standing, lengths = stand(with_it, Rules())
    assert as_json(with_it, standing, lengths).autonomy == (declared,)
