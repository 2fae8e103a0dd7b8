from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

import measurand
from measurand.interop import inspect_files as reader
from measurand.interop.inspect_files import array_items


@pytest.mark.parametrize("piece", [1, 2, 7, 1 << 20])
def test_arrays_are_read_item_by_item(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PIECE", piece)
    text = ' [ {"a": "é]},{"}, {"b": [1, {"c": NaN}]} ,{}\n] '
    items = list(array_items(io.BytesIO(text.encode())))
    assert items[0] == {"a": "é]},{"}
    assert items[2] == {}
    assert list(array_items(io.BytesIO(b"[]"))) == []


@pytest.mark.parametrize("text", ["", "{}", '[{"a": 1}', '[{"a": 1', '[{"a": 1}, nul'])
def test_arrays_that_are_cut_off(text: str) -> None:
    with pytest.raises(ValueError, match=r"array|Expecting|Unterminated"):
        list(array_items(io.BytesIO(text.encode())))


LOG = {
    "version": 2,
    "status": "success",
    "eval": {"created": "2026", "task": "t", "model": "m", "dataset": {}, "config": {}},
    "samples": [
        {"id": i, "epoch": 1, "input": "q", "target": "x", "scores": {"s": {"value": i % 2}}}
        for i in range(4)
    ],
}


@pytest.mark.parametrize("form", ["plain", "sorted", "indented", "packed"])
def test_a_json_log_is_known_in_every_form(form: str, tmp_path: Path) -> None:
    text = json.dumps(LOG, sort_keys=form == "sorted", indent=2 if form == "indented" else None)
    file = tmp_path / ("x.json.gz" if form == "packed" else "x.json")
    file.write_bytes(gzip.compress(text.encode()) if form == "packed" else text.encode())
    found = measurand.analyse(file).record
    assert found["origin"] == "Inspect"
    assert found["scores"][0]["models"][0]["mean"]["value"] == 0.5


def test_an_archive_of_something_else_is_closed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.eval", "w") as archive:
        archive.writestr("inner.eval", b"")
    with pytest.raises(KeyError):
        reader.opened(tmp_path / "x.eval")  # an open file would be a warning, which is an error
