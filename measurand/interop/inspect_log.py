"""Logs of Inspect (``.eval``): item rows from the samples' summaries, read as a stream.

The file is a zip whose members are JSON, since 2026 compressed with Zstandard. A sample's whole
transcript can be megabytes; its *summary* (id, epoch, scores, metadata, error, limit) is what is
read here, from ``summaries.json`` or, where a run did not finish, from its journal. Memory holds
one summary and the rows.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import json
import math
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from measurand.errors import InputError
from measurand.interop.rows import (
    Collector,
    Fields,
    Wish,
    as_float,
    cluster_note,
    cluster_of,
    plain,
)
from measurand.progress import Progress
from measurand.results import slice_text

SYSTEM = "inspect"
ZSTANDARD = 93
PIECE = 1 << 20
#: What Inspect's own metrics make of letters and words (``value_to_float``).
LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}


def logs(path: Path) -> list[Path]:
    """Logs at or below ``path``."""
    if path.is_file():
        return [path] if path.suffix == ".eval" else []
    return sorted(path.rglob("*.eval"))


def read(files: list[Path], wish: Wish) -> tuple[list[pa.Table], list[str]]:
    """Rows of each log, and notes.

    Raises:
        InputError: code ``bad_log``: damaged, or no log of Inspect; ``no_field``.
    """
    fields, lost = Fields(), Counter[str]()
    notes: list[str] = []
    tables = []
    for file in files:
        try:
            with zipfile.ZipFile(file) as archive, file.open("rb") as raw:
                tables.append(_read(file, archive, raw, wish, fields, lost, notes))
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            RuntimeError,
            EOFError,
            ValueError,
            KeyError,
            TypeError,
            struct.error,
        ) as error:
            raise InputError(
                f"{file}: not a readable log of Inspect: {error!r}"[:300],
                hint="give an .eval file; `inspect log convert` makes one of a .json log",
                code="bad_log",
            ) from error
    notes += [f"{name}: {n:,} scores are no numbers and were left out." for name, n in lost.items()]
    return tables, [*notes, *cluster_note(wish, fields)]


def _read(
    file: Path,
    archive: zipfile.ZipFile,
    raw: IO[bytes],
    wish: Wish,
    fields: Fields,
    lost: Counter[str],
    notes: list[str],
) -> pa.Table:
    names = set(archive.namelist())
    start = "header.json" if "header.json" in names else "_journal/start.json"
    header = json.loads(_member(archive, raw, start).read())
    about = header["eval"]
    model, task = wish.model or str(about["model"]), str(about["task"])
    taken, seen = _Samples(task, model, wish, lost), 0
    planned = _planned(about)
    fields.next_log()
    with Progress(f"read {file.name}", planned, "samples") as progress:
        for sample in _summaries(archive, raw, names):
            fields.look(sample.get("metadata"))
            taken.take(sample)
            seen += 1
            progress.advance()
    status = header.get("status", "started")
    if status != "success" or (planned is not None and seen < planned):
        of = f" of {planned:,}" if planned is not None else ""
        notes.append(f"{file.name}: the run is {status!r}; {seen:,}{of} samples are in the log.")
    return taken.table([str(s["name"]) for s in about.get("scorers") or ()])


def _planned(about: dict[str, Any]) -> int | None:
    samples = (about.get("dataset") or {}).get("samples")
    ids = (about.get("dataset") or {}).get("sample_ids")
    n = len(ids) if ids else samples
    epochs = (about.get("config") or {}).get("epochs") or 1
    return None if n is None else int(n) * int(epochs)


def _summaries(
    archive: zipfile.ZipFile, raw: IO[bytes], names: set[str]
) -> Iterator[dict[str, Any]]:
    """Summaries, the last one of each sample and epoch, as Inspect reads them."""
    if "summaries.json" in names:
        yield from array_items(_member(archive, raw, "summaries.json"))
        return
    parts = [n for n in names if re.fullmatch(r"_journal/summaries/\d+\.json", n)]
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for name in sorted(parts, key=lambda n: int(n.rsplit("/", 1)[1][:-5])):
        for sample in array_items(_member(archive, raw, name)):
            found[str(sample["id"]), int(sample["epoch"])] = sample
    yield from found.values()


class _Samples:
    """Rows of the samples of one log."""

    def __init__(self, task: str, model: str, wish: Wish, lost: Counter[str]) -> None:
        self._task, self._model, self._wish, self._lost = task, model, wish, lost
        self._rows = Collector()
        self._metrics: dict[str, None] = {}
        self._unscored: list[tuple[tuple[Any, ...], str, str, tuple[str, str, str]]] = []

    def take(self, sample: dict[str, Any]) -> None:
        """Rows of one summary."""
        about = sample.get("metadata") or {}
        item = f"{self._task}/{sample['id']}"
        cluster = cluster_of(item, self._task, about, self._wish.cluster)
        parts = {f: plain(about.get(f)) for f in self._wish.by}
        text = slice_text({**parts, "task": plain(self._task)})
        asked = json.dumps([sample.get("input"), sample.get("target")], sort_keys=True)
        digest = hashlib.sha256(asked.encode()).hexdigest()
        unit, last = (item, int(sample["epoch"]) - 1, cluster), (text, digest, digest[:16])
        error, scores = sample.get("error"), sample.get("scores") or {}
        if error is not None:
            self._unscored.append((unit, "infra_error", str(error)[:200], last))
        elif not scores:
            self._unscored.append((unit, "skipped", "no score", last))
        else:
            for scorer, score in scores.items():
                self._score(scorer, score, unit, last)

    def _score(
        self,
        scorer: str,
        score: dict[str, Any],
        unit: tuple[Any, ...],
        last: tuple[str, str, str],
    ) -> None:
        for metric, value in _single(scorer, score.get("value")):
            number = to_float(value)
            if number is None:
                self._lost[f"{self._task}, {metric}"] += 1
                continue
            self._metrics[metric] = None
            if math.isfinite(number):
                self._rows.add(self._model, metric, *unit, number, "ok", None, *last)
            else:
                why = str(score.get("reason") or "unscored")
                self._rows.add(self._model, metric, *unit, None, "skipped", why, *last)

    def table(self, scorers: list[str]) -> pa.Table:
        """All rows; a sample without scores has a row for each metric of the log.

        Args:
            scorers: names to use where the log holds no score at all.
        """
        for unit, status, why, last in self._unscored:
            for metric in self._metrics or scorers or ("score",):
                self._rows.add(self._model, metric, *unit, None, status, why, *last)
        return self._rows.table()


def _single(scorer: str, value: Any) -> Iterator[tuple[str, Any]]:
    """(metric, value) of a score; one for each key of a dictionary."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield f"{scorer}/{key}", part
    else:
        yield scorer, value


def to_float(value: Any) -> float | None:
    """A score as a number, as Inspect's metrics take it; None where it is none."""
    if isinstance(value, (bool, int, float)):
        return as_float(value)
    if not isinstance(value, str):
        return None
    if value in LETTERS:
        return LETTERS[value]
    if value.lower() in WORDS:
        return WORDS[value.lower()]
    try:
        return float(value)
    except ValueError:
        return None


def array_items(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Elements of a JSON array, one at a time.

    Raises:
        ValueError: the text is no array of objects, or is cut off.
    """
    decoder, text = json.JSONDecoder(), codecs.getincrementaldecoder("utf-8")()
    buffer, at, ended, begun = "", 0, False, False
    while True:
        if ended and at >= len(buffer):
            raise ValueError("the array is cut off")
        if not ended and len(buffer) - at <= PIECE // 4:
            piece = stream.read(PIECE)
            ended = not piece
            buffer, at = buffer[at:] + text.decode(piece, ended), 0
        while at < len(buffer) and buffer[at] in " \t\r\n,":
            at += 1
        if at >= len(buffer):
            continue
        if not begun:
            if buffer[at] != "[":
                raise ValueError("no JSON array")
            begun, at = True, at + 1
            continue
        if buffer[at] == "]":
            return
        try:
            item, at = decoder.raw_decode(buffer, at)
        except ValueError:
            if ended:
                raise
            piece = stream.read(PIECE)
            ended = not piece
            buffer, at = buffer[at:] + text.decode(piece, ended), 0
            continue
        yield item


def _member(archive: zipfile.ZipFile, raw: IO[bytes], name: str) -> IO[bytes]:
    """A member as a stream; Python 3.11's zipfile does not know Zstandard."""
    info = archive.getinfo(name)
    if info.compress_type != ZSTANDARD:
        return archive.open(info)
    raw.seek(info.header_offset)
    head = raw.read(30)
    name_length, extra_length = struct.unpack("<HH", head[26:30])
    raw.seek(name_length + extra_length, io.SEEK_CUR)
    packed = pa.BufferReader(raw.read(info.compress_size))
    stream: IO[bytes] = pa.CompressedInputStream(packed, "zstd")
    return stream
