from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from gates.gate_evidence import DATA, gate, gate_file, non_inferiority, results_table, rows

from measurand.errors import InputError
from measurand.params import Stop
from measurand.sequence import Watch
from measurand.until import Until, refuse_without

BETS = {"sequential": {"low": 0, "high": 1}}


def until(folder: Path, *gates: dict[str, Any], model: str | None = None, **more: Any) -> Until:
    (folder / "g.yaml").write_text(json.dumps(gate_file(*gates, **more)))
    return Until(Stop(gates="g.yaml", seed=1, clusters=10), folder, model)


def answers(n: int, value: float = 1.0, **more: Any) -> pa.Table:
    return results_table(rows([value] * n, **more))


def opened(found: Until, items: pa.Table, model: str = "m") -> list[str]:
    return found.open(model, items, DATA)


def test_bets_are_open_until_they_are_decided(tmp_path: Path) -> None:
    found = until(
        tmp_path,
        gate(limit=0.5, **BETS, min_n=20),
        gate(id="fixed", limit=0.5),
        gate(id="other", limit=0.5, models=["x"], **BETS),
    )
    assert opened(found, answers(5)) == ["g [m]"]
    assert opened(found, answers(19)) == ["g [m]"]
    assert opened(found, answers(20)) == []
    assert opened(found, answers(20, 0.0)) == []
    assert opened(found, results_table(rows([0, 1] * 20))) == ["g [m]"]


def test_what_no_answer_has_reached_yet_is_waited_for(tmp_path: Path) -> None:
    found = until(tmp_path, gate(limit=0.5, slice={"task": "a"}, **BETS))
    assert opened(found, answers(40, slice="task=b")) == ["g [m; task=a]"]
    lost = rows([1.0] * 39) + rows([None], metric="accuracy", status="infra_error", item_id="x")
    assert opened(found, results_table([{**r, "slice": "task=a"} for r in lost])) != []


def test_a_model_without_an_answer_that_counts_is_not_decided(tmp_path: Path) -> None:
    found = until(tmp_path, gate(limit=0.5, **BETS, min_n=0), models=None)
    assert opened(found, answers(40, metric="mass")) == ["g [m]"]
    assert opened(found, answers(40)) == []


def test_what_no_answer_can_mend_ends_the_run_by_name(tmp_path: Path) -> None:
    gone = until(tmp_path, non_inferiority({"file": "none"}, **BETS))
    with pytest.raises(InputError, match="none") as caught:
        opened(gone, answers(40))
    assert caught.value.code == "baseline_unresolved"
    beyond = until(tmp_path, gate(limit=0.5, **BETS))
    with pytest.raises(InputError) as caught:
        opened(beyond, answers(40, 7.0))
    assert caught.value.code == "beyond_range"


def test_a_regression_that_is_not_seen_yet_decides_nothing(tmp_path: Path) -> None:
    lost = gate(id="r", test="regression", baseline={"value": 0.5}, **BETS)
    del lost["limit"]
    found = until(tmp_path, lost, defaults={"min_n": 0, "min_clusters": 0})
    assert opened(found, answers(40)) == ["r [m]"]
    assert opened(found, answers(40, 0.0)) == []


def test_one_model_that_is_asked_stands_for_those_of_the_file(tmp_path: Path) -> None:
    found = until(tmp_path, gate(limit=0.5, **BETS, min_n=0), model="n")
    assert opened(found, answers(40, model="n"), "n") == []
    assert (found.names("n"), found.names("m")) == (True, False)


@pytest.mark.parametrize(
    ("gates", "more", "code"),
    [
        ([gate()], {}, "no_bets"),
        ([gate(**BETS, cluster="item_id")], {}, "no_stop"),
        ([gate(**BETS)], {"family": {"correction": "holm"}}, "no_stop"),
        ([non_inferiority({"file": "b"}, **BETS) | {"margin": {"rel": 0.1}}], {}, "no_stop"),
        ([gate(limit=None)], {}, "bad_gate"),
    ],
)
def test_files_that_do_not_say_when_to_stop_are_refused(
    gates: list[dict[str, Any]], more: dict[str, Any], code: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        until(tmp_path, *gates, **more)
    assert caught.value.code == code
    assert caught.value.hint


def test_without_anything_to_end_it_a_run_has_one_batch_of_all(tmp_path: Path) -> None:
    watch = Watch(None, "m", DATA, {})
    assert list(watch) == [None]
    watch.see(lambda: pytest.fail("nothing bets"))


def test_a_watch_gives_whole_batches_and_notes_how_far_it_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = until(tmp_path, gate(limit=0.5, **BETS, min_n=0, min_clusters=0))
    names = {row["cluster_id"]: 2 for row in rows([1] * 95, cluster_size=1)}
    watch = Watch(found, "m", DATA, names)
    seen: list[dict[str, Any]] = []
    for batch in watch:
        assert batch is not None
        seen.extend(r for r in rows([1] * 95) if r["cluster_id"] in batch)
        watch.see(lambda: results_table(seen))
    assert len(seen) % 10 == 0
    assert len(seen) < 95
    assert found.record() == {
        "seed": 1,
        "batch": 10,
        "gates_sha256": found.record()["gates_sha256"],
        "models": [
            {
                "model": "m", "clusters": len(seen), "of_clusters": 95, "items": 2 * len(seen),
                "of_items": 190, "open": [],
            }
        ],
    }  # fmt: skip
    assert "all bets are decided" in capsys.readouterr().out


def test_a_system_that_takes_no_order_is_refused() -> None:
    def evaluate(params: object, *, limit: int | None = None) -> None: ...

    with pytest.raises(InputError, match="cannot end early") as caught:
        refuse_without(evaluate, "toy")
    assert caught.value.code == "no_sequence"
