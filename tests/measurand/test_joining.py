from __future__ import annotations

import pyarrow as pa

from measurand.joining import refuse, two_documents


def frame(**documents: list[str | None]) -> pa.Table:
    rows = [{"item": item, "document": d} for item, found in documents.items() for d in found]
    kind = pa.schema([("item", pa.string()), ("document", pa.string())])
    return pa.Table.from_pylist(rows, kind)


def test_one_id_with_two_hashes_is_two_documents() -> None:
    assert two_documents(frame(a=["1", "1"], b=["2", "3"], c=["4"])) == ["b"]


def test_what_no_log_says_is_no_difference() -> None:
    assert two_documents(frame(a=["1", None], b=[None, None])) == []
    assert two_documents(frame()) == []


def test_shuffled_ids_have_a_way_out() -> None:
    moved = frame(a=["1", "2"], b=["2", "1"], c=["3", "3"])
    error = refuse(two_documents(moved), moved)
    assert error.code == "item_changed"
    assert "2 of 3 items" in str(error)
    assert "--by-content" in str(error.hint)
    other = frame(a=["1", "2"], b=["3", "4"])
    assert "--changed leave-out" in str(refuse(two_documents(other), other).hint)


def test_from_half_as_many_moved_documents_as_items_on_content_is_the_way_out() -> None:
    half = frame(a=["1", "2"], b=["2", "3"])  # document 2 stands under both
    assert "1 documents stand under two ids" in str(refuse(two_documents(half), half).hint)
    fewer = frame(a=["1", "2"], b=["2", "3"], c=["4", "5"])
    assert "--by-content" not in str(refuse(two_documents(fewer), fewer).hint)
