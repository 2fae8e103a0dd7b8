from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from measurand.errors import InputError
from pipelines.value_functions.own_table import read
from schemas.value_functions.params import File


def source(path: Path, **more: object) -> File:
    return File.model_validate({"kind": "file", "id": "mine", "path": str(path), "target": "y"}
                               | more)  # fmt: skip


def test_csv_with_text_columns_and_bad_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,x,y\nann,1,2\nbob,,3\ncid,4,inf\ndan,5,nan\neve,6,six\nfay,7,8\n")
    found = read(source(path))
    assert found.features == ("x",)
    assert found.examples == [("row-1", "row-1", [1.0], 2.0), ("row-6", "row-6", [7.0], 8.0)]
    assert [reason for _, reason, _ in found.rejected] == [
        "missing", "not_finite", "not_finite", "no_number",
    ]  # fmt: skip
    assert "name" in found.notes[0]


def test_named_features_must_be_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,x,y\nann,1,2\nbob,2,3\n")
    with pytest.raises(InputError, match="no_number") as caught:
        read(source(path, features=["name"]))
    assert caught.value.code == "no_numbers"


def test_text_in_the_target(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,low\n2,high\n")
    with pytest.raises(InputError, match="2 no_number"):
        read(source(path))


def test_groups_are_clusters(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"x": 1, "y": 2.5, "who": "a"}, {"x": 2, "y": 3, "who": 7}, {"x": 2, "y": 3}]
    path.write_text("\n".join(map(json.dumps, rows)))
    found = read(source(path, group="who"))
    assert [cluster for _, cluster, _, _ in found.examples] == ["a", "7"]
    assert found.rejected[0][1:] == ("missing", "column who")


def test_parquet_has_missing_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": [1.0, None, float("nan"), 2.0], "y": [1, 2, 3, 4]}), path)
    found = read(source(path))
    assert [values for _, _, values, _ in found.examples] == [[1.0], [2.0]]
    assert [reason for _, reason, _ in found.rejected] == ["missing", "missing"]


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,2\n")
    with pytest.raises(InputError, match="no column 'who'"):
        read(source(path, group="who"))
