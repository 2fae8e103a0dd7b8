"""Sample logs of lm-evaluation-harness: ``samples_<task>_<time>.jsonl``, ``results_<time>.json``.

One line holds one document under one filter with all its metrics. A metric becomes
``metric`` or, as in the harness's own tables, ``metric,filter``; the task becomes a slice. Values
that are no number (the pairs of perplexities, corpus scores) are sums over documents and have no
item rows; they are named in a note.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from measurand.errors import InputError
from measurand.interop.rows import (
    NOBODY,
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

SYSTEM = "lm-eval"
NAME = re.compile(r"samples_(?P<task>.+?)(?:_(?P<time>\d{4}-\d\d-\d\dT[\d\-:.]+))?\.jsonl")
_SHA256 = re.compile("[0-9a-f]{64}")


def logs(path: Path) -> list[Path]:
    """Sample logs at or below ``path``."""
    if path.is_file():
        return [path] if NAME.fullmatch(path.name) else []
    return sorted(p for p in path.rglob("samples_*.jsonl") if NAME.fullmatch(p.name))


def read(files: list[Path], wish: Wish) -> tuple[list[pa.Table], list[str]]:
    """Rows of each log, and notes.

    Raises:
        InputError: code ``bad_log``: a line is no sample of this harness; ``no_field``.
    """
    fields = Fields()
    left_out: Counter[str] = Counter()
    tables = [_read(file, wish, fields, left_out) for file in files]
    notes = cluster_note(wish, fields)
    notes += [
        f"{name}: {count:,} values are no numbers of single items and were left out."
        for name, count in sorted(left_out.items())
    ]
    return tables, notes


def model_of(file: Path) -> str:
    """Name of the model: the harness's own, from the results file of the same time, or the folder.

    Raises:
        InputError: the results file is no JSON object.
    """
    found = NAME.fullmatch(file.name)
    time = found["time"] if found else None
    beside = file.with_name(f"results_{time}.json")
    if time is None or not beside.is_file():
        return file.parent.name or file.stem
    try:
        about = json.loads(beside.read_text(encoding="utf-8"))
        name = about.get("model_name") or about.get("model_source")
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            f"{beside}: {error}", hint="write the log again", code="bad_log"
        ) from error
    return str(name or file.parent.name)


def _read(file: Path, wish: Wish, fields: Fields, left_out: Counter[str]) -> pa.Table:
    found = NAME.fullmatch(file.name)
    task = found["task"] if found else file.stem
    model = wish.model or model_of(file)
    rows = Collector()
    fields.next_log()
    whole = slice_text({"task": plain(task)})
    for line in _lines(file):
        doc = line["doc"] if isinstance(line.get("doc"), dict) else {}
        fields.look(doc)
        text = whole
        if wish.by:
            parts = {"task": plain(task), **{f: plain(doc.get(f)) for f in wish.by}}
            text = slice_text(parts)
        item = f"{task}/{line['doc_id']}"
        unit = (item, 0, cluster_of(item, task, doc, wish.cluster))
        _take(line, rows, task, model, unit, text, left_out)
    return rows.table()


def _take(
    line: dict[str, Any],
    rows: Collector,
    task: str,
    model: str,
    unit: tuple[str, int, str],
    text: str,
    lost: Counter[str],
) -> None:
    """Rows of one document: one for each of its metrics that is a number."""
    prompt = str(line.get("prompt_hash") or "")
    prompt = prompt if _SHA256.fullmatch(prompt) else NOBODY
    kept = line.get("filter", "none")
    for metric in line["metrics"]:
        value = line.get(metric)
        name = metric if kept == "none" else f"{metric},{kept}"
        if isinstance(value, (bool, int, float)):
            number = as_float(value)
            fine = math.isfinite(number)
            rows.add(
                *(model, name, *unit, number if fine else None),
                *("ok" if fine else "model_error", None if fine else f"score is {number}"),
                *(text, prompt, str(line.get("doc_hash", ""))[:16]),
            )
        else:
            lost[f"{task}, {name}"] += 1


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    size = max(file.stat().st_size // 1024, 1)
    with file.open("rb") as lines, Progress(f"read {file.name}", size, "KiB") as progress:
        for number, line in enumerate(lines, 1):
            if line.isspace():
                continue
            try:
                sample = json.loads(line)
                sample["doc_id"], list(sample["metrics"])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise InputError(
                    f"{file} line {number}: no sample of lm-evaluation-harness: {error!r}",
                    hint="give a samples_*.jsonl that was written with --log_samples",
                    code="bad_log",
                ) from error
            yield sample
            if number % 1000 == 0:
                progress.advance(lines.tell() // 1024 - progress.done)
