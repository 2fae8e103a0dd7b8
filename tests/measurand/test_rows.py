from __future__ import annotations

import json
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from measurand import rows, shards
from measurand.errors import InputError
from measurand.manifest import read_manifest
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
    assert [(key, row) for key, row, _ in found] == [("row-1", ROWS[0]), ("row-2", ROWS[1])]
    assert [part for _, _, part in found] == (["one", "two"] if name == "saved" else [None, None])


def test_rows_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    csv, lines = tmp_path / "f.csv", tmp_path / "f.jsonl"
    csv.write_text("a,b\n1\n1,2\n")
    lines.write_text('{"a": 1}\n{"a"\n[1]\n')
    first, second = (list(rows.read(path, ["a"])) for path in (csv, lines))
    what = Unreadable("wrong_number_of_cells", "1 cells under 2 columns")
    assert first[0] == ("row-1", what, None)
    reasons = [row.reason if isinstance(row, Unreadable) else None for _, row, _ in second]
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
    assert [rows.text(v) for v in (True, False)] == ["true", "false"]
    assert [rows.as_given(v) for v in ("  a\n", None)] == ["  a\n", ""]
    assert [rows.is_plain(v) for v in ("a", 1, None, [1], {"a": 1}, b"a")] == [True] * 3 + [
        False
    ] * 3


def test_fields_of_records_have_dotted_names(tmp_path: Path) -> None:
    lines = tmp_path / "f.jsonl"
    lines.write_text('{"a": {"b": 1, "c": {"d": 2}}}\n{"a.b": 3, "a": 4}\n{"a": {"b": null}}\n')
    found = [row for _, row, _ in rows.read(lines, ["a.b", "a.c.d"])]
    assert found == [{"a.b": 1, "a.c.d": 2}, {"a.b": 3}, {"a.b": None}]
    pq.write_table(pa.Table.from_pylist([{"a": {"b": ["x"]}, "z": 1}]), tmp_path / "f.parquet")
    [one] = rows.read(tmp_path / "f.parquet", ["a.b"])
    assert one.row == {"a.b": ["x"]}
    with pytest.raises(InputError, match=r"no column 'a.z' \(its columns are: a, z\)"):
        list(rows.read(tmp_path / "f.parquet", ["a.z"]))


@pytest.mark.parametrize("cell", ['"x\\ud83d"', '["a", "\\udc00"]', '[{"content": "\\ud800"}]'])
def test_half_a_character_makes_a_row_unreadable(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(f'{{"a": "fine \\ud83d\\ude00"}}\n{{"a": {cell}}}\n{{"a": "b", "z": {cell}}}\n')
    found = [row for _, row, _ in rows.read(path, ["a"])]
    assert found[0] == {"a": "fine \N{GRINNING FACE}"}
    assert isinstance(found[1], Unreadable)
    assert found[1].reason == "bad_text"
    assert found[2] == {"a": "b"}


def test_what_is_left_out_is_counted_with_an_example() -> None:
    rejected = [("1", "short", "3 words"), ("2", "empty", ""), ("3", "short", "4 words")]
    assert rows.left_out(rejected) == "2 short (3 words); 1 empty"
    assert rows.left_out([]) == "none"


def test_the_digest_is_that_of_the_content(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f.txt").write_text("x")
    assert rows.digest(tmp_path / "a") == rows.digest(tmp_path / "b")
    (tmp_path / "b" / "f.txt").write_text("y")
    assert rows.digest(tmp_path / "a") != rows.digest(tmp_path / "b")
    before = rows.digest(tmp_path / "a")
    (tmp_path / "a" / ".git").mkdir()
    (tmp_path / "a" / ".git" / "index").write_text("what git does is no data")
    assert rows.digest(tmp_path / "a") == before
    _ours(tmp_path / "ours")
    assert rows.digest(tmp_path / "ours") == read_manifest(tmp_path / "ours").logical_hash
