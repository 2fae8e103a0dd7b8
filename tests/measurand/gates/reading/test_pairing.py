from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from gate_evidence import gate, gate_file, results_table, rows

from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.gatefile import validate
from measurand.gates.reading.evidence import Evidence
from measurand.gates.reading.items import Scored, select
from measurand.gates.reading.pairing import in_one_order, pair, unpaired


def of(content: list[dict[str, Any]]) -> Scored:
    spec = validate(gate_file(gate(nan="drop", max_drop=1.0)))
    rules = spec.settings(spec.gates[0])
    return select(Evidence(results_table(content), "h", "results"), spec.gates[0], rules, "m", {})


def side(values: list[float | None], **more: Any) -> Scored:
    return of(rows(values, **more))


def refused(a: Scored, b: Scored, same: bool = True, drop: float = 0.01) -> str:
    with pytest.raises(EvidenceError) as caught:
        pair(a, b, same_dataset=same, max_drop=drop)
    return caught.value.code


def test_differences_are_by_item_id_whatever_the_order() -> None:
    a, b = of(rows([1, 0, 0.5])[::-1]), side([0.5, 0.5, 0.5])
    differences, level = pair(a, b, same_dataset=True, max_drop=0)
    assert differences.values.tolist() == [0.5, -0.5, 0]
    assert differences.paired
    assert level.values.tolist() == [0.5, 0.5, 0.5]


def test_over_one_dataset_ids_must_be_equal() -> None:
    assert refused(side([1] * 99), side([1] * 100)) == "id_mismatch"
    assert refused(side([1] * 100), side([1] * 99)) == "id_mismatch"


def test_over_two_datasets_95_percent_must_be_common() -> None:
    pairs, _ = pair(side([1] * 95), side([0] * 100), same_dataset=False, max_drop=0)
    assert pairs.values.tolist() == [1] * 95
    assert refused(side([1] * 94), side([1] * 100), same=False) == "low_overlap"


def test_losses_must_be_alike_on_both_sides() -> None:
    left, right = side([1.0] * 98 + [None] * 2), side([0.5] * 100)
    assert refused(left, right) == "uneven_drop"
    pairs, level = pair(left, right, same_dataset=True, max_drop=0.02)
    assert pairs.values.tolist() == [0.5] * 98
    assert level.values.tolist() == [0.5] * 98


def test_other_prompts_are_another_instrument() -> None:
    asked = rows([1, 0])
    other = [r | {"repeat": 1, "prompt_sha256": "1" * 64} for r in asked[1:]]
    assert refused(of(asked), of(asked + other)) == "instrument_changed"
    assert refused(side([1, 0]), side([1, 0], prompt_sha256="1" * 64)) == "instrument_changed"


def logged(documents: list[str | None], ids: list[str] | None = None) -> Scored:
    """Rows as other harnesses' logs give them: each item has the hash of its document."""
    content = rows([1.0] * len(documents))
    for row, name in zip(content, ids or [r["item_id"] for r in content], strict=True):
        row["item_id"] = name
    table = results_table(content).append_column("item_sha256", pa.array(documents, pa.string()))
    spec = validate(gate_file(gate()))
    gate_ = spec.gates[0]
    return select(Evidence(table, "h", "results"), gate_, spec.settings(gate_), "m", {})


@pytest.mark.parametrize("same", [True, False])
def test_one_id_is_one_document_on_both_sides(same: bool) -> None:
    texts: list[str | None] = ["a", "b", "c"]
    assert refused(logged(texts), logged(["b", "a", "c"]), same) == "item_changed"
    assert refused(logged(texts), logged(["a", "b", "x"]), same) == "item_changed"
    with pytest.raises(EvidenceError, match=r"item i00002 is two documents \(1 of 3 items are\)"):
        pair(logged(texts), logged(["a", "b", "x"]), same_dataset=same, max_drop=0)


def test_equal_documents_and_such_as_no_log_holds_are_paired() -> None:
    texts: list[str | None] = ["a", "b", "c"]
    for other in (texts, ["a", None, "c"], [None, None, None]):
        differences, _ = pair(logged(texts), logged(other), same_dataset=True, max_drop=0)
        assert len(differences.values) == 3
    pair(logged(texts), side([1, 1, 1]), same_dataset=True, max_drop=0)


def test_two_documents_under_one_id_are_refused_within_a_side() -> None:
    content = rows([1.0, 0.0])
    content[1] |= {"item_id": content[0]["item_id"], "repeat": 1, "cluster_id": "c00000"}
    for texts, fine in ((["a", "b"], False), (["a", "a"], True)):
        table = results_table(content).append_column("item_sha256", pa.array(texts))
        spec = validate(gate_file(gate()))
        asked = (Evidence(table, "h", "results"), spec.gates[0], spec.settings(spec.gates[0]))
        if fine:
            assert select(*asked, "m", {}).items.num_rows == 1
            continue
        with pytest.raises(EvidenceError) as caught:
            select(*asked, "m", {})
        assert caught.value.code == "item_changed"
        assert caught.value.hint == "give every document an id of its own"


def test_clusters_must_agree_over_one_dataset() -> None:
    a, b = side([1] * 4), side([1] * 4, cluster_size=2)
    assert refused(a, b) == "id_mismatch"
    pairs, _ = pair(a, b, same_dataset=False, max_drop=0)
    assert len(set(pairs.clusters.tolist())) == 4


def test_nothing_scored_on_common_items() -> None:
    a, b = side([1, None]), side([None, 1])
    assert refused(a, b) == "empty_slice"


def test_uneven_losses_are_told_of_the_right_side() -> None:
    left, right = side([1.0] * 90 + [None] * 10), side([0.5] * 100)
    with pytest.raises(EvidenceError, match=r"10\.00% of the candidate, 0\.00% of"):
        unpaired(left, right, max_drop=0.01)
    assert len(unpaired(left, right, max_drop=0.1)[0].values) == 90


def test_a_run_that_ended_early_is_compared_on_the_clusters_that_both_were_asked() -> None:
    early = of(rows([1, 1, 0, 1], cluster_size=2))
    whole = of(rows([1, 0, 0, 0, 1, 1], cluster_size=2))
    a, b = in_one_order(early, whole, 7, None)
    assert a.items.num_rows == b.items.num_rows == 4
    differences, _ = pair(a, b, same_dataset=True, max_drop=0.0)
    assert differences.values.tolist() == [0.0, 1.0, 0.0, 1.0]
    a, b = in_one_order(whole, early, 7, 7)
    assert a.items.num_rows == b.items.num_rows == 4
    assert in_one_order(early, whole, None, None) == (early, whole)


def test_runs_that_ended_early_in_two_orders_are_not_compared() -> None:
    one = of(rows([1, 0]))
    with pytest.raises(EvidenceError) as caught:
        in_one_order(one, one, 7, 8)
    assert caught.value.code == "orders_mixed"


def test_shares_are_not_put_against_percentages() -> None:
    shares, percent = side([0.9, 0.5, 1.0, 0.8]), side([90, 50, 100, 80])
    assert refused(shares, percent) == "two_scales"
    assert refused(percent, shares) == "two_scales"
    assert refused(side([1, 0, 1, 1]), side([100, 0, 0, 100])) == "two_scales"
    pairs, _ = pair(side([1, 0, 1, 0]), side([3, 4, 2, 5]), same_dataset=True, max_drop=0)
    assert len(pairs.values) == 4  # counts that are few on one side
