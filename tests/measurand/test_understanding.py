from __future__ import annotations

import io

from measurand.reporting.terminal import to_text
from measurand.responses import read
from measurand.understanding import columns, document


def test_columns_with_role_type_and_first_rows() -> None:
    text = "id,a,b,c,d\nx,1,2,yes,\ny,2,many,no,\nz,NA,3,yes,\nw,4,5,no,\n"
    table = read(io.BytesIO(text.encode()), "t.csv")
    found = {c["column"]: c for c in columns(table, {"a": "item of S, +1"})}
    assert found["a"] == {
        "file": "t.csv", "column": "a", "role": "item of S, +1", "type": "numbers", "missing": 1,
        "first": ["1", "2", "NA"],
    }  # fmt: skip
    kinds = {name: c["type"] for name, c in found.items()}
    assert kinds["id"] == "text"
    assert kinds["b"] == "numbers and 1 other cells"
    assert kinds["c"] == "numbers"
    assert kinds["d"] == "empty"
    assert found["id"]["role"] == "not used"
    page = to_text(document("t.csv", list(found.values()), ["a note"]))
    assert "a note" in page
    assert "Columns of t.csv" in page
