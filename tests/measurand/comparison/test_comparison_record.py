from __future__ import annotations

import json
import math

import pyarrow as pa
import pytest
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from toy_sides import items, sides, statistics

from measurand.comparison.record import UNPAIRED, _lone_models, compare
from measurand.comparison.sides import Side
from measurand.errors import InputError


def test_the_same_items_are_compared_with_themselves() -> None:
    a, b = sides()
    record = compare(a, b)
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    [row] = record["metrics"]
    assert (row["metric"], row["model"], row["unpaired_items"]) == ("toy, acc", "m", 0)
    assert row["difference"]["value"] == pytest.approx(row["mean_b"] - row["mean_a"])
    # Answers only improve: every discordant pair goes one way.
    gained = round(row["difference"]["value"] * 200)
    exact = statsmodels_mcnemar([[0, gained], [0, 0]], exact=True).pvalue
    assert row["p"] == pytest.approx(exact / 2)
    assert [r["slice"] for r in record["slices"]] == ["lang=de", "lang=en"]
    assert sum(r["difference"]["n"] for r in record["slices"]) == 200


def test_pairing_sees_more_than_independent_samples_would() -> None:
    a, b = sides()
    [row] = compare(a, b)["metrics"]
    unpaired = math.sqrt(sum(p * (1 - p) / 200 for p in (row["mean_a"], row["mean_b"])))
    assert row["correlation"] > 0.5
    assert row["difference"]["se"] < 0.7 * unpaired


def test_swapping_the_sides_mirrors_the_changes() -> None:
    a, b = sides()
    one, two = compare(a, b), compare(b, a)
    for family in ("metrics", "slices", "statistics"):
        for x, y in zip(one[family], two[family], strict=True):
            if x["difference"]["value"] is None:
                assert y["difference"]["value"] is None
            else:
                assert x["difference"]["value"] == pytest.approx(-y["difference"]["value"])
            assert (x["p_holm"], x["p_bh"]) == (y["p_holm"], y["p_bh"])
    assert (one["only_in_a"], one["only_in_b"]) == (two["only_in_b"], two["only_in_a"]) == (1, 1)


def test_figures_without_items_are_compared_unpaired_and_say_so() -> None:
    a, b = sides(shift=20)
    record = compare(a, b)
    found = {r["metric"]: r for r in record["statistics"]}
    assert set(found) == {"rate", "count", "alpha"}
    assert record["unchanged_statistics"] == 1
    rate = found["rate"]
    se = math.hypot(math.sqrt(0.24 / 100), math.sqrt(0.16 / 100))
    assert rate["difference"]["ci_lo"] == pytest.approx(0.2 - 1.959963985 * se)
    assert rate["difference"]["method"] == UNPAIRED
    assert found["count"]["p"] is None
    assert found["count"]["difference"]["value"] == 20
    assert found["alpha"]["difference"]["reason"] == "undefined in B: never varies"
    assert rate["p_holm"] == rate["p"], "one test in the family"


def test_equal_sides_show_nothing() -> None:
    side = Side("x", items(), statistics())
    record = compare(side, side)
    [row] = record["metrics"]
    assert (row["difference"]["value"], row["p"]) == (0.0, None)
    assert record["statistics"] == []


def test_items_on_one_side_only_are_counted() -> None:
    record = compare(Side("a", items(n=200), None), Side("b", items(n=150), None))
    [row] = record["metrics"]
    assert (row["difference"]["n"], row["unpaired_items"]) == (150, 50)


def test_two_lone_models_are_a_pair_and_many_are_not() -> None:
    record = compare(Side("a", items(), None), Side("b", items(0.2, model="n"), None))
    assert record["metrics"][0]["model"] == "m -> n"
    two = pa.concat_tables([items(model="n"), items(model="o")])
    with pytest.raises(InputError, match="no model in common") as caught:
        compare(Side("a", items(), None), Side("b", two, None))
    assert caught.value.code == "no_common_item"
    record = compare(Side("a", items(), statistics()), Side("b", two, statistics()))
    assert record["metrics"] == []
    assert "no model in common" in record["notes"][0]


def test_a_side_without_items_is_named() -> None:
    record = compare(Side("a", None, statistics()), Side("b", items(), statistics(1)))
    assert record["notes"] == ["No paired comparison: a without item rows."]


def test_clusters_widen_the_interval() -> None:
    loose = compare(Side("a", items(), None), Side("b", items(0.3), None))["metrics"][0]
    tight = compare(Side("a", items(clusters=20), None), Side("b", items(0.3, clusters=20), None))[
        "metrics"
    ][0]
    assert tight["difference"]["n_clusters"] == 20
    assert tight["p_method"] == "t over clusters"
    assert loose["difference"]["n_clusters"] is None


def test_clusters_of_either_side_alone_hold_for_both() -> None:
    wide = Side("a", items(), None)
    for a, b, label in (
        (wide, Side("b", items(0.3, clusters=20), None), "B"),
        (Side("b", items(0.3, clusters=20), None), wide, "A"),
    ):
        record = compare(a, b)
        assert record["metrics"][0]["difference"]["n_clusters"] == 20
        assert f"the clusters are those of {label}" in " ".join(record["notes"])


def test_the_coarser_clusters_are_taken_and_crossing_ones_refused() -> None:
    found = compare(Side("a", items(clusters=40), None), Side("b", items(0.3, clusters=20), None))[
        "metrics"
    ][0]
    assert found["difference"]["n_clusters"] == 20
    with pytest.raises(InputError) as caught:
        compare(Side("a", items(clusters=40), None), Side("b", items(0.3, clusters=30), None))
    assert caught.value.code == "item_in_two_clusters"


def without(table: pa.Table, lost: set[str]) -> pa.Table:
    rows = [
        row | ({"value": None, "status": "skipped"} if row["item_id"] in lost else {})
        for row in table.to_pylist()
    ]
    return pa.Table.from_pylist(rows, table.schema)


def test_an_item_without_a_score_on_both_sides_is_on_no_side_only() -> None:
    a = without(items(), {"i0000", "i0001"})
    b = without(items(0.3), {"i0001", "i0002", "i0003"})
    record = compare(Side("a", a, None), Side("b", b, None))
    [row] = record["metrics"]
    assert (row["difference"]["n"], row["unpaired_items"]) == (196, 3)
    assert "3 items are scored on one side only" in " ".join(record["notes"])
    assert sorted(r["unpaired_items"] for r in record["slices"]) == [1, 2]


def test_a_slice_of_one_side_is_named() -> None:
    b = items(0.3)
    rows = [r | {"slice": r["slice"].replace("lang=de", "lang=fr")} for r in b.to_pylist()]
    record = compare(
        Side("a", items(), None), Side("b", pa.Table.from_pylist(rows, b.schema), None)
    )
    assert [r["slice"] for r in record["slices"]] == ["lang=en"]
    told = " ".join(record["notes"])
    assert "slices in A only: lang=de" in told
    assert "slices in B only: lang=fr" in told


def test_models_of_one_side_are_named_by_the_name_that_they_have_there() -> None:
    sides = (pa.table({"model": ["old", "old"]}), pa.table({"model": ["new", "more"]}))
    notes: list[str] = []
    _lone_models("toy", sides, [("old", "new")], notes)
    assert notes == ["Models in B only: more."]
    notes.clear()
    _lone_models("toy", sides[::-1], [("new", "old")], notes)
    assert notes == ["Models in A only: more."]
    notes.clear()
    _lone_models("toy", sides, [], notes)
    assert notes == ["toy: the sides have no model in common."]
