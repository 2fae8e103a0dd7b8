from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from measurand.errors import InputError
from measurand.interop.read import read
from measurand.interop.rows import Wish

LONG = """\
model,item_id,repeat,value,passage,status
a,q1,0,1,p1,
a,q2,0,0,p1,
a,q1,1,0.5,p1,
b,q1,0,,p1,
b,q2,0,,p1,infra_error
"""


def write(folder: Path, text: str, name: str = "scores.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_results_tables_own_names_are_found(tmp_path: Path) -> None:
    found = read([write(tmp_path, LONG)], Wish(cluster="passage", by=("passage",)))
    rows = found.table.to_pylist()
    assert found.origin == "plain tables"
    assert {r["cluster_id"] for r in rows} == {"p1"}
    by = {(r["model"], r["item_id"], r["repeat"]): (r["value"], r["status"]) for r in rows}
    assert by == {
        ("a", "q1", 0): (1.0, "ok"),
        ("a", "q2", 0): (0.0, "ok"),
        ("a", "q1", 1): (0.5, "ok"),
        ("b", "q1", 0): (None, "skipped"),
        ("b", "q2", 0): (None, "infra_error"),
    }


def test_columns_of_any_name_and_several_scores(tmp_path: Path) -> None:
    path = write(tmp_path, "question,em,f1\n1,0,0.5\n2,1,1\n", "gpt.csv")
    wish = Wish(columns={"item_id": "question"}, values=("em", "f1"))
    rows = read([path], wish).table.to_pylist()
    assert {(r["metric"], r["item_id"], r["value"]) for r in rows} == {
        ("em", "1", 0.0), ("em", "2", 1.0), ("f1", "1", 0.5), ("f1", "2", 1.0),
    }  # fmt: skip
    assert {r["model"] for r in rows} == {"gpt"}


def test_parquet_and_csv_are_the_same(tmp_path: Path) -> None:
    table = pa.table({"item_id": [1, 2, 3], "value": [True, False, True]})
    pq.write_table(table, tmp_path / "m.parquet")
    csv = write(tmp_path, "item_id,value\n1,1\n2,0\n3,1\n", "m.csv")
    found = [read([p], Wish()).table.to_pylist() for p in (tmp_path / "m.parquet", csv)]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("text", "wish", "code"),
    [
        ("a,value\n1,1\n", Wish(), "no_column"),
        ("item_id,a\n1,1\n", Wish(), "no_column"),
        ("item_id,value\n1,1\n", Wish(cluster="site"), "no_column"),
        ("item_id,value\n1,1\n", Wish(by=("site",)), "no_column"),
        ("item_id,value\n1,1\n", Wish(columns={"model": "m"}), "no_column"),
        ("item_id,value\n1,yes\n", Wish(), "bad_value"),
        ("item_id,value\n1,inf\n", Wish(), "bad_value"),
        ("item_id,value\n,1\n", Wish(), "no_item"),
        ("item_id,value,repeat\n1,1,x\n", Wish(), "bad_value"),
        ("item_id,value,repeat\n1,1,inf\n", Wish(), "bad_value"),
        ("item_id,value,repeat\n1,1,1.5\n", Wish(), "bad_value"),
        ("item_id,value,status\n1,1,fine\n", Wish(), "bad_status"),
        ("item_id,value,site\n1,1,\n", Wish(cluster="site"), "no_cluster"),
        ("item_id,value\n1,1\n1,0\n", Wish(), "reruns"),
        ("item_id,value\n", Wish(), "empty"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, wish: Wish, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read([write(tmp_path, text)], wish)
    assert caught.value.code == code
    assert caught.value.hint
