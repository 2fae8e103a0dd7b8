from __future__ import annotations

import json
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from measurand import rows, shards
from measurand.errors import InputError
from measurand.rows import Unreadable
from measurand.tables import Column, Table

ROWS = [{"a": "1", "b": "x y"}, {"a": "2", "b": "ü,\n"}]


def _csv(path: Path) -> None:
    path.write_text('a,b\n1,x y\n\n2,"ü,\n"\n', encoding="utf-8-sig")


def _tsv(path: Path) -> None:
    path.write_text('a\tb\n1\tx y\n2\t"ü,\n"\n')


def _jsonl(path: Path) -> None:
    path.write_text("\n\n".join(json.dumps(row) for row in ROWS))


def _parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), path)


def _saved(path: Path) -> None:
    part = datasets.Dataset.from_list(ROWS)
    datasets.DatasetDict({"one": part.select([0]), "two": part.select([1])}).save_to_disk(path)


def _ours(path: Path) -> None:
    table = Table(
        "t",
        "1.0.0",
        ("a",),
        (Column("a", pa.string(), "a"), Column("b", pa.string(), "b")),
        doc="rows",
    )
    shards.write_dataset(path, table, pa.Table.from_pylist(ROWS, schema=table.schema()))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("f.csv", _csv),
        ("f.tsv", _tsv),
        ("f.jsonl", _jsonl),
        ("f.parquet", _parquet),
        ("saved", _saved),
        ("ours", _ours),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str, write: object) -> None:
    assert callable(write)
    write(tmp_path / name)
    found = list(rows.read(tmp_path / name, ["a", "b"]))
    assert found == [("row-1", ROWS[0]), ("row-2", ROWS[1])]


def test_rows_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    csv, lines = tmp_path / "f.csv", tmp_path / "f.jsonl"
    csv.write_text("a,b\n1\n1,2\n")
    lines.write_text('{"a": 1}\n{"a"\n[1]\n')
    first, second = (list(rows.read(path, ["a"])) for path in (csv, lines))
    assert first[0] == ("row-1", Unreadable("wrong_number_of_cells", "1 cells under 2 columns"))
    reasons = [row.reason if isinstance(row, Unreadable) else None for _, row in second]
    assert reasons == [None, "bad_json_line", "bad_json_line"]


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("f.csv", b"", "is empty"),
        ("f.csv", b"a,a\n1,2\n", "names a column twice"),
        ("f.csv", b"a,b\n", "holds no rows"),
        ("f.csv", b"b\n1\n", "no column 'a'"),
        ("f.csv", b"a\n\xff\n", "cannot be read"),
        ("f.csv", b'a\n"1\n', "cannot be read"),
        ("f.parquet", b"PAR0", "no Parquet file"),
        ("f.xlsx", b"", "unknown format"),
    ],
)
def test_files_that_cannot_be_used_are_named(
    tmp_path: Path, name: str, content: bytes, named: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=named):
        list(rows.read(path, ["a"]))


def test_a_folder_without_a_dataset_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no dataset"):
        list(rows.read(tmp_path / "empty", ["a"]))


def test_a_file_is_found_from_the_root_or_refused(tmp_path: Path) -> None:
    assert rows.locate("pyproject.toml").name == "pyproject.toml"
    assert rows.locate(str(tmp_path)) == tmp_path
    with pytest.raises(InputError, match="no such file"):
        rows.locate("nowhere.csv")


def test_cells_as_text() -> None:
    assert [rows.text(v) for v in (None, float("nan"), " a ", 3, 0.5)] == ["", "", "a", "3", "0.5"]
    assert [rows.is_plain(v) for v in ("a", 1, None, [1], {"a": 1}, b"a")] == [True] * 3 + [
        False
    ] * 3


def test_the_digest_is_that_of_the_content(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f.txt").write_text("x")
    assert rows.digest(tmp_path / "a") == rows.digest(tmp_path / "b")
    (tmp_path / "b" / "f.txt").write_text("y")
    assert rows.digest(tmp_path / "a") != rows.digest(tmp_path / "b")
    _ours(tmp_path / "ours")
    assert rows.digest(tmp_path / "ours") == shards.read_manifest(tmp_path / "ours").logical_hash
