"""Results of promptfoo: the JSON that ``promptfoo eval --output results.json`` writes.

A row is a test, a provider and a prompt: ``score``, ``pass`` and named scores are metrics. A test
is its variables: the same variables again (``--repeat``) are repeats. Several prompts of a provider
are told apart by the prompt. A row that an error stopped gave no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measurand.interop.damage import guarded
from measurand.interop.inspect_files import array_items
from measurand.interop.rows import Fields, Log, Wish, cluster_note
from measurand.interop.samples import Rest, Sample, Samples, found, head, sha256
from measurand.packed import opened

SYSTEM = "promptfoo"
HARNESS = "promptfoo"
ERROR = 2
"""``failureReason`` of a row that an error stopped."""
_EVAL = re.compile(rb'\s*\{\s*"evalId"\s*:')
_ROWS = re.compile(rb'"results"\s*:\s*\[')
PIECE = 1 << 20


def logs(path: Path) -> list[Path]:
    """Results at or below ``path``."""
    return found(path, (".json",), lambda file: _EVAL.match(head(file)) is not None)


def read(files: list[Path], wish: Wish) -> tuple[list[Log], list[str]]:
    """Rows of each provider and prompt of each file, and notes.

    Raises:
        InputError: code ``bad_log`` or ``no_field``.
    """
    fields = Fields()
    every = [log for file in files for log in _read(file, wish, fields)]
    return every, cluster_note(wish, fields)


def _read(file: Path, wish: Wish, fields: Fields) -> Iterator[Log]:
    taken: dict[tuple[str, str], Samples] = {}
    names: dict[str, str] = {}
    with guarded(file, HARNESS):
        for row in _rows(file):
            provider, prompt = _provider(row), _prompt(row)
            if (provider, prompt) not in taken:
                taken[provider, prompt] = Samples("", provider, wish, fields)
            taken[provider, prompt].take(_sample(row, names))
    for (_, prompt), own in taken.items():
        yield own.log(file, {"prompt": prompt})


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """Rows one at a time: the rest of the file may be as large."""
    with opened(file) as stream:
        buffer = b""
        while (at := _ROWS.search(buffer)) is None:
            piece = stream.read(PIECE)
            if not piece:
                raise ValueError("no list of results")
            buffer = buffer[-64:] + piece
        yield from array_items(Rest(buffer[at.end() - 1 :], stream))  # type: ignore[arg-type]


def _provider(row: dict[str, Any]) -> str:
    provider = row["provider"]
    if isinstance(provider, dict):
        return str(provider.get("label") or provider["id"])
    return str(provider)


def _prompt(row: dict[str, Any]) -> str:
    prompt = row.get("prompt") or {}
    label = prompt.get("label") if isinstance(prompt, dict) else prompt
    return str(label or row.get("promptIdx", 0))


def _sample(row: dict[str, Any], names: dict[str, str]) -> Sample:
    case = row.get("testCase") or {}
    fields = row.get("vars") or case.get("vars") or {}
    content = [fields, case.get("description")]
    digest = sha256(content)
    name = names.setdefault(digest, f"test {row.get('testIdx', len(names))}")
    failed = None
    if row.get("failureReason") == ERROR or (row.get("error") and "failureReason" not in row):
        failed = str(row.get("error") or "error")
    scores = {
        "score": row.get("score"),
        "pass": row.get("success"),
        **(row.get("namedScores") or {}),
    }
    return Sample(name, scores, content, {**fields, **(case.get("metadata") or {})}, failed)
