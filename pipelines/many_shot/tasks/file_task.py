"""A user's own task: a file of questions and answers."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from measurand import project
from measurand.errors import InputError
from measurand.journal import canonical_json
from measurand.manifest import MANIFEST, Source, file_sha256, read_manifest
from pipelines.many_shot.example import Drawn, Example, Rejected
from pipelines.many_shot.verifiers import check, number
from schemas.many_shot import File, Task

Row = dict[str, Any]
_FORMATS = ".csv, .tsv, .jsonl, .parquet, a folder of datasets.save_to_disk, a dataset folder"


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """Every usable row, its question distinct; the others are rejected with their reason.

    Rows are named ``row-1``, ``row-2``, ... in the file's order; blank lines are no rows. All parts
    of a ``DatasetDict`` are read as one: the task's own sizes split it.

    Raises:
        InputError: there is no such file, it cannot be read, holds no row, or lacks a column.
        ParamsError: the pattern or the function of the verifier cannot be used.
    """
    source = cast(File, task.source)
    path = locate(source.path)
    reading = _Reading(source)
    check(source.verifier, reading.details)
    for key, row in rows(path, source):
        reading.take(key, row)
    digest = _digest(path)
    origin = Source(path.name, source.path, source.licence, digest)
    return Drawn(list(reading.examples.values()), "file", digest[:16], reading.rejected, [origin])


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


def rows(path: Path, source: File) -> Iterator[tuple[str, Row | Rejected]]:
    """(identity, row) of a file in its order; a row that cannot be read comes as its rejection.

    Raises:
        InputError: unknown format, not UTF-8, no row, or (after the last row) no row has a column.
    """
    read = _reader(path)
    columns: dict[str, None] = {}
    read_rows = 0
    try:
        for read_rows, row in enumerate(read, 1):
            if isinstance(row, dict):
                columns |= dict.fromkeys(row)
            yield f"row-{read_rows}", row
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path.name} cannot be read after row {read_rows}: {error}",
            hint='save it as UTF-8; in tables, quotes around a cell are "..." and are closed',
        ) from error
    if not read_rows:
        raise InputError(f"{path.name} holds no rows", hint="give one row a question")
    _check_columns(path, source, list(columns))


def _reader(path: Path) -> Iterator[Row | Rejected]:
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


@dataclass
class _Reading:
    source: File
    examples: dict[str, Example] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)

    def take(self, key: str, row: Row | Rejected) -> None:
        if isinstance(row, Rejected):
            self.rejected.append(row._replace(key=key))
            return
        source = self.source
        values = [row.get(name) for name in _named(source)]
        if any(isinstance(value, list | dict | bytes) for value in values):
            self.rejected.append(Rejected(key, "not_text", "a list, a record or bytes"))
            return
        question, answer = _text(row.get(source.question)), _text(row.get(source.answer))
        problem = self._problem(question, answer)
        if problem is not None:
            self.rejected.append(Rejected(key, *problem))
            return
        rationale = _text(row.get(source.rationale)) if source.rationale else ""
        group = _text(row.get(source.group)) if source.group else ""
        self.examples[question] = Example(
            question,
            answer,
            key,
            group or question,
            source.options,
            source.verifier,
            self.details,
            rationale or None,
            "human" if rationale else "none",
        )

    @property
    def details(self) -> Row:
        """What the verifier needs."""
        source = self.source
        given: Row = {"pattern": source.pattern, "function": source.function}
        if source.verifier == "numeric":
            given["tolerance"] = source.tolerance
        return {name: value for name, value in given.items() if value is not None}

    def _problem(self, question: str, answer: str) -> tuple[str, str] | None:
        options = self.source.options
        if not question:
            return "empty_question", ""
        if not answer:
            return "empty_answer", ""
        if len(answer.splitlines()) > 1:
            # An answer ends with its line, so no model could ever give this one.
            return "answer_of_several_lines", f"{len(answer.splitlines())} lines"
        if options is not None and answer not in options:
            return "answer_not_in_options", f"{answer!r} is none of {', '.join(options)}"
        if self.source.verifier == "numeric" and number(answer) is None:
            return "not_a_number", repr(answer)
        if (same := self.examples.get(question)) is not None:
            return "duplicate_question", f"the question of {same.key}"
        return None


def _cells(path: Path, delimiter: str) -> Iterator[Row | Rejected]:
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
                yield Rejected("", "wrong_number_of_cells", what)


def _json_lines(path: Path) -> Iterator[Row | Rejected]:
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                yield Rejected("", "bad_json_line", str(error))
                continue
            yield row if isinstance(row, dict) else Rejected("", "bad_json_line", "not an object")


def _parquet(path: Path) -> Iterator[Row | Rejected]:
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


def _folder(path: Path) -> Iterator[Row | Rejected]:
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


def _named(source: File) -> list[str]:
    names = (source.question, source.answer, source.rationale, source.group)
    return [name for name in names if name is not None]


def _check_columns(path: Path, source: File, columns: list[str]) -> None:
    missing = [name for name in _named(source) if name not in columns]
    if missing:
        raise InputError(
            f"{path.name} has no column {missing[0]!r}",
            hint=f"its columns are: {', '.join(map(str, columns))}",
        )


def _text(value: Any) -> str:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if missing else str(value).strip()


def _digest(path: Path) -> str:
    """SHA-256 of a file, of a dataset's rows, or of the names and hashes of a folder's files."""
    if path.is_file():
        return file_sha256(path)
    if (path / MANIFEST).is_file():
        return read_manifest(path).logical_hash
    files = sorted(file for file in path.rglob("*") if file.is_file())
    listed = [[file.relative_to(path).as_posix(), file_sha256(file)] for file in files]
    return hashlib.sha256(canonical_json(listed).encode()).hexdigest()
