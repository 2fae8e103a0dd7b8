"""A user's own task: a file of questions and answers."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, cast

from measurand import project
from measurand.errors import InputError
from measurand.manifest import MANIFEST, Source, file_sha256
from pipelines.many_shot.example import Drawn, Example, Rejected
from schemas.many_shot import File, Task

Row = dict[str, Any]
_FORMATS = ".csv, .tsv, .jsonl, .parquet, a folder of datasets.save_to_disk, a dataset folder"


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """Every usable row; the others are rejected with their reason.

    Raises:
        InputError: there is no such file, it cannot be read, or a column is missing.
    """
    source = cast(File, task.source)
    path = locate(source.path)
    reading = _Reading(source)
    for key, row in rows(path, source):
        reading.take(key, row)
    digest = file_sha256(path) if path.is_file() else None
    origin = Source(path.name, source.path, source.licence, digest)
    version = digest[:16] if digest else path.name
    return Drawn(list(reading.examples.values()), "file", version, reading.rejected, [origin])


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
        InputError: unknown format, not UTF-8, no header, or a column is missing.
    """
    try:
        read: Iterator[Row | Rejected]
        if path.is_dir():
            read = _folder(path)
        elif path.suffix in (".csv", ".tsv"):
            read = _cells(path, "\t" if path.suffix == ".tsv" else ",")
        elif path.suffix in (".jsonl", ".ndjson"):
            read = _json_lines(path)
        elif path.suffix == ".parquet":
            read = _parquet(path)
        else:
            raise InputError(f"{path.name}: unknown format", hint=f"give one of: {_FORMATS}")
        for number, row in enumerate(read, 1):
            if isinstance(row, dict):
                _check_columns(path, source, row)
            yield f"row-{number}", row
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name} cannot be read: {error}", hint="save it as UTF-8") from error


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
        question, answer = _text(row[source.question]), _text(row[source.answer])
        problem = self._problem(question, answer)
        if problem is not None:
            self.rejected.append(Rejected(key, *problem))
            return
        details = {
            name: value
            for name, value in (
                ("tolerance", source.tolerance if source.verifier == "numeric" else None),
                ("pattern", source.pattern),
                ("function", source.function),
            )
            if value is not None
        }
        rationale = _text(row[source.rationale]) if source.rationale else ""
        self.examples[question] = Example(
            question,
            answer,
            key,
            _text(row[source.group]) if source.group else question,
            source.options,
            source.verifier,
            details,
            rationale or None,
            "human" if rationale else "none",
        )

    def _problem(self, question: str, answer: str) -> tuple[str, str] | None:
        options = self.source.options
        if not question:
            return "empty_question", ""
        if not answer:
            return "empty_answer", ""
        if options is not None and answer not in options:
            return "answer_not_in_options", f"{answer!r} is none of {', '.join(options)}"
        if self.source.verifier == "numeric" and not _is_number(answer):
            return "not_a_number", repr(answer)
        if (same := self.examples.get(question)) is not None:
            return "duplicate_question", f"the question of {same.key}"
        return None


def _cells(path: Path, delimiter: str) -> Iterator[Row | Rejected]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, delimiter=delimiter)
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


def _check_columns(path: Path, source: File, row: Row) -> None:
    named = (source.question, source.answer, source.rationale, source.group)
    missing = [name for name in named if name is not None and name not in row]
    if missing:
        raise InputError(
            f"{path.name} has no column {missing[0]!r}",
            hint=f"its columns are: {', '.join(map(str, row))}",
        )


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _is_number(text: str) -> bool:
    try:
        return Decimal(text.replace(",", "")).is_finite()
    except InvalidOperation:
        return False
