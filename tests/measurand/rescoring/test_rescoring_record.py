from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from measurand.analysis.figures import mean_of
from measurand.api.frames import responses_of
from measurand.dialects import Dialect
from measurand.errors import InputError
from measurand.rescoring.parsers import of_pattern
from measurand.rescoring.record import describe, score
from measurand.stats.paired import mcnemar

COLUMNS = {role: role for role in ("answer", "target", "item_id", "value", "model", "cluster_id")}


def rescored(columns: dict[str, Any]) -> dict[str, Any]:
    table = responses_of(columns, Dialect())
    return describe(score(table, of_pattern(r"\d+"), COLUMNS), "t", "digits")


def answers(n: int = 60, repeats: int = 1) -> dict[str, Any]:
    """Every third is wrong, every tenth holds no number; the old parser missed every fourth."""
    k = np.arange(n * repeats)
    texts = ["none" if i % 10 == 0 else f"It is {i % 7 + (i % 3 == 0)}" for i in k]
    old = [None if i % 10 == 0 else float(i % 3 != 0 and i % 4 != 0) for i in k]
    return {
        "item_id": [f"i{i // repeats}" for i in k], "answer": texts,
        "target": [str(i % 7) for i in k], "value": old,
    }  # fmt: skip


def test_scores_and_what_was_not_read() -> None:
    [model] = rescored(answers())["models"]
    new = np.array([0.0 if i % 10 == 0 or i % 3 == 0 else 1.0 for i in range(60)])
    assert model["new"]["mean"]["value"] == pytest.approx(new.mean())
    assert model["new"]["n_unread"] == 6
    assert model["new"]["unread"]["value"] == pytest.approx(0.1)
    read = new[np.arange(60) % 10 != 0]
    theirs = mean_of(read, None, single=True, binary=True)
    assert model["new"]["of_read"]["value"] == theirs.value
    assert model["new"]["of_read"]["ci_lo"] == theirs.ci_lo


def test_the_difference_is_paired() -> None:
    [model] = rescored(answers())["models"]
    assert model["lost"] == 0
    assert model["gained"] == sum(i % 10 != 0 and i % 3 != 0 and i % 4 == 0 for i in range(60))
    assert model["difference"]["p"] == mcnemar(model["gained"], 0, "mid_p")
    assert model["difference"]["difference"]["value"] == pytest.approx(model["gained"] / 60)


def test_answers_to_one_item_are_no_more_items() -> None:
    [model] = rescored(answers(20, 3))["models"]
    assert model["answers"] == 60
    assert model["difference"]["difference"]["n"] == 20


def test_models_stand_apart_and_changed_answers_are_shown() -> None:
    table = answers(40)
    table["model"] = ["a"] * 20 + ["b"] * 20
    record = rescored(table)
    assert [m["model"] for m in record["models"]] == ["a", "b"]
    assert record["changed"] == sum(m["gained"] for m in record["models"])
    assert record["changed_shown"][0]["new"] == 1


def test_without_old_scores_there_is_no_difference() -> None:
    table = answers()
    del table["value"]
    [model] = rescored(table)["models"]
    assert model["old"] is None
    assert model["difference"] is None


def test_a_missing_column_is_named() -> None:
    table = answers()
    del table["target"]
    with pytest.raises(InputError) as error:
        rescored(table)
    assert error.value.code == "no_column"
