from __future__ import annotations

import json

from toy_scores import item_rows, shuffled

from measurand.analysis.record import SCHEMA, analyse


def test_the_record_is_plain_json_and_names_its_origin() -> None:
    seen: list[str] = []
    record = analyse(item_rows(), sources=["t.csv"], cluster="passage", on_score=seen.append)
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert (record["schema"], record["origin"], seen) == (SCHEMA, "plain tables", ["toy, acc"])
    assert record["rows"] == 3 * 40 * 2
    [score] = record["scores"]
    assert (score["items"], score["clusters"], score["binary"]) == (40, 10, True)


def test_order_of_rows_changes_nothing() -> None:
    rows = item_rows()
    assert analyse(shuffled(rows)) == analyse(rows)


def test_undefined_figures_have_reasons() -> None:
    [score] = analyse(item_rows(repeats=1, models={"m": 0.5}, items=1))["scores"]
    [model] = score["models"]
    for name in ("repeat_reliability", "mean_of_repeats_reliability"):
        assert model[name]["value"] is None
        assert model[name]["reason"]
    assert score["pairs"] == []
