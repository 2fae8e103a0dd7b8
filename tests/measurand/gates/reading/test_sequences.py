from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gate_evidence import gate, gate_file, rows, write_items

from measurand.costs import COSTS
from measurand.gates import run_gates
from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.reading.sequences import read
from measurand.shards import write_dataset

RUN = {"model": "m", "clusters": 10, "of_clusters": 40, "items": 10, "of_items": 40, "open": []}
ORDER: dict[str, Any] = {"seed": 1, "batch": 10, "gates_sha256": "x", "models": [RUN]}


def results(folder: Path, order: dict[str, Any] | None = ORDER, costs: bool = True) -> Path:
    params = {} if order is None else {"sequence": order}
    items = write_items(folder / "items", rows([1.0] * 10), params=params)
    if costs:
        some = {"calls": 1, "cached_tokens": 0, "fingerprint": "f", "dtype": "float32"}
        spent = [
            {"model": "m", "part": part, "prompt_tokens": 50, "seconds": 2.0, **some}
            for part in ("a", "retest")
        ]
        more = {"chat_template": False, "retries": 0}
        table = COSTS.from_columns(
            {c.name: [{**row, **more}[c.name] for row in spent] for c in COSTS.columns}
        )
        write_dataset(folder / "costs", COSTS, table)
    return items


def test_what_was_not_asked_costs_what_was_asked(tmp_path: Path) -> None:
    found = read(results(tmp_path))
    assert found is not None
    assert found.early
    assert (found.seed, found.batch, found.gates_sha256) == (1, 10, "x")
    [one] = found.to_dict()["models"]
    assert one["open"] == []
    assert one["items_saved"] == 30
    assert (one["prompt_tokens"], one["prompt_tokens_saved"]) == (100, 300)
    assert (one["seconds"], one["seconds_saved"]) == (4.0, 12.0)
    assert "m: 10 of 40 items in 10 of 40 clusters, 30 items saved, about 300 prompt" in (
        found.sentence()
    )


def test_a_whole_run_saved_nothing(tmp_path: Path) -> None:
    whole = {**RUN, "items": 40, "clusters": 40, "open": ["g"]}
    found = read(results(tmp_path, {**ORDER, "models": [whole]}, costs=False))
    assert found is not None
    assert not found.early
    assert found.to_dict()["models"][0]["seconds_saved"] is None
    assert "saved" not in found.models[0].words()
    assert found.models[0].open == ("g",)


def test_of_a_model_whose_gates_nobody_knows_none_is_open(tmp_path: Path) -> None:
    found = read(results(tmp_path, {**ORDER, "models": [{**RUN, "open": None}]}, costs=False))
    assert found is not None
    assert (found.models[0].open, found.to_dict()["models"][0]["open"]) == (None, None)


def test_other_results_say_nothing(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    assert read(results(tmp_path, None)) is None


def test_a_damaged_order_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError) as caught:
        read(results(tmp_path, {**ORDER, "models": [{"model": "m"}]}))
    assert caught.value.code == "verify_failed"


def test_results_of_two_orders_are_never_mixed(tmp_path: Path) -> None:
    file = tmp_path / "g.yaml"
    file.write_text(json.dumps(gate_file(gate(sequential={}))))
    for name, order in (("a", ORDER), ("b", None)):
        results(tmp_path / "r" / name, order, costs=False)
    found = run_gates(file, root=tmp_path, results=tmp_path / "r")
    assert found.gates[0].reason_code == "orders_mixed"


def test_other_clusters_than_were_asked_in_order_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "g.yaml"
    file.write_text(json.dumps(gate_file(gate(sequential={}, cluster="item_id"))))
    results(tmp_path)
    found = run_gates(file, root=tmp_path, results=tmp_path)
    assert found.gates[0].reason_code == "orders_mixed"
