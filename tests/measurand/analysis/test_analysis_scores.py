from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest
from toy_scores import item_rows, shuffled

from measurand.analysis.figures import mean
from measurand.analysis.scores import scores


def test_repeats_are_averaged_within_the_item() -> None:
    rows = item_rows()
    [score] = scores(rows.table)
    assert (score.task, score.metric, score.name) == ("toy", "acc", "toy, acc")
    assert score.models == ("high", "low", "middle")
    assert score.values.shape == (40, 3)
    assert score.clustered
    assert score.repeats == 2
    table = rows.table
    one = table.filter(
        pc.and_(pc.equal(table["model"], "low"), pc.equal(table["item_id"], "item005"))
    )
    assert score.column("low")[5] == np.mean(one["value"].to_pylist())


def test_rows_without_a_score_are_counted_and_left_out() -> None:
    [score] = scores(item_rows().table)
    assert score.status["high"] == {"infra_error": 1, "ok": 79}
    assert score.by_repeat("high").shape == (40, 2)
    assert np.isnan(score.by_repeat("high")).sum() == 1
    assert score.by_repeat("low").shape == (40, 2)


def test_order_of_rows_changes_nothing() -> None:
    rows = item_rows()
    [a], [b] = scores(rows.table), scores(shuffled(rows).table)
    np.testing.assert_array_equal(a.values, b.values)
    np.testing.assert_array_equal(a.clusters, b.clusters)
    assert (a.items, list(a.slices), a.status) == (b.items, list(b.slices), b.status)


def test_slices_without_the_task() -> None:
    [score] = scores(item_rows().table)
    assert set(score.slices) == {"lang=de", "lang=en"}


def test_a_slice_holds_its_rows_where_it_varies_within_an_item() -> None:
    table = item_rows().table
    parts = [f"judge={'a' if r == 0 else 'b'},task=toy" for r in table["repeat"].to_pylist()]
    at = table.schema.get_field_index("slice")
    [score] = scores(table.set_column(at, table.schema.field("slice"), [parts]))
    for part, repeat in (("judge=a", 0), ("judge=b", 1)):
        own = table.filter(
            pc.and_(pc.equal(table["repeat"], repeat), pc.equal(table["model"], "low"))
        )
        assert mean(score.slices[part], "low").value == np.mean(own["value"].to_pylist())
        assert len(score.slices[part].items) == 40
    assert mean(score.slices["judge=a"], "none of them").value is None


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_model_that_never_answered(repeats: int) -> None:
    table = item_rows(repeats=repeats, models={"m": 0.5}).table
    lost = table.set_column(
        table.schema.get_field_index("status"),
        table.schema.field("status"),
        [["infra_error"] * table.num_rows],
    )
    [score] = scores(lost)
    assert np.isnan(score.values).all()
    assert score.by_repeat("m").size == 0
