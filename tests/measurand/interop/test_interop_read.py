from __future__ import annotations

from pathlib import Path

import pytest

from measurand.errors import InputError
from measurand.interop.read import read
from measurand.interop.rows import Wish
from measurand.results import LOGGED, RESULTS
from measurand.shards import write_dataset

TABLE = "model,item_id,value\na,1,1\na,2,0\n"


def test_our_own_results_are_read_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    rows = read([tmp_path / "t.csv"], Wish()).table
    write_dataset(tmp_path / "r" / "items", LOGGED, rows, params={"partial": True})
    found = read([tmp_path / "r"], Wish())
    assert found.origin == "Measurand"
    assert found.table.equals(rows.sort_by([(k, "ascending") for k in RESULTS.key]))
    assert "partial run" in found.notes[0]
    write_dataset(tmp_path / "r" / "more", LOGGED, rows)
    with pytest.raises(InputError, match="measurand compare"):
        read([tmp_path / "r" / "more", tmp_path / "r"], Wish())


def test_logs_come_before_tables_beside_them(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    (tmp_path / "samples_x.jsonl").write_text(
        '{"doc_id": 0, "doc": {}, "metrics": ["acc"], "acc": 1.0, "filter": "none"}\n'
    )
    assert read([tmp_path], Wish()).origin == "lm-evaluation-harness"


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file") as caught:
        read([tmp_path / "nowhere"], Wish())
    assert caught.value.code == "no_file"
    with pytest.raises(InputError, match="no results at"):
        read([tmp_path], Wish())
    (tmp_path / "a.eval").write_bytes(b"")
    (tmp_path / "samples_x.jsonl").write_text("")
    with pytest.raises(InputError, match=r"lm-eval \(samples_x.jsonl\) and inspect"):
        read([tmp_path], Wish())
