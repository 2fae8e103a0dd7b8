from __future__ import annotations

from typing import Any

import pytest

from measurand.errors import InputError
from measurand.interop import rows
from measurand.interop.account import Account
from measurand.interop.rows import NOBODY, Collector, Fields, Log, Wish, cluster_note, plain
from measurand.results import LOGGED


def row(**changes: Any) -> tuple[Any, ...]:
    fields = {
        "model": "m", "metric": "acc", "item_id": "a", "repeat": 0, "cluster_id": "c", "value": 1.0,
        "status": "ok", "reason": None, "slice": "task=t", "prompt_sha256": NOBODY,
        "item_sha256": NOBODY,
    }  # fmt: skip
    return tuple((fields | changes).values())


def collected(*many: tuple[Any, ...]) -> Any:
    collector = Collector()
    for one in many:
        collector.add(*one)
    return collector.table()


def finish(tables: list[Any], system: str, reruns: str, **wish: Any) -> Any:
    logs = [Log(f"log{i}", table, "m", "t", Account()) for i, table in enumerate(tables)]
    return rows.finish(logs, system, Wish(reruns=reruns, **wish), Account())


def test_rows_become_a_results_table() -> None:
    table = finish(
        [collected(row(), row(item_id="b", value=None, status="skipped"))], "x", "refuse"
    )
    assert table.schema == LOGGED.schema()
    assert table["system"].to_pylist() == ["x", "x"]


def test_batches_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH", 3)
    made = collected(*(row(item_id=str(i), value=float(i)) for i in range(10)))
    assert sorted(made["value"].to_pylist()) == list(range(10))


def test_rows_without_a_number_are_kept_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH", 3)
    found = rows.Collector()
    for i in range(11):
        found.no_number(*row(item_id=f"n{i}", value=None))
        found.no_number(*row(item_id=f"n{i}", value=None, metric="words"))
    found.number(*row(item_id="one", value=1.0))
    assert found.settle() == {"words": 11}
    assert found.table().num_rows == 12


def test_reruns_are_refused_or_numbered_on() -> None:
    logs = [collected(row(value=1.0), row(repeat=1)), collected(row(value=0.0), row(repeat=1))]
    with pytest.raises(InputError, match="--reruns repeats") as caught:
        finish(logs, "x", "refuse")
    assert caught.value.code == "reruns"
    table = finish(logs, "x", "repeats")
    assert sorted(table["repeat"].to_pylist()) == [0, 1, 2, 3]
    by_repeat = dict(zip(table["repeat"].to_pylist(), table["value"].to_pylist(), strict=True))
    assert (by_repeat[0], by_repeat[2]) == (1.0, 0.0)


def test_one_id_is_one_document_in_one_cluster() -> None:
    with pytest.raises(InputError, match="two documents") as caught:
        finish([collected(row(), row(model="n", item_sha256="0" * 64))], "x", "refuse")
    assert caught.value.code == "item_changed"
    with pytest.raises(InputError, match="two clusters"):
        finish([collected(row(), row(model="n", cluster_id="d"))], "x", "refuse")


def test_no_rows_are_an_error() -> None:
    for logs in ([], [Collector().table()]):
        with pytest.raises(InputError, match="no item row"):
            finish(logs, "x", "refuse")


def test_fields_that_may_name_clusters() -> None:
    fields = Fields()
    for i in range(20):
        about = {"id": i, "passage": f"p{i // 4}", "kind": "all", "score": 0.5, "flag": True}
        for name in (f"t/{i}", f"t/{i}"):  # two filters, two epochs or two models
            fields.look(about, name)
    assert fields.repeating() == ["passage"]
    [note] = cluster_note(Wish(), fields)
    assert "passage" in note
    assert cluster_note(Wish(cluster="passage"), fields) == []
    with pytest.raises(InputError, match="fields: id, kind, passage"):
        cluster_note(Wish(cluster="site"), fields)


def test_slices_hold_any_text() -> None:
    assert plain("a=1,b") == "a:1;b"
