"""Results of promptfoo: what ``promptfoo eval --output results.json`` (or ``.jsonl``) writes.

A row is a test, a provider and a prompt: ``score``, ``pass`` and named scores are metrics. A test
is its variables and assertions: the same again (``--repeat``) are repeats. Several prompts of a
provider are told apart by the prompt, and providers of one name by their columns. A row that an
error stopped gave no answer. Results of before 2025 say less: there a failed assertion stands as an
``error`` too, and only what was never graded is one.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from measurand.interop.account import Own
from measurand.interop.damage import guarded
from measurand.interop.inspect_files import array_items
from measurand.interop.rows import Fields, Log, Wish, cluster_note
from measurand.interop.samples import (
    Rest,
    Sample,
    Samples,
    as_number,
    each_line,
    found,
    head,
    sha256,
)
from measurand.packed import name_of, opened

SYSTEM = "promptfoo"
HARNESS = "promptfoo"
ERROR = 2
"""``failureReason`` of a row that an error stopped."""
_EVAL = re.compile(
    rb'\s*\{\s*("evalId"\s*:|"results"\s*:\s*\{\s*"version"\s*:|'
    rb'"version"\s*:\s*\d\s*,\s*"timestamp"\s*:[^{]{1,80}"(results|prompts)"\s*:\s*\[)'
)
_LINE = (b'"provider"', b'"prompt"', b'"success"', b'"namedScores"')
_ROWS = re.compile(rb'"results"\s*:\s*\[')
_PROMPTS = re.compile(rb'"prompts"\s*:\s*\[')
PIECE = 1 << 20

Row = dict[str, Any]
Column = tuple[str, str, str]
"""Provider, prompt, and a number where several columns have both in common."""


def logs(path: Path) -> list[Path]:
    """Results at or below ``path``."""
    return found(path, (".json", ".jsonl"), _is_log)


def _is_log(file: Path) -> bool:
    start = head(file)
    if name_of(file).endswith(".json"):
        return _EVAL.match(start) is not None
    line = start.split(b"\n", 1)[0]
    return all(key in line for key in _LINE)


def read(files: list[Path], wish: Wish) -> tuple[list[Log], list[str]]:
    """Rows of each provider and prompt of each file, and notes.

    Raises:
        InputError: code ``bad_log`` or ``no_field``.
    """
    fields = Fields()
    every = [log for file in files for log in _read(file, wish, fields)]
    return every, cluster_note(wish, fields)


def _read(file: Path, wish: Wish, fields: Fields) -> Iterator[Log]:
    taken: dict[Column, Samples] = {}
    names: dict[str, str] = {}
    columns: dict[Column, Row] = {}

    def take(row: Row) -> None:
        place = (_provider(row), _prompt(row), "")
        if place not in columns:
            alike = (*place[:2], str(row.get("promptIdx")))
            place = alike if alike in columns else place
        if place not in taken:
            taken[place] = Samples("", place[0], wish, fields)
        taken[place].take(_sample(row, names))

    if name_of(file).endswith(".jsonl"):
        each_line(file, HARNESS, take)
    else:
        with guarded(file, HARNESS), opened(file) as stream:
            told, rows = _parts(stream)
            columns = _columns(told)
            for row in rows:
                take(row)
    for place, own in taken.items():
        settings = {"prompt": place[1], **({"column": place[2]} if place[2] else {})}
        log = own.log(file, settings)
        log.account.own += _own(log, own, columns.get(place, {}))
        yield log


def _parts(stream: IO[bytes]) -> tuple[list[Row], Iterator[Row]]:
    """What is told of each column, and the rows one at a time: the file may be large."""
    buffer = b""
    while (at := _ROWS.search(buffer)) is None:
        piece = stream.read(PIECE)
        if not piece:
            raise ValueError("no list of results")
        buffer += piece
    told = _PROMPTS.search(buffer, 0, at.start())
    columns = list(array_items(io.BytesIO(buffer[told.end() - 1 :]))) if told else []
    return columns, array_items(Rest(buffer[at.end() - 1 :], stream))  # type: ignore[arg-type]


def _columns(told: list[Row]) -> dict[Column, Row]:
    """Columns of the results by provider and prompt, and by their number where these are alike."""
    pairs = [
        (_provider({"provider": "", **one}), _prompt({"prompt": one, "promptIdx": i}))
        for i, one in enumerate(told)
    ]
    several = Counter(pairs)
    return {
        (*pair, str(i) if several[pair] > 1 else ""): one
        for i, (pair, one) in enumerate(zip(pairs, told, strict=True))
    }


def _own(log: Log, taken: Samples, column: Row) -> Iterator[Own]:
    """The log's own means of a column; where rows failed they have these in them and ours not."""
    metrics = column.get("metrics") or {}
    passed, failed = metrics.get("testPassCount"), metrics.get("testFailCount")
    if not (isinstance(passed, int) and isinstance(failed, int) and passed + failed):
        return
    if taken.failed or metrics.get("testErrorCount"):
        return
    known = (log.name, log.model, "")
    yield Own(*known, "pass", "testPassCount", passed / (passed + failed))
    if (total := as_number(metrics.get("score"))) is not None:
        yield Own(*known, "score", "score", total / (passed + failed))


def _provider(row: Row) -> str:
    provider = row["provider"]
    if isinstance(provider, dict):
        return str(provider.get("label") or provider["id"])
    return str(provider)


def _prompt(row: Row) -> str:
    prompt = row.get("prompt") or {}
    label = prompt.get("label") if isinstance(prompt, dict) else prompt
    return str(label or row.get("promptIdx", 0))


def _sample(row: Row, names: dict[str, str]) -> Sample:
    case = row.get("testCase") or {}
    fields = row.get("vars") or case.get("vars") or {}
    content = [fields, case.get("description")]
    digest = sha256([*content, case.get("assert")])
    name = names.setdefault(digest, f"test {row.get('testIdx', len(names))}")
    scores = {
        "score": row.get("score"),
        "pass": row.get("success"),
        **(row.get("namedScores") or {}),
    }
    more = {**fields, **(case.get("metadata") or {})}
    return Sample(name, scores, content, more, _failed(row))


def _failed(row: Row) -> str | None:
    """Why a row has no answer; a failed assertion is one, though its reason stands as an error."""
    stopped = bool(row.get("error")) and row.get("gradingResult") is None
    if row.get("failureReason") == ERROR or (stopped and "failureReason" not in row):
        return str(row.get("error") or "error")
    return None
