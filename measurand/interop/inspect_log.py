"""Logs of Inspect (``.eval``, ``.json``): item rows from the samples, read as a stream.

A scorer becomes a metric; one with several values one a key or place (``scorer/key``). Where the
run reduces its epochs otherwise than by the mean, what the log says of each sample after
reducing is a metric of its own (``scorer,pass_at_2``). Memory holds one sample and the rows.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from measurand.interop import inspect_files, inspect_runs
from measurand.interop.account import Account, States, first
from measurand.interop.contents import Contents
from measurand.interop.damage import DAMAGED
from measurand.interop.inspect_files import Archive, Sample, Text
from measurand.interop.rows import (
    Collector,
    Fields,
    Log,
    Wish,
    as_float,
    as_id,
    cluster_note,
    cluster_of,
    plain,
)
from measurand.packed import name_of
from measurand.progress import Progress
from measurand.results import slice_text

SYSTEM = "inspect"
#: What Inspect's own metrics make of letters and words (``value_to_float``).
LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_DAMAGED = (*DAMAGED, zipfile.BadZipFile, RuntimeError, struct.error)
_MOST_EPOCHS = 32_767


def logs(path: Path) -> list[Path]:
    """Logs at or below ``path``."""
    if path.is_file():
        return [path] if _is_log(path) else []
    return sorted(p for p in path.rglob("*") if p.is_file() and _is_log(p))


def _is_log(file: Path) -> bool:
    if file.suffix.lower() == ".eval":
        return True
    return name_of(file).lower().endswith(".json") and inspect_files.is_log(file)


def read(files: list[Path], wish: Wish) -> tuple[list[Log], list[str]]:
    """Rows of each log, and notes.

    Raises:
        InputError: code ``bad_log``: damaged, or no log of Inspect; ``no_field``.
    """
    fields = Fields()
    notes: list[str] = []
    found = []
    for file in files:
        try:
            with inspect_files.opened(file) as log:
                found.append(_read(file, log, wish, fields, notes))
        except InputError:
            raise
        except _DAMAGED as error:
            raise InputError(
                f"{file}: not a readable log of Inspect: {error!r}"[:300],
                hint="copy the log again; `inspect log dump FILE` shows whether Inspect reads it",
                code="bad_log",
            ) from error
    return found, [*notes, *cluster_note(wish, fields)]


def _read(file: Path, log: Archive | Text, wish: Wish, fields: Fields, notes: list[str]) -> Log:
    about = log.header["eval"]
    model, task = wish.model or str(about["model"]), str(about["task"])
    account = Account()
    planned = inspect_runs.planned(about)
    taken = _Samples(task, model, wish, keep_units=inspect_runs.reduces(log.header))
    fields.next_log()
    with Progress(f"read {file.name}", planned, "samples") as progress:
        for sample in log.samples():
            fields.look(sample.get("metadata"), f"{task}/{as_id(sample['id'])}")
            if inspect_files.is_cut(sample):
                sample = log.whole(sample)
                taken.cut += inspect_files.is_cut(sample)
            taken.take(sample)
            progress.advance()
    for reduction in log.reductions():
        taken.reduced(reduction)
    notes += _run_notes(file.name, log, planned, taken)
    taken.leave(account, log.header)
    table = taken.table([str(s["name"]) for s in about.get("scorers") or ()])
    known = set(taken.metrics)
    inspect_runs.figures(file.name, log.header, (model, plain(task)), known, account)
    account.read.append((str(file), table.num_rows))
    states = States(
        file.name, planned, taken.seen, taken.scored, dict(sorted(taken.states.items()))
    )
    account.states.append(states)
    settings, more = inspect_runs.settings(log.header)
    return Log(str(file), table, model, task, account, settings, more)


def _run_notes(name: str, log: Archive | Text, planned: int | None, taken: _Samples) -> list[str]:
    notes = []
    status = log.header.get("status", "started")
    if status != "success" or (planned is not None and taken.seen < planned):
        of = f" of {planned:,}" if planned is not None else ""
        notes.append(f"{name}: the run is {status!r}; {taken.seen:,}{of} samples are in the log.")
    if not log.looked_through:
        notes.append(f"{name}: its samples are too many to look through for edited scores.")
    if taken.cut:
        notes.append(f"{name}: {taken.cut:,} inputs are in the log only in part.")
    for state, what in _TELLING.items():
        if n := sum(count for s, count in taken.states.items() if s.startswith(state)):
            notes.append(f"{name}: {n:,} samples {what}.")
    return notes


#: States of samples that a reader has to know of, as the tool itself treats them.
_TELLING = {
    "error, scored": "ended in an error and were scored all the same; their scores count, as in "
    "the log's own figures",
    "invalidated": "were invalidated after the run; they are left out here, and count in the "
    "log's own figures",
    "edited, scored": "have scores that were edited after the run; the edited scores are taken",
    "limit": "were stopped at a limit; their scores count",
}


def state_of(sample: Sample) -> tuple[str, bool]:
    """What became of a sample, and whether its scores count, as Inspect defines it.

    An error does not undo a score: with ``score_on_error`` (or where a scorer ran before another
    failed) Inspect counts it. A limit ends a sample, which is then scored. An invalidated sample is
    one that is to be run again.
    """
    scores = sample.get("scores")
    if sample.get("invalidated"):
        return "invalidated", False
    if sample.get("error") is not None:
        return ("error, scored", True) if scores else ("error", False)
    if not scores:
        return "not scored", False
    if sample.get("edited"):
        return "edited, scored", True
    limit = sample.get("limit")
    return (f"limit {limit}, scored" if limit else "scored"), True


def document(sample: Sample) -> str:
    """SHA-256 of what a sample asks: role and content of every message, choices, target.

    Ids of messages and calls are new in every run and no part of it.
    """
    asked = [_input(sample.get("input")), sample.get("target")]
    if sample.get("choices") is not None:
        asked.append(sample["choices"])
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _input(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [
        [m.get("role"), _content(m.get("content")), *map(_call, m.get("tool_calls") or ())]
        if isinstance(m, dict)
        else m
        for m in value
    ]


def _content(content: Any) -> Any:
    parts = content if isinstance(content, list) else [content]
    found = [
        p.get("text")
        if isinstance(p, dict) and p.get("type") == "text"
        else {k: v for k, v in p.items() if k not in ("id", "internal")}
        if isinstance(p, dict)
        else p
        for p in parts
    ]
    return found[0] if len(found) == 1 else found


def _call(call: Any) -> Any:
    return [call.get("function"), call.get("arguments")] if isinstance(call, dict) else call


class _Samples:
    """Rows of the samples of one log."""

    def __init__(self, task: str, model: str, wish: Wish, *, keep_units: bool) -> None:
        self._task, self._model, self._wish = task, model, wish
        self._rows = Collector()
        self._unscored: list[tuple[tuple[Any, ...], str, str, tuple[str, ...]]] = []
        self._roots: dict[str, list[tuple[Any, ...]]] = {}
        self._units: dict[str, tuple[Any, ...]] | None = {} if keep_units else None
        self._words: dict[str, Counter[str]] = {}
        self._contents = Contents()
        self.states: Counter[str] = Counter()
        self.seen = self.scored = self.cut = 0

    @property
    def metrics(self) -> list[str]:
        """Metrics that have a number."""
        return self._rows.metrics

    def take(self, sample: Sample) -> None:
        """Rows of one sample."""
        self.seen += 1
        state, counts = state_of(sample)
        self.states[state] += 1
        unit, last = self._unit(sample)
        if not counts:
            status = "infra_error" if state == "error" else "skipped"
            why = str(sample["error"])[:200] if state == "error" else state
            self._unscored.append((unit, status, why, last))
            return
        self.scored += 1
        if self._units is not None:
            self._units[as_id(sample["id"])] = (unit, last)
        for scorer, score in sample["scores"].items():
            why = str((score or {}).get("reason") or "unscored")
            self._score(scorer, (score or {}).get("value"), why, unit, last)

    def _unit(self, sample: Sample) -> tuple[tuple[str, int, str], tuple[str, str, str]]:
        """(item, repeat, cluster) and (slice, prompt, document) of a sample's rows."""
        about = sample.get("metadata") or {}
        digest, epoch = document(sample), int(sample["epoch"]) - 1
        if not 0 <= epoch < _MOST_EPOCHS:
            raise ValueError(f"epoch {sample['epoch']} of sample {sample['id']}")
        name = as_id(sample["id"])
        if self._wish.by_content:
            name = self._contents.name(digest, name, f"samples of {self._task}")
        item = f"{self._task}/{name}"
        cluster = cluster_of(item, self._task, about, self._wish.cluster)
        parts = {f: plain(about.get(f)) for f in self._wish.by}
        text = slice_text({**parts, "task": plain(self._task)})
        return (item, epoch, cluster), (text, digest, digest)

    def _score(
        self, scorer: str, value: Any, why: str, unit: tuple[Any, ...], last: tuple[str, ...]
    ) -> None:
        if isinstance(value, float) and math.isnan(value):
            # Unscored at the root: of every key, where this scorer has keys elsewhere.
            self._roots.setdefault(scorer, []).append((unit, why, last))
            return
        for metric, part in _single(scorer, value):
            number = to_float(part, self._wish.scale)
            if number is None:
                if not isinstance(part, (type(None), list, dict)):
                    self._words.setdefault(metric, Counter())[str(part)[:40]] += 1
                why = f"no number: {part!r}"[:200]
                self._rows.no_number(self._model, metric, *unit, None, "skipped", why, *last)
            elif math.isfinite(number):
                self._rows.number(self._model, metric, *unit, number, "ok", None, *last)
            else:
                self._rows.number(self._model, metric, *unit, None, "skipped", why, *last)

    def reduced(self, reduction: dict[str, Any]) -> None:
        """Rows of what a reducer made of each sample's epochs, one a sample."""
        name, scorer = inspect_runs.reducer(reduction), str(reduction["scorer"])
        if name is None or self._units is None:
            return
        for sample in reduction["samples"]:
            known = self._units.get(as_id(sample.get("sample_id")))
            if known is None:
                continue
            (item, _, cluster), last = known
            for metric, part in _single(scorer, sample.get("value")):
                number = to_float(part, self._wish.scale)
                row = (self._model, f"{metric},{name}", item, 0, cluster)
                if number is not None and math.isfinite(number):
                    self._rows.number(*row, number, "ok", None, *last)
                else:
                    self._rows.no_number(*row, None, "skipped", "no number", *last)

    def leave(self, account: Account, header: dict[str, Any]) -> None:
        """Name the metrics that have no number, and words that stand among numbers."""
        for scorer, rows in self._roots.items():
            own = [m for m in self._rows.metrics if m == scorer or m.startswith(f"{scorer}/")]
            for unit, why, last in rows:
                for metric in [m for m in own if "," not in m] or [scorer]:
                    row = (self._model, metric, *unit, None, "skipped", why, *last)
                    self._rows.no_number(*row)
        task = plain(self._task)
        for metric, n in self._rows.settle().items():
            words = self._words.get(metric)
            why = "no value of it is a number"
            if words:
                shown = first([repr(w) for w, _ in words.most_common()], 4)
                why = f"its values are words, {shown}: give --scale WORD=NUMBER ... to count them"
            account.leave("metric", f"{task}, {metric}", why, n)
        for metric, words in self._words.items():
            if metric in self._rows.metrics:
                shown = first([repr(w) for w, _ in words.most_common()], 4)
                why = f"no numbers: {shown} (Inspect's own metrics count such as 0)"
                account.leave("value", f"{task}, {metric}", why, words.total())
        if not self.seen:
            account.leave("sample", task, "the log holds no samples", 0)

    def table(self, scorers: list[str]) -> Any:
        """All rows; a sample without scores has a row for each metric of the log.

        Args:
            scorers: names to use where the log holds no score at all.
        """
        several = [m for m in self._rows.metrics if "," not in m]
        told = list(dict.fromkeys(scorers)) if not self._words else []
        names = several or told or ["score"]
        for unit, status, why, last in self._unscored if not self._only_words() else ():
            for metric in names:
                self._rows.add(self._model, metric, *unit, None, status, why, *last)
        return self._rows.table()

    def _only_words(self) -> bool:
        return bool(self.scored) and not self._rows.metrics


def _single(scorer: str, value: Any) -> Iterator[tuple[str, Any]]:
    """(metric, value) of a score; one for each key of a dictionary or place of a list."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield f"{scorer}/{key}", part
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield f"{scorer}/{place}", part
    else:
        yield scorer, value


def to_float(value: Any, scale: dict[str, float] | None = None) -> float | None:
    """A score as a number, as Inspect's metrics take it; None where it is none.

    Args:
        value: the score.
        scale: numbers of words, before Inspect's own.
    """
    if isinstance(value, (bool, int, float)):
        return as_float(value)
    if not isinstance(value, str):
        return None
    if scale and value in scale:
        return scale[value]
    if value in LETTERS:
        return LETTERS[value]
    if value.lower() in WORDS:
        return WORDS[value.lower()]
    try:
        return float(value)
    except ValueError:
        return None
