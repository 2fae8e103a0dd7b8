"""Sample logs of lm-evaluation-harness: ``samples_<task>_<time>.jsonl``, ``results_<time>.json``.

One line holds one document under one filter with all its metrics. A metric becomes
``metric`` or, as in the harness's own tables, ``metric,filter``; the task becomes a slice. What a
metric's figure is (a mean, exp of a mean, a score of the whole corpus) stands in the results file:
:mod:`measurand.interop.lm_eval_runs`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from measurand.interop import lm_eval_runs
from measurand.interop.account import Account, States
from measurand.interop.contents import Contents
from measurand.interop.damage import DAMAGED, damaged, guarded
from measurand.interop.inspect_files import array_items
from measurand.interop.lm_eval_runs import Run
from measurand.interop.rows import (
    NOBODY,
    Collector,
    Fields,
    Log,
    Wish,
    as_id,
    cluster_note,
    cluster_of,
    plain,
    rename,
)
from measurand.packed import name_of, opened
from measurand.progress import Progress
from measurand.results import slice_text
from measurand.texts import scrub

SYSTEM = "lm-eval"
HARNESS = "lm-evaluation-harness"
NAME = re.compile(
    r"samples_(?P<task>.+?)(?:_(?P<time>\d{4}-\d\d-\d\dT[\d\-:.]+))?\.jsonl?", re.DOTALL
)
_SHA256 = re.compile("[0-9a-f]{64}")
_SAMPLE = re.compile(rb'(\xef\xbb\xbf)?\s*\[?\s*\{\s*"doc_id"\s*:')
_OWN = re.compile(rb'"(doc|arguments|resps|filtered_resps|doc_hash)"\s*:')
"""A field that tells a sample from a row of somebody's documents."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
#: Fields of a sample that are no metric, for logs of before November 2024 that name none.
_FIELDS = frozenset(
    (
        *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"),
        *("doc_hash", "prompt_hash", "target_hash", "schema_version"),
    )
)


def logs(path: Path) -> list[Path]:
    """Sample logs at or below ``path``."""
    if path.is_file():
        return [path] if _is_log(path, named=True) else []
    return sorted(p for p in path.rglob("*") if p.is_file() and _is_log(p, named=False))


def _is_log(file: Path, *, named: bool) -> bool:
    """By its name, or by its first line."""
    name = name_of(file)
    if not name.endswith((".jsonl", ".json")):
        return False
    if NAME.fullmatch(name) and name.endswith(".jsonl"):
        return True
    if not (named or NAME.fullmatch(name) or name.endswith(".jsonl")):
        return False
    try:
        with opened(file) as stream:
            head = stream.read(4096)
            return _SAMPLE.match(head) is not None and _OWN.search(head) is not None
    except (OSError, EOFError, ValueError):
        return False


def read(files: list[Path], wish: Wish) -> tuple[list[Log], list[str]]:
    """Rows of each log, and notes.

    Raises:
        InputError: code ``bad_log``: a line is no sample of this harness; ``no_field``.
    """
    fields = Fields()
    runs: dict[Path, Run] = {}
    found = []
    for file in files:
        with guarded(file, HARNESS):
            found.append(_read(file, wish, fields, runs))
    notes = cluster_note(wish, fields)
    for run in runs.values():
        with guarded(run.file or files[0], HARNESS):
            notes += lm_eval_runs.whole(run)
    return found, notes


def model_of(file: Path) -> str:
    """Name of the model: the harness's own, from the results file of the same time, or the folder.

    Raises:
        InputError: the results file is no JSON object.
    """
    return _run(file, {}).model or file.parent.name or file.stem


def results_file(file: Path) -> Path:
    """Where the results of the run lie that a sample log is of."""
    found = NAME.fullmatch(name_of(file))
    time = found["time"] if found else None
    return file.with_name(f"results_{time}.json" if time else "results.json")


def _run(file: Path, known: dict[Path, Run]) -> Run:
    """What the results file beside a log says; an empty run where there is none."""
    beside = results_file(file) if results_file(file).is_file() else None
    key = beside or file
    if key not in known:
        known[key] = lm_eval_runs.read(beside)
    return known[key]


def _read(file: Path, wish: Wish, fields: Fields, known: dict[Path, Run]) -> Log:
    found = NAME.fullmatch(name_of(file))
    task = scrub(found["task"] if found else name_of(file).rsplit(".", 1)[0])
    run = _run(file, known)
    model = wish.model or run.model or file.resolve().parent.name or file.stem
    taken = _Samples(task, scrub(model), wish, run)
    fields.next_log()
    for line in _lines(file):
        fields.look(line.get("doc"), f"{task}/{line['doc_id']}")
        taken.take(line)
    account = Account()
    table, n = taken.table(account), taken.documents
    account.read.append((str(file), table.num_rows))
    if taken.unnamed and not run.metrics(task):
        account.understood.append(
            f"{file.name}: its lines do not name their metrics; every field with numbers is taken "
            "for one, whether it is or not."
        )
    account.states.append(States(file.name, run.planned(task), n, n, {"scored": n}))
    settings, more = run.settings(task)
    log = Log(str(file), table, scrub(model), task, account, settings, more)
    lm_eval_runs.figures(run, log)
    run.logs.append(log)
    return log


class _Samples:
    """Rows of the documents of one log: one for each metric and filter."""

    def __init__(self, task: str, model: str, wish: Wish, run: Run) -> None:
        self._task, self._model, self._wish, self._run = task, model, wish, run
        self._rows, self._contents = Collector(), Contents()
        self._whole = slice_text({"task": plain(task)})
        self._made: dict[str, tuple[str, Callable[[Any], Any]] | None] = {}
        self._seen: Counter[str] = Counter()
        self._lines: Counter[str | None] = Counter()
        self.unnamed = False

    @property
    def documents(self) -> int:
        """Documents of the log: lines of one filter, or of the first occurrence of each."""
        return max(self._lines.values(), default=0) if self._lines_name_filters else len(self._seen)

    @property
    def _lines_name_filters(self) -> bool:
        """Whether lines name their filters."""
        return None not in self._lines

    def take(self, line: dict[str, Any]) -> None:
        """Rows of one line."""
        doc = line["doc"] if isinstance(line.get("doc"), dict) else {}
        digest = _document(line.get("doc_hash"), doc)
        name = own = as_id(line["doc_id"])
        if self._wish.by_content:
            name = self._contents.name(digest, own, f"samples of {self._task}")
        kept = line.get("filter")
        self._lines[kept] += 1
        if kept is None:
            self._seen[own] += 1
            kept = "none" if self._seen[own] == 1 else f"filter {self._seen[own]}"
        text = self._whole
        if self._wish.by:
            parts = {"task": plain(self._task), **{f: plain(doc.get(f)) for f in self._wish.by}}
            text = slice_text(parts)
        item = f"{self._task}/{name}"
        unit = (item, 0, cluster_of(item, self._task, doc, self._wish.cluster))
        prompt = str(line.get("prompt_hash") or "")
        prompt = prompt if _SHA256.fullmatch(prompt) else digest or NOBODY
        for metric in line["metrics"] if line.get("metrics") is not None else self._fields(line):
            label = metric if kept == "none" else f"{metric},{kept}"
            self._take(metric, label, line.get(metric), unit, (text, prompt, digest))

    def _fields(self, line: dict[str, Any]) -> list[str]:
        """Metrics of a line that does not name them: those of the results file, or any field."""
        self.unnamed = True
        known = self._run.metrics(self._task)
        return [name for name in line if (name in known if known else name not in _FIELDS)]

    def _take(
        self, metric: str, label: str, value: Any, unit: tuple[Any, ...], last: tuple[Any, ...]
    ) -> None:
        if metric not in self._made:
            self._made[metric] = self._run.values(self._task, metric)
        made = self._made[metric]
        if made is None:
            return
        ending, change = made
        label = label.replace(metric, metric + ending, 1) if ending else label
        number = change(value)
        if number is None:
            self._rows.no_number(
                self._model, label, *unit, None, "skipped", f"no number: {value!r}"[:200], *last
            )
        elif math.isfinite(number):
            self._rows.number(self._model, label, *unit, number, "ok", None, *last)
        else:
            status = self._run.status_of_nan(self._task, metric)
            self._rows.number(self._model, label, *unit, None, status, f"score is {number}", *last)

    def table(self, account: Account) -> Any:
        """All rows; metrics without a number by name in the account."""
        task = plain(self._task)
        for label, n in self._rows.settle().items():
            why = "its values are no numbers of single documents"
            told = self._run.told(self._task, label)
            account.leave("metric", f"{task}, {label}", why, n, told=told)
        for metric, made in self._made.items():
            if made is None:
                why = "the run was --predict_only: nothing was scored"
                if metric != "bypass":
                    why = f"{self._run.aggregation(self._task, metric)} is no mean of documents"
                told = self._run.told(self._task, metric)
                account.leave("metric", f"{task}, {metric}", why, self.documents, told=told)
        table = self._rows.table()
        if max(self._seen.values(), default=0) > 1:
            table = rename(table, "metric", _first_filter(table))
        return table


def _first_filter(table: Any) -> Callable[[str], str]:
    """Names of metrics whose log does not name its filters: the first is ``filter 1``."""
    names = set(table.column("metric").unique().to_pylist())
    several = {n.rsplit(",", 1)[0] for n in names if n.rsplit(",", 1)[-1].startswith("filter ")}
    return lambda name: f"{name},filter 1" if name in several else name


def _document(written: Any, doc: dict[str, Any]) -> str | None:
    """The log's own hash of a document, or one of the document."""
    found = str(written or "")
    if _SHA256.fullmatch(found):
        return found
    return hashlib.sha256(found.encode()).hexdigest() if found else document(doc)


def document(doc: dict[str, Any]) -> str | None:
    """SHA-256 of a document, as the harness writes it since 2024; older logs have none."""
    if not doc:
        return None
    return hashlib.sha256(json.dumps(doc, indent=2, ensure_ascii=False).encode()).hexdigest()


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    size = max(file.stat().st_size // 1024, 1)
    at = 0
    with opened(file) as lines, Progress(f"read {file.name}", size, "KiB") as progress:
        try:
            for at, line in enumerate(_parsed(lines), 1):
                yield line
                if at % 1000 == 0 and lines.seekable():
                    progress.advance(lines.tell() // 1024 - progress.done)
        except DAMAGED as error:
            hint = "give a samples_*.jsonl that was written with --log_samples"
            raise damaged(file, HARNESS, error, at + 1, hint) from error


def _parsed(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Samples of a file of lines, or of one array as versions of before 2024 wrote it."""
    decode = json.JSONDecoder().decode
    start = stream.peek(16)[:16].lstrip() if hasattr(stream, "peek") else b""
    if start.startswith(b"["):
        for sample in array_items(stream):
            yield _checked(sample)
        return
    for line in stream:
        if not line.isspace():
            sample = decode(line.decode("utf-8", "surrogatepass").lstrip("\ufeff"))
            # Looking for bytes is fast, and few lines have these.
            odd = b"\\u" in line or b"\xed" in line
            yield _checked(scrub(sample) if odd and _SURROGATE.search(line) else sample)


def _checked(sample: dict[str, Any]) -> dict[str, Any]:
    if sample["doc_id"] is None:
        raise ValueError("doc_id is null")
    metrics, kept = sample.get("metrics", ()), sample.get("filter")
    if isinstance(metrics, str):
        sample["metrics"] = [metrics]
    elif not all(isinstance(metric, str) for metric in metrics):
        raise ValueError("metrics are no names")
    if kept is not None and not isinstance(kept, str):
        raise ValueError("filter is no name")
    return sample
