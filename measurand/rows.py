"""Rows of a user's file of texts: CSV, TSV, JSON Lines, Parquet, or a folder of a dataset.

Nothing is guessed: cells of text files stay text, and a row that cannot be read comes out as what
was wrong with it, so that the caller can reject it by name.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from measurand import project
from measurand.errors import InputError
from measurand.journal import canonical_json
from measurand.manifest import MANIFEST, file_sha256, read_manifest

Row = dict[str, Any]
_FORMATS = ".csv, .tsv, .jsonl, .parquet, a folder of datasets.save_to_disk, a dataset folder"


class Unreadable(NamedTuple):
    """A row that cannot be read: a stable word for why, and what exactly was wrong."""

    reason: str
    detail: str


def locate(path: str) -> Path:
    """The file: absolute, or relative to the project's root.

    Raises:
        InputError: it is not there.
    """
    found = Path(path).expanduser()
    if not found.is_absolute():
        try:
            found = project.find_root() / found
        except InputError:
            found = Path.cwd() / found
    if not found.exists():
        raise InputError(
            f"{path}: no such file or folder", hint="a relative path starts at the root"
        )
    return found


def read(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, Row | Unreadable]]:
    """(identity, row) of a file in its order.

    Rows are named ``row-1``, ``row-2``, ... in the file's order; blank lines are no rows. All parts
    of a ``DatasetDict`` are read as one.

    Args:
        path: what :func:`locate` found.
        columns: columns that there must be.

    Raises:
        InputError: unknown format, not UTF-8, no row, or (after the last row) no row has a column.
    """
    reader = _reader(path)
    names: dict[str, None] = {}
    count = 0
    try:
        for count, row in enumerate(reader, 1):
            if isinstance(row, dict):
                names |= dict.fromkeys(row)
            yield f"row-{count}", row
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path.name} cannot be read after row {count}: {error}",
            hint='save it as UTF-8; in tables, quotes around a cell are "..." and are closed',
        ) from error
    if not count:
        raise InputError(f"{path.name} holds no rows", hint="give one row an example")
    if missing := [name for name in columns if name not in names]:
        raise InputError(
            f"{path.name} has no column {missing[0]!r}",
            hint=f"its columns are: {', '.join(map(str, names))}",
        )


def text(value: Any) -> str:
    """A cell as text without surrounding blanks; empty where it is missing."""
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if missing else str(value).strip()


def is_plain(value: Any) -> bool:
    """Whether a cell is one value: not a list, a record or bytes."""
    return not isinstance(value, list | dict | bytes)


def digest(path: Path) -> str:
    """SHA-256 of a file, of a dataset's rows, or of the names and hashes of a folder's files."""
    if path.is_file():
        return file_sha256(path)
    if (path / MANIFEST).is_file():
        return read_manifest(path).logical_hash
    files = sorted(file for file in path.rglob("*") if file.is_file())
    listed = [[file.relative_to(path).as_posix(), file_sha256(file)] for file in files]
    return hashlib.sha256(canonical_json(listed).encode()).hexdigest()


def _reader(path: Path) -> Iterator[Row | Unreadable]:
    suffix = path.suffix.lower()
    if path.is_dir():
        return _folder(path)
    if suffix in (".csv", ".tsv"):
        return _cells(path, "\t" if suffix == ".tsv" else ",")
    if suffix in (".jsonl", ".ndjson"):
        return _json_lines(path)
    if suffix == ".parquet":
        return _parquet(path)
    raise InputError(f"{path.name}: unknown format", hint=f"give one of: {_FORMATS}")


def _cells(path: Path, delimiter: str) -> Iterator[Row | Unreadable]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, delimiter=delimiter, strict=True)
        header = next(lines, None)
        if not header:
            raise InputError(f"{path.name} is empty", hint="its first line names the columns")
        if len(set(header)) < len(header):
            raise InputError(f"{path.name} names a column twice", hint="rename one of them")
        for cells in lines:
            if len(cells) == len(header):
                yield dict(zip(header, cells, strict=True))
            elif cells:
                what = f"{len(cells)} cells under {len(header)} columns"
                yield Unreadable("wrong_number_of_cells", what)


def _json_lines(path: Path) -> Iterator[Row | Unreadable]:
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                yield Unreadable("bad_json_line", str(error))
                continue
            yield row if isinstance(row, dict) else Unreadable("bad_json_line", "not an object")


def _parquet(path: Path) -> Iterator[Row | Unreadable]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise InputError(
            f"{path.name} is no Parquet file: {error}", hint="save it again"
        ) from error


def _folder(path: Path) -> Iterator[Row | Unreadable]:
    if (path / MANIFEST).is_file():
        from measurand import shards

        for _, table in shards.iter_shards(path):
            yield from table.to_pylist()
        return
    import datasets

    try:
        found = datasets.load_from_disk(str(path))
    except (FileNotFoundError, ValueError) as error:
        raise InputError(
            f"{path.name} holds no dataset: {error}", hint=f"give {_FORMATS}"
        ) from error
    parts = found.values() if isinstance(found, datasets.DatasetDict) else [found]
    for part in parts:
        yield from part
