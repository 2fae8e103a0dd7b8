from __future__ import annotations

import io

import pytest

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
