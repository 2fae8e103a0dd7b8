"""What readers of other harnesses' samples share: lines of JSON in, rows of one log out."""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow as pa

from measurand.interop.account import Account, States
from measurand.interop.contents import Contents
from measurand.interop.damage import DAMAGED, damaged
from measurand.interop.rows import (
    NOBODY,
    Collector,
    Fields,
    Log,
    Wish,
    cluster_of,
    plain,
)
from measurand.json_tables import once
from measurand.packed import name_of, opened
from measurand.progress import Progress
from measurand.results import slice_text
from measurand.texts import scrub

HEAD = 65_536
"""Bytes at the beginning of a file by which its writer is known."""
NO_WORDS: Mapping[str, float] = {}
NO_FIELDS: Mapping[str, str] = {}


class Sample(NamedTuple):
    """One sample of a log.

    Attributes:
        item: id of the item within its task.
        scores: whatever the harness gave, by metric.
        content: what the item says, as JSON values; None where the log does not hold it.
        fields: fields that may name clusters or slices.
        failed: why infrastructure gave no answer; then its scores do not count.
        repeat: 0-based; None to number samples of one item as they come.
    """

    item: str
    scores: Mapping[str, Any]
    content: Any = None
    fields: Mapping[str, Any] = NO_FIELDS
    failed: str | None = None
    repeat: int | None = None


class Samples:
    """Rows of the samples of one model and task.

    Args:
        task: the task; empty where the log names none.
        model: the model.
        wish: clusters, slices, items by content.
        fields: where fields are noted that may name clusters.
    """

    def __init__(self, task: str, model: str, wish: Wish, fields: Fields) -> None:
        self.task, self.model = scrub(task), scrub(wish.model or model)
        self._wish, self._fields = wish, fields
        self._rows, self._contents = Collector(), Contents()
        self._seen: Counter[str] = Counter()
        self._failed: list[tuple[tuple[Any, ...], str, tuple[Any, ...]]] = []
        self.n = 0
        fields.next_log()

    @property
    def metrics(self) -> list[str]:
        """Metrics that have a number."""
        return self._rows.metrics

    @property
    def failed(self) -> int:
        """Samples that infrastructure lost."""
        return len(self._failed)

    def take(self, sample: Sample) -> None:
        """Rows of one sample."""
        digest = None if sample.content is None else sha256(sample.content)
        name = scrub(sample.item)
        if self._wish.by_content:
            name = self._contents.name(digest, name, f"samples of {self.task or self.model}")
        item = f"{self.task}/{name}" if self.task else name
        self._fields.look(sample.fields, item)
        repeat = self._seen[item] if sample.repeat is None else sample.repeat
        self._seen[item] += 1
        self.n += 1
        parts = {f: plain(sample.fields.get(f)) for f in self._wish.by}
        if self.task:
            parts["task"] = plain(self.task)
        unit = (item, repeat, cluster_of(item, self.task, sample.fields, self._wish.cluster))
        last = (slice_text(parts), digest or NOBODY, digest)
        if sample.failed is not None:
            self._failed.append((unit, scrub(sample.failed)[:200], last))
            return
        for metric, value in sample.scores.items():
            self._score(scrub(metric), value, unit, last)

    def _score(self, metric: str, value: Any, unit: tuple[Any, ...], last: tuple[Any, ...]) -> None:
        number = as_number(value, self._wish.scale)
        if number is None:
            why = f"no number: {value!r}"[:200]
            self._rows.no_number(self.model, metric, *unit, None, "skipped", scrub(why), *last)
        elif math.isfinite(number):
            self._rows.number(self.model, metric, *unit, number, "ok", None, *last)
        else:
            why = f"score is {number}"
            self._rows.number(self.model, metric, *unit, None, "model_error", why, *last)

    def log(self, file: Path, fields: Mapping[str, str] = NO_FIELDS) -> Log:
        """The samples as a log of its own, though others may lie in the same file.

        Args:
            file: where they were read.
            fields: settings that tell this log from others of its model.
        """
        account = Account()
        table = self.table(account, file)
        account.read.append((str(file), table.num_rows))
        run = ", ".join((str(file), self.task, self.model, *fields.values()))
        more = {"eval_id": run, "task_id": run}
        return Log(str(file), table, self.model, self.task, account, dict(fields), more)

    def table(self, account: Account, file: Path) -> pa.Table:
        """All rows; what has no number is named in the account, and samples are counted.

        A sample that infrastructure lost has a row in every metric that the log has.
        """
        for metric, n in self._rows.settle().items():
            where = f"{self.task}, {metric}" if self.task else metric
            account.leave("metric", where, "its values are no numbers", n)
        for unit, why, last in self._failed:
            for metric in self._rows.metrics:
                self._rows.add(self.model, metric, *unit, None, "infra_error", why, *last)
        if self._failed and not self._rows.metrics:
            account.leave("sample", file.name, "all samples failed: no metric is known", self.n)
        lost = self.failed
        parts = {"scored": self.n - lost, **({"error": lost} if lost else {})}
        account.states.append(States(file.name, None, self.n, self.n - lost, parts))
        return self._rows.table()


def as_number(value: Any, scale: Mapping[str, float] = NO_WORDS) -> float | None:
    """A score as a number: true is 1, words by the scale; None where it is none."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    return scale.get(value) if isinstance(value, str) else None


def sha256(content: Any) -> str:
    """Hash of JSON values, whatever the order of their keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def head(file: Path) -> bytes:
    """The beginning of a file; nothing where it cannot be read."""
    try:
        with opened(file) as stream:
            return stream.read(HEAD)
    except (OSError, EOFError, ValueError, zlib.error):
        return b""


def found(path: Path, endings: tuple[str, ...], ours: Callable[[Path], bool]) -> list[Path]:
    """Files at or below a path whose names end so and that are ours."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return [f for f in files if name_of(f).endswith(endings) and ours(f)]


def each_line(file: Path, harness: str, take: Callable[[dict[str, Any]], None]) -> None:
    """Give every object of a file of lines to ``take``.

    Raises:
        InputError: code ``bad_log``: a line is no object, or not one that ``take`` knows; or what
            ``take`` raises itself.
    """
    size = max(file.stat().st_size // 1024, 1)
    with opened(file) as lines, Progress(f"read {file.name}", size, "KiB") as progress:
        at = 0
        try:
            for at, line in enumerate(lines, 1):
                if line.isspace():
                    continue
                one = json.loads(line.decode("utf-8-sig", "surrogatepass"), object_pairs_hook=once)
                if not isinstance(one, dict):
                    raise ValueError("no JSON object")
                take(scrub(one) if b"\\ud" in line.lower() else one)
                if at % 1000 == 0 and lines.seekable():
                    progress.advance(lines.tell() // 1024 - progress.done)
        except DAMAGED as error:
            raise damaged(file, harness, error, at) from error


def json_file(file: Path, harness: str) -> Any:
    """The JSON of a whole file; None where there is no such file.

    Raises:
        InputError: code ``bad_log``.
    """
    if not file.is_file():
        return None
    try:
        with opened(file) as stream:
            return json.load(stream, object_pairs_hook=once)
    except DAMAGED as error:
        raise damaged(file, harness, error) from error


class Rest:
    """A stream that begins with bytes that were read already."""

    def __init__(self, before: bytes, stream: IO[bytes]) -> None:
        self._before, self._stream = before, stream

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or fewer."""
        if self._before:
            taken, self._before = self._before, b""
            return taken
        return self._stream.read(size)
