from __future__ import annotations

import bz2
import csv
import gzip
import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from measurand import rows
from measurand.errors import InputError
from measurand.row_formats import Named, Unreadable

ROWS = [{"q": "one", "a": "1;2"}, {"q": "zwei, drei", "a": "ü"}]
COLUMNS = ["q", "a"]


def _read(path: Path, columns: list[str] = COLUMNS) -> list[Any]:
    return [row for _, row, _ in rows.read(path, columns)]


def _table(path: Path, delimiter: str, encoding: str = "utf-8", head: str = "") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        file.write(head)
        out = csv.DictWriter(file, COLUMNS, delimiter=delimiter)
        out.writeheader()
        out.writerows(ROWS)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_are_read_with_the_separator_they_have(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    for name in ("f.csv", "f.tsv"):
        _table(tmp_path / name, delimiter, encoding)
        assert _read(tmp_path / name) == ROWS
    _table(tmp_path / "f.csv", delimiter, encoding, f"sep={delimiter}\r\n")
    assert _read(tmp_path / "f.csv") == ROWS


def test_a_header_that_does_not_fit_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("x;y;z\n1;2;3\n")
    with pytest.raises(InputError, match=r"no column 'q' \(its columns are: x, y, z\)"):
        _read(path)
    path.write_text("x,y,z\n")
    with pytest.raises(InputError, match="holds no rows"):
        _read(path)


def test_blanks_around_names_are_no_part_of_them(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(" q , a\none, two\n")
    assert _read(path) == [{"q": "one", "a": " two"}]


def test_long_cells_are_read(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    long = "word " * 60_000
    path.write_text(f'q,a\n"{long}",x\n')
    assert _read(path) == [{"q": long, "a": "x"}]


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: pa.compress(data, "zstd", asbytes=True),
}


@pytest.mark.parametrize("kind", PACK)
def test_compressed_text_is_read(tmp_path: Path, kind: str) -> None:
    _table(tmp_path / "f.csv", ",")
    lines = "\n".join(map(json.dumps, ROWS))
    for name, data in (
        ("f.csv", (tmp_path / "f.csv").read_bytes()),
        ("f.jsonl", lines.encode()),
        ("f.json", json.dumps(ROWS).encode()),
    ):
        path = tmp_path / f"{name}.{kind}"
        path.write_bytes(PACK[kind](data))
        assert _read(path) == ROWS
        path.write_bytes(PACK[kind](data * 50)[:-9])
        with pytest.raises(InputError, match=r"cannot be read|no JSON"):
            _read(path)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps({"version": "1", "data": ROWS}),
        json.dumps({name: [row[name] for row in ROWS] for name in COLUMNS}),
        json.dumps({name: {str(i): row[name] for i, row in enumerate(ROWS)} for name in COLUMNS}),
        "\n".join(map(json.dumps, ROWS)),
        json.dumps(ROWS, indent=2),
        "\ufeff" + json.dumps(ROWS),
    ],
    ids=["list", "within", "columns", "pandas", "lines", "indented", "marked"],
)
def test_every_form_of_json_gives_the_same_rows(tmp_path: Path, text: str) -> None:
    path = tmp_path / "f.json"
    path.write_text(text)
    assert _read(path) == ROWS


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("3", "holds no rows"),
        ('{"a": [{}], "b": [{}]}', "several lists"),
        ('{"a": [1], "b": [1, 2]}', "different lengths"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "holds no rows"),
    ],
)
def test_json_without_rows_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "f.json"
    path.write_text(text)
    with pytest.raises(InputError, match=named):
        _read(path)


def test_lines_that_go_too_deep_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text("[" * 100_000 + '\n{"q": "x", "a": "y"}\n')
    bad, good = _read(path)
    assert (bad.reason, good) == ("bad_json_line", {"q": "x", "a": "y"})


def _saved(path: Path, table: datasets.Dataset) -> None:
    table.save_to_disk(str(path))


def _parquet(path: Path, table: datasets.Dataset) -> None:
    table.to_parquet(str(path))


@pytest.mark.parametrize(("name", "write"), [("d", _saved), ("f.parquet", _parquet)])
def test_classes_have_their_names(tmp_path: Path, name: str, write: Any) -> None:
    features = datasets.Features(
        {"q": datasets.Value("string"), "a": datasets.ClassLabel(names=["no", "yes"])}
    )
    given = {"q": ["x", "y", "z"], "a": [1, 0, -1]}
    write(tmp_path / name, datasets.Dataset.from_dict(given, features))
    found = _read(tmp_path / name)
    assert [row["a"] for row in found] == ["yes", "no", None]
    assert isinstance(found[0]["a"], Named)
    assert found[0]["a"].number == 1


@pytest.mark.parametrize(("name", "write"), [("d", _saved), ("f.parquet", _parquet)])
def test_whole_numbers_stay_whole_where_one_is_missing(
    tmp_path: Path, name: str, write: Any
) -> None:
    given = {"q": [3.0, None, 5.0], "a": [3.0, None, 5.5], "n": [float("nan"), 2.0, 1.0]}
    write(tmp_path / name, datasets.Dataset.from_dict(given))
    found = _read(tmp_path / name, ["q", "a", "n"])
    assert [rows.text(row["q"]) for row in found] == ["3", "", "5"]
    assert [rows.text(row["a"]) for row in found] == ["3.0", "", "5.5"]
    assert [rows.text(row["n"]) for row in found] == ["", "2", "1"]


@pytest.mark.parametrize("feature", [datasets.Audio(), datasets.Image(), datasets.Video()])
@pytest.mark.parametrize(("name", "write"), [("d", _saved), ("f.parquet", _parquet)])
def test_sound_and_pictures_are_not_decoded(
    tmp_path: Path, name: str, write: Any, feature: Any
) -> None:
    part = datasets.Dataset.from_dict(
        {"q": ["x"], "a": ["y"], "z": [{"bytes": b"no sound", "path": None}]},
    ).cast_column("z", type(feature)(decode=False)).cast_column("z", feature)  # fmt: skip
    write(tmp_path / name, part)
    assert _read(tmp_path / name) == [{"q": "x", "a": "y"}]
    [row] = _read(tmp_path / name, ["z"])
    assert not rows.is_plain(row["z"])


def test_text_of_arrow_that_is_no_text_is_rejected(tmp_path: Path) -> None:
    raw = pa.array([b"fine", b"\xff\xfe"]).view(pa.string())
    pq.write_table(pa.table({"q": raw, "a": ["1", "2"]}), tmp_path / "f.parquet")
    good, bad = _read(tmp_path / "f.parquet")
    assert good == {"q": "fine", "a": "1"}
    assert isinstance(bad, Unreadable)
    assert bad.reason == "bad_text"


def test_a_pointer_of_git_lfs_is_named(tmp_path: Path) -> None:
    for name in ("f.parquet", "f.csv", "f.jsonl"):
        (tmp_path / name).write_text(
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
        )
        with pytest.raises(InputError, match=r"Git LFS pointer.*git lfs pull"):
            _read(tmp_path / name)


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "parquet", "csv.gz", "saved"])
def test_damaged_files_are_read_or_named(tmp_path: Path, kind: str) -> None:
    good = tmp_path / f"good.{kind}"
    some = [{"q": f"question {i}, é", "a": f"answer {i}"} for i in range(30)]
    if kind == "saved":
        datasets.Dataset.from_list(some).save_to_disk(str(good))
        file = next(good.glob("*.arrow"))
    else:
        file = good
        write = {
            "json": lambda: good.write_text(json.dumps(some)),
            "jsonl": lambda: good.write_text("\n".join(map(json.dumps, some))),
            "parquet": lambda: pq.write_table(pa.Table.from_pylist(some), good),
        }
        text = "q,a\n" + "".join(f'"{r["q"]}",{r["a"]}\n' for r in some)
        packed = gzip.compress(text.encode()) if kind == "csv.gz" else text.encode()
        write.get(kind, lambda: good.write_bytes(packed))()
    data = file.read_bytes()
    rng = random.Random(kind)
    for _ in range(400):
        broken = bytearray(data[: rng.randrange(len(data))] if rng.random() < 0.3 else data)
        for _ in range(rng.choice([1, 1, 3, 20])):
            if broken:
                broken[rng.randrange(len(broken))] = rng.randrange(256)
        file.write_bytes(broken)
        try:
            found = _read(good)
        except InputError:
            continue
        assert all(isinstance(row, dict | Unreadable) for row in found)


@pytest.mark.parametrize("header", ["q.1,q.1,a", "q,q,a"])
def test_a_wanted_column_named_twice_is_refused(tmp_path: Path, header: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{header}\n1,2,3\n")
    with pytest.raises(InputError, match="names a column twice"):
        _read(path, ["q.1", "a"])
    assert _read(path, ["a"]) == [{"a": "3"}]
    table = pa.Table.from_arrays([pa.array([n]) for n in (1, 2, 3)], names=header.split(","))
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(InputError, match="names a column twice"):
        _read(tmp_path / "t.parquet", ["q.1", "a"])
