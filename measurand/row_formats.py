"""Files and folders of rows: one reader a format. What a row means is :mod:`measurand.rows`."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import logging
import lzma
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from measurand import json_tables
from measurand.errors import InputError
from measurand.manifest import MANIFEST
from measurand.row_folders import data_files

Row = dict[str, Any]
FORMATS = (
    ".csv, .tsv, .jsonl, .json, .parquet (text also as .gz, .bz2, .xz, .zst), a folder of such "
    "files, of datasets.save_to_disk, or a dataset folder"
)
_DAMAGE = (OSError, EOFError, UnicodeError, csv.Error, zlib.error, lzma.LZMAError, RecursionError)
_log = logging.getLogger(__name__)
_POINTER = b"version https://git-lfs.github.com/spec/"


class Unreadable(NamedTuple):
    """A row that cannot be read: a stable word for why, and what exactly was wrong."""

    reason: str
    detail: str


class Named(str):
    """The name of a class, where the file holds its number."""

    number: int

    def __new__(cls, name: str, number: int) -> Named:
        """A name that remembers its number."""
        made = super().__new__(cls, name)
        made.number = number
        return made


@dataclass(frozen=True)
class Part:
    """Rows of one part of a dataset.

    Attributes:
        name: of the part, such as ``train``; None where there is one part without a name.
        columns: names that the file declares; None where only its rows know.
        rows: the rows, read as they are asked for.
    """

    name: str | None
    columns: tuple[str, ...] | None
    rows: Iterator[Row | Unreadable]


def parts(path: Path, columns: Sequence[str]) -> list[Part]:
    """The parts of a file or folder.

    Args:
        path: a file or folder that exists.
        columns: columns that are wanted; others are not decoded where the format allows it.

    Raises:
        InputError: an unknown format, or damage that is seen at once.
    """
    if path.is_dir():
        return _folder(path, columns)
    return [_file(path, columns, None)]


def _file(path: Path, columns: Sequence[str], name: str | None) -> Part:
    with path.open("rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            raise InputError(
                f"{path.name} is a Git LFS pointer, not the file itself",
                hint="run `git lfs pull` where it was cloned",
                code="lfs_pointer",
            )
    suffix = _suffix(path)
    if suffix in (".csv", ".tsv"):
        return _cells(path, "\t" if suffix == ".tsv" else ",", columns, name)
    if suffix in (".jsonl", ".ndjson"):
        return Part(name, None, _json_lines(path))
    if suffix == ".json":
        return Part(name, None, _json(path))
    if suffix == ".parquet":
        return _parquet(path, columns, name)
    raise InputError(f"{path.name}: unknown format", hint=f"give one of: {FORMATS}")


_PACKED: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def _suffix(path: Path) -> str:
    """The suffix that says what is in it, without that of a compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if len(suffixes) > 1 and suffixes[-1] in (*_PACKED, ".zst"):
        return suffixes[-2]
    return suffixes[-1] if suffixes else ""


@contextmanager
def _text(path: Path, newline: str | None = None) -> Iterator[IO[str]]:
    """The file as text: UTF-8, with or without its mark, or UTF-16 with it."""
    kind = path.suffix.lower()
    with _bytes(path, kind) as file:
        head = file.read(2)
    encoding = "utf-16" if head in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    with (
        _bytes(path, kind) as file,
        io.TextIOWrapper(file, encoding=encoding, newline=newline) as text,
    ):
        yield text


def _bytes(path: Path, kind: str) -> Any:
    if kind == ".zst":
        import pyarrow as pa

        return io.BufferedReader(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
    return _PACKED.get(kind, open)(path, "rb")


@contextmanager
def _name_damage(path: Path, count: Sequence[int]) -> Iterator[None]:
    """Damage of a text file, named with the row after which it was met."""
    try:
        yield
    except _DAMAGE as error:
        after = f" after row {count[0]}" if count[0] else ""
        raise InputError(
            f"{path.name} cannot be read{after}: {error}",
            hint='save it as UTF-8; in tables, quotes around a cell are "..." and are closed',
        ) from error


def _cells(path: Path, usual: str, wanted: Sequence[str], name: str | None) -> Part:
    csv.field_size_limit(2**31 - 1)
    with _name_damage(path, [0]):
        with _text(path, newline="") as file:
            first = file.readline()
        stated = re.fullmatch(r'"?sep=(.)"?\s*', first)
        header, delimiter = _header(path, usual if stated is None else stated[1], wanted, first)
    if not header:
        raise InputError(f"{path.name} is empty", hint="its first line names the columns")
    _refuse_twice(path, header, wanted)

    def rows() -> Iterator[Row | Unreadable]:
        count = [0]
        with _name_damage(path, count), _text(path, newline="") as file:
            if stated is not None:
                file.readline()
            lines = csv.reader(file, delimiter=delimiter, strict=True)
            next(lines)
            for cells in lines:
                if not cells:
                    continue
                count[0] += 1
                if len(cells) == len(header):
                    yield dict(zip(header, cells, strict=True))
                else:
                    what = f"{len(cells)} cells under {len(header)} columns"
                    yield Unreadable("wrong_number_of_cells", what)

    return Part(name, tuple(header), rows())


def _refuse_twice(path: Path, names: Sequence[str], wanted: Sequence[str]) -> None:
    roots = (root for n in wanted for root in dict.fromkeys((n, n.partition(".")[0])))
    if twice := next((root for root in roots if list(names).count(root) > 1), None):
        raise InputError(f"{path.name} names a column twice: {twice}", hint="rename one of them")


def _header(path: Path, usual: str, wanted: Sequence[str], first: str) -> tuple[list[str], str]:
    """(names, separator): the usual one, or another under which every wanted column is there."""
    found: dict[str, list[str]] = {}
    for delimiter in dict.fromkeys((usual, ",", ";", "\t", "|")):
        with _text(path, newline="") as file:
            if first.lstrip('"').startswith("sep="):
                file.readline()
            try:
                header = next(csv.reader(file, delimiter=delimiter, strict=True), [])
            except csv.Error:
                if delimiter == usual:
                    raise
                continue
        found[delimiter] = [cell.strip() for cell in header]
        if all(name in found[delimiter] for name in wanted):
            return found[delimiter], delimiter
    if len(found[usual]) > 1:
        return found[usual], usual
    # No separator fits: the one that makes most columns shows the reader what is there.
    best = max(found, key=lambda one: len(found[one]))
    return found[best], best


def _json_lines(path: Path) -> Iterator[Row | Unreadable]:
    count = [0]
    with _name_damage(path, count), _text(path) as file:
        for line in file:
            if not line.strip():
                continue
            count[0] += 1
            try:
                row = json.loads(line, object_pairs_hook=json_tables.once)
            except (ValueError, RecursionError) as error:
                yield Unreadable("bad_json_line", str(error))
                continue
            yield row if isinstance(row, dict) else Unreadable("bad_json_line", "not an object")


def _json(path: Path) -> Iterator[Row | Unreadable]:
    """One of the shapes of :mod:`measurand.json_tables`, or JSON Lines."""
    with _name_damage(path, [0]), _text(path) as file:
        text = file.read()
    try:
        found = json.loads(text, object_pairs_hook=json_tables.once)
    except (ValueError, RecursionError) as error:
        if len(text.strip().splitlines()) > 1 and text.lstrip().startswith("{"):
            yield from _json_lines(path)
            return
        raise InputError(
            f"{path.name} is no JSON: {error}", hint="give a list of objects, or one a line"
        ) from error
    said: list[str] = []
    rows = json_tables.rows_of(found, path.name, said)
    for text in said:
        _log.info(text)
    for row in rows:
        yield row if isinstance(row, dict) else Unreadable("bad_json_line", "not an object")


def _parquet(path: Path, columns: Sequence[str], name: str | None) -> Part:
    import pyarrow.parquet as pq

    def batches(names: list[str]) -> Iterator[Any]:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(columns=names)

    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
    except Exception as error:
        raise _no_parquet(path, error) from error
    _refuse_twice(path, schema.names, columns)
    names = _there(schema.names, columns)
    classes = _classes(schema)

    def rows() -> Iterator[Row | Unreadable]:
        try:
            yield from _arrow_rows(lambda: batches(names), schema, names, classes)
        except InputError:
            raise
        except Exception as error:
            raise _no_parquet(path, error) from error

    return Part(name, tuple(schema.names), rows())


def _no_parquet(path: Path, error: Exception) -> InputError:
    why = " ".join(str(error).split())[:200]
    return InputError(f"{path.name} is no Parquet file: {why}", hint="save it again")


def _there(known: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """Columns of a file that hold what is wanted, itself or by its first name."""
    roots = {*wanted, *(name.partition(".")[0] for name in wanted)}
    return [name for name in known if name in roots]


def _classes(schema: Any) -> dict[str, Sequence[str]]:
    """Names of classes by column, where a schema carries what ``datasets`` wrote into it."""
    import datasets

    try:
        features = datasets.Features.from_arrow_schema(schema)
    except Exception:
        return {}  # Somebody else's metadata, or a type that datasets does not know.
    return _class_names(features)


def _class_names(features: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    import datasets

    return {
        name: feature.names
        for name, feature in features.items()
        if isinstance(feature, datasets.ClassLabel) and feature.names
    }


def _arrow_rows(
    batches: Any, schema: Any, names: Sequence[str], classes: Mapping[str, Sequence[str]]
) -> Iterator[Row | Unreadable]:
    """Rows of Arrow batches: classes by name, columns of whole numbers without ``.0``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    floats = [n for n in names if pa.types.is_floating(schema.field(n).type)]
    whole = set(floats)
    for batch in batches() if floats else ():
        batch.validate(full=True)
        for name in list(whole):
            column = batch.column(name).drop_null()
            column = column.filter(pc.is_finite(column))
            if not pc.all(pc.equal(column, pc.round(column)), min_count=0).as_py():
                whole.discard(name)
    for batch in batches():
        try:
            # Damaged offsets end the process where they are followed.
            batch.validate(full=True)
            rows = batch.to_pylist()
        except (pa.ArrowException, ValueError):
            rows = [_one(batch.slice(at, 1)) for at in range(batch.num_rows)]
        for row in rows:
            if isinstance(row, dict):
                row |= {n: _integer(row[n]) for n in whole}
                row |= {n: _class(row.get(n), known) for n, known in classes.items() if n in row}
            yield row


def _one(batch: Any) -> Row | Unreadable:
    try:
        batch.validate(full=True)
        found: Row = batch.to_pylist()[0]
    except Exception as error:
        return Unreadable("bad_text", " ".join(str(error).split())[:200])
    return found


def _integer(value: float | None) -> float | int | None:
    """A whole number of a column of whole numbers, which only a missing one made floats."""
    return int(value) if value is not None and value == value and abs(value) < 2**53 else value


def _class(value: Any, names: Sequence[str]) -> Any:
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    # -1 stands for a label that is kept back.
    return Named(names[value], value) if 0 <= value < len(names) else None


def _folder(path: Path, columns: Sequence[str]) -> list[Part]:
    if (path / MANIFEST).is_file():
        return [_ours(path)]
    if (path / "state.json").is_file() or (path / "dataset_dict.json").is_file():
        return _saved(path, columns)
    found = data_files(path)
    if not found:
        raise InputError(f"{path.name} holds no dataset", hint=f"give {FORMATS}")
    return [_file(file, columns, name) for name, file in found]


def _ours(path: Path) -> Part:
    from measurand import shards
    from measurand.manifest import read_manifest

    def rows() -> Iterator[Row | Unreadable]:
        for _, table in shards.iter_shards(path):
            yield from table.to_pylist()

    return Part(None, tuple(read_manifest(path).columns), rows())


def _saved(path: Path, columns: Sequence[str]) -> list[Part]:
    import datasets

    try:
        found = datasets.load_from_disk(str(path))
    except Exception as error:
        why = " ".join(str(error).split())[:200]
        raise InputError(f"{path.name} holds no dataset: {why}", hint=f"give {FORMATS}") from error
    if isinstance(found, datasets.DatasetDict):
        return [_saved_part(path, name, part, columns) for name, part in found.items()]
    return [_saved_part(path, None, found, columns)]


def _saved_part(path: Path, name: str | None, part: Any, columns: Sequence[str]) -> Part:
    names = _there(part.column_names, columns)

    def rows() -> Iterator[Row | Unreadable]:
        if not names:
            yield from ({} for _ in range(part.num_rows))
            return
        # As Arrow: sound and pictures are not decoded, and nothing that is not asked for is read.
        some = part.select_columns(names).with_format("arrow")
        try:
            yield from _arrow_rows(
                lambda: some.iter(1000), some.features.arrow_schema, names, _class_names(
                    {n: part.features[n] for n in names}
                )
            )  # fmt: skip
        except InputError:
            raise
        except Exception as error:
            why = " ".join(str(error).split())[:200]
            raise InputError(f"{path.name} cannot be read: {why}", hint="save it again") from error

    return Part(name, tuple(part.column_names), rows())
