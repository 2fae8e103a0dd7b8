from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from counting import calls
from gate_evidence import bits, gate, gate_file, results_table, rows

from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.gatefile import validate
from measurand.gates.reading import items
from measurand.gates.reading.evidence import Evidence

NAN, INF = float("nan"), float("inf")


def evidence(*content: list[dict[str, Any]]) -> Evidence:
    return Evidence(results_table([r for part in content for r in part]), "h", "results")


def select(
    found: Evidence, model: str = "m", parts: dict[str, str] | None = None, **more: Any
) -> items.Scored:
    spec = validate(gate_file(gate(**more)))
    return items.select(found, spec.gates[0], spec.settings(spec.gates[0]), model, parts or {})


def values(side: items.Scored) -> list[float]:
    found: list[float] = side.sample().values.tolist()
    return found


def ids(side: items.Scored) -> list[str]:
    scored: list[str] = (
        side.items.filter(side.items.column("value").is_valid()).column("item_id").to_pylist()
    )
    return scored


def code(found: Evidence, **more: Any) -> str:
    with pytest.raises(EvidenceError) as caught:
        select(found, **more)
    assert caught.value.hint
    return caught.value.code


def test_repeats_are_averaged_within_items() -> None:
    content = rows([1, 0, 1]) + rows([0, 0, 1], repeat=1) + rows([0, 0, 1], repeat=2)
    got = select(evidence(content[::-1]))
    assert ids(got) == ["i00000", "i00001", "i00002"]
    assert values(got) == [1 / 3, 0, 1]
    assert got.rows == 9


def test_ten_equal_repeats_are_exactly_their_value() -> None:
    content = [r for k in range(10) for r in rows([1.0, 0.0], repeat=k)]
    assert values(select(evidence(content))) == [1.0, 0.0]


def test_only_the_metric_model_and_slice_asked_for() -> None:
    mixed = evidence(
        rows([1, 1], slice="lang=en,level=1"),
        rows([0, 0], model="other"),
        rows([0, 0], metric="other"),
        rows([5, 6, 7], repeat=1, slice="lang=de"),
    )
    got = select(mixed, parts={"lang": "en"})
    assert values(got) == [1, 1]
    assert select(mixed, parts={"level": "1", "lang": "en"}).rows == 2
    assert code(mixed, parts={"lang": "fr"}) == "empty_slice"
    assert code(mixed, model="absent") == "missing_metric"
    assert code(mixed, metric="absent") == "missing_metric"


@pytest.mark.parametrize("column", ["metric", "model", "item_id", "value", "cluster_id"])
def test_a_needed_column_that_is_absent_is_named(column: str) -> None:
    table = results_table(rows([1, 0])).drop_columns([column])
    assert code(Evidence(table, "h", "results")) == "missing_metric"


def test_rows_of_another_harness_need_four_columns_and_a_unit() -> None:
    table = pa.table(
        {
            "model": pa.array(["m"] * 4).dictionary_encode(),
            "metric": ["accuracy"] * 4,
            "doc": [10, 11, 12, 13],
            "value": [True, False, True, True],
        }
    )
    got = select(Evidence(table, "h", "results"), unit="doc", cluster="doc")
    assert ids(got) == ["10", "11", "12", "13"]
    assert values(got) == [1, 0, 1, 1]


@pytest.mark.parametrize("bad", [None, NAN, INF, -INF])
class TestMissing:
    content = bits(400, 0.5)

    def evidence(self, bad: float | None, k: int = 3) -> Evidence:
        table = results_table(rows([*self.content[:-k], *[0.0] * k]))
        values = pa.array([*self.content[:-k], *[bad] * k], pa.float64())
        return Evidence(table.set_column(7, "value", values), "h", "results")

    def test_is_an_error_by_default(self, bad: float | None) -> None:
        assert code(self.evidence(bad)) == "nan_value"

    def test_counts_as_worst_if_told(self, bad: float | None) -> None:
        got = select(self.evidence(bad), nan="worst")
        assert values(got)[-3:] == [0, 0, 0]
        assert (len(values(got)), got.dropped) == (400, 0)
        low = select(self.evidence(bad), nan="worst", direction="lower")
        assert values(low)[-3:] == [1, 1, 1]

    def test_is_dropped_if_told_and_few(self, bad: float | None) -> None:
        got = select(self.evidence(bad), nan="drop")
        assert (len(values(got)), got.dropped, got.items.num_rows) == (397, 3, 400)
        assert code(self.evidence(bad, k=5), nan="drop") == "too_many_dropped"
        assert select(self.evidence(bad, k=5), nan="drop", max_drop=0.0125).dropped == 5


def test_worst_needs_scores_between_0_and_1() -> None:
    content = rows([0.5, 2.0, None])
    assert code(evidence(content), nan="worst") == "nan_value"


def test_errors_of_the_model_have_no_value_and_skipped_rows_are_never_failures() -> None:
    content = rows(bits(398, 0.5))
    failed = [r | {"item_id": "x", "status": "model_error", "value": None} for r in rows([None])]
    skipped = [r | {"item_id": "y", "status": "skipped", "value": None} for r in rows([None])]
    assert code(evidence(content, failed)) == "nan_value"
    got = select(evidence(content, failed, skipped), nan="worst")
    assert ids(got)[-1] == "x"
    assert (values(got)[-1], got.dropped) == (0.0, 1)


def test_infrastructure_errors_are_never_the_model_s() -> None:
    content = rows(bits(396, 1.0))
    lost = [
        r | {"item_id": f"x{i}", "status": "infra_error"} for i, r in enumerate(rows([None] * 4))
    ]
    both = evidence(content, lost)
    assert code(both) == "infra_errors"
    assert code(both, max_infra_errors=0.0099, nan="worst") == "infra_errors"
    got = select(both, max_infra_errors=0.01, nan="worst")
    assert (min(values(got)), len(values(got)), got.infra, got.dropped) == (1.0, 396, 4, 0)
    assert got.items.num_rows == 400


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"item_id": "i00000"}, "id_mismatch"),  # a duplicate
        ({"item_id": "i00000", "repeat": 1}, "id_mismatch"),  # one item in two clusters
    ],
)
def test_ids_must_be_sound(change: dict[str, Any], expected: str) -> None:
    content = rows([1, 0, 1])
    content[2] |= change
    assert code(evidence(content)) == expected


@pytest.mark.parametrize("column", ["item_id", "cluster_id", "repeat", "status"])
def test_null_in_a_needed_column(column: str) -> None:
    content = rows([1, 0, 1])
    content[1][column] = None
    table = pa.Table.from_pylist(content)
    assert code(Evidence(table, "h", "results")) == "id_mismatch"


def test_values_that_are_text_and_unknown_statuses_are_drift() -> None:
    table = results_table(rows([1, 0]))
    text = table.set_column(7, "value", pa.array(["1", "0"]))
    assert code(Evidence(text, "h", "results")) == "schema_drift"
    strange = [r | {"status": "OK"} for r in rows([1, 0])]
    assert code(evidence(strange)) == "schema_drift"


def test_nothing_scored() -> None:
    nothing = select(evidence(rows([None, None])), nan="drop", max_drop=1.0)
    with pytest.raises(EvidenceError, match="no item has a score"):
        nothing.sample()


def test_models_are_those_that_have_the_metric() -> None:
    both = evidence(rows([1], model="b"), rows([1], model="a"), rows([1], model="c", metric="x"))
    assert items.models_of(both, "accuracy") == ["a", "b"]
    for column in ("model", "metric"):
        without = Evidence(results_table(rows([1])).drop_columns([column]), "h", "results")
        assert items.models_of(without, "accuracy") == []


@pytest.mark.integration
def test_many_rows_are_read_without_a_call_for_each() -> None:
    n = 200_000
    one = results_table(rows([1.0]))
    table = pa.table(
        {name: pa.repeat(one.column(name)[0], n) for name in one.column_names}
        | {"item_id": [f"i{i}" for i in range(n)], "value": np.arange(n) % 2.0}
    )
    got = select(Evidence(table, "h", "results"))
    assert np.mean(values(got)) == 0.5
    assert calls(lambda: select(Evidence(table, "h", "results"))) < 2000


def test_the_share_of_rows_left_out_is_of_those_that_reached_the_model() -> None:
    side = items.Scored(pa.table({}), rows=10, dropped=2, infra=2)
    assert side.drop_share == 0.25
    assert items.Scored(pa.table({}), rows=3, dropped=0, infra=3).drop_share == 0


def test_one_score_that_is_not_finite_spoils_the_mean() -> None:
    table = pa.table({"cluster": ["a", "b"]})
    with pytest.raises(EvidenceError, match="overflow"):
        items.sample_of(table, pa.chunked_array([[0.5, INF]]))


def test_single_repeats_are_those_with_a_score() -> None:
    content = rows([1, 0]) + rows([None, 0.5], repeat=1)
    spec = validate(gate_file(gate(nan="drop", max_drop=0.25)))
    one = spec.gates[0]
    found = items.single(evidence(content), one, spec.settings(one), "m", {})
    assert found.to_pylist() == [
        {"item_id": "i00000", "cluster": "c00000", "repeat": 0, "score": 1.0},
        {"item_id": "i00001", "cluster": "c00001", "repeat": 0, "score": 0.0},
        {"item_id": "i00001", "cluster": "c00001", "repeat": 1, "score": 0.5},
    ]


def with_documents(content: list[dict[str, Any]], *documents: str) -> Evidence:
    table = results_table(content).append_column("item_sha256", pa.array(documents))
    return Evidence(table.append_column("doc", pa.array(["d"] * len(content))), "h", "results")


def test_an_item_has_one_document_and_a_group_of_items_may_have_many() -> None:
    content = rows([1]) + rows([0], repeat=1)
    with pytest.raises(EvidenceError) as caught:
        select(with_documents(content, "x", "y"))
    assert caught.value.code == "item_changed"
    assert caught.value.hint == "give every document an id of its own"
    assert select(with_documents(content, "x", "x")).rows == 2
    assert select(with_documents(content, "x", "y"), unit="doc", cluster="doc").rows == 2


def test_two_sides_share_an_items_document() -> None:
    sides = [select(with_documents(rows([1]), name)).items for name in ("x", "y")]
    items.one_document(sides[0], sides[0])
    with pytest.raises(EvidenceError) as caught:
        items.one_document(*sides)
    assert caught.value.code == "item_changed"
    assert caught.value.hint == "run the baseline again on the present items"
