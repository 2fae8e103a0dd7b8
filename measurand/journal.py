"""Append-only record of model calls: a killed run resumes, an equal call is free, cost is known.

One JSON object a line. A batch is written and flushed to the disk at once and its first line says
how many lines belong to it, so a kill loses the batch in flight, and loses it whole: what it left
half written is dropped at the next opening, and the resumed run asks the same batches as one that
was never killed.
Only keys and file offsets stay in memory (about 150 bytes a call).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from measurand.errors import InfraError, InputError


def call_key(fingerprint: str, prompt_sha256: str, sampling: Mapping[str, Any], repeat: int) -> str:
    """Identity of a model call: equal keys mean that the same answer is asked for.

    Args:
        fingerprint: of the model.
        prompt_sha256: hash of the prompt text.
        sampling: everything else that decides the answer (mode, choices, temperature, seed ...).
        repeat: 0-based repeat of the same prompt.

    Returns:
        64 hexadecimal digits.
    """
    text = canonical_json([fingerprint, prompt_sha256, dict(sampling), repeat])
    return hashlib.sha256(text.encode()).hexdigest()


def call_record(
    fingerprint: str,
    prompt_sha256: str,
    settings: Mapping[str, Any],
    repeat: int,
    answer: Mapping[str, Any],
    seconds: float,
) -> dict[str, Any]:
    """A record that ``replay:<file>`` can read back: the call beside its answer.

    Args:
        fingerprint: as in :func:`call_key`.
        prompt_sha256: as in :func:`call_key`.
        settings: the ``sampling`` of :func:`call_key`.
        repeat: as in :func:`call_key`.
        answer: ``Score.record()`` or ``Completion.record()``.
        seconds: wall time of the call.
    """
    return {
        "key": call_key(fingerprint, prompt_sha256, settings, repeat),
        "prompt_sha256": prompt_sha256,
        "settings": dict(settings),
        "repeat": repeat,
        "seconds": seconds,
        **answer,
    }


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces; floats as their shortest exact text, NaN refused."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


class Journal:
    """The calls of one run, in one file that one process writes at a time.

    Args:
        path: JSON Lines file; made, with its folder, where missing.

    Attributes:
        asked: keys of calls that were answered since it was opened.

    Raises:
        InputError: code ``journal_locked`` while another process has it open; ``journal_damaged``
            where a line other than the last cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a+b", buffering=0)
        self.asked: set[str] = set()
        self._offsets: dict[str, int] = {}
        self._totals: dict[str, float] = {
            "calls": 0,
            "prompt_tokens": 0,
            "generated_tokens": 0,
            "seconds": 0.0,
        }
        try:
            self._lock()
            self._end = self._index()
        except BaseException:
            self._file.close()
            raise

    def get(self, key: str) -> dict[str, Any] | None:
        """The record of a call, None where it was never made."""
        offset = self._offsets.get(key)
        return None if offset is None else self._at(offset)

    def append_batch(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Write records and flush them to the disk; a key that stands already is replaced.

        Args:
            records: JSON-able mappings with a text ``key``; ``prompt_tokens``, ``tokens`` and
                ``seconds`` are added up by :meth:`cost`.

        Raises:
            ValueError: a record without a key, or with NaN or infinity in it; nothing is written.
            InfraError: code ``journal_unwritable``; nothing of the batch stays in the file.
        """
        lines: list[bytes] = []
        for record in records:
            if not isinstance(record.get("key"), str):
                raise ValueError("a journal record needs a text 'key'")
            head = {} if lines or len(records) == 1 else {"batch": len(records)}
            lines.append(f"{canonical_json({**head, **record})}\n".encode())
        try:
            data = memoryview(b"".join(lines))
            while data:
                data = data[self._file.write(data) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            self._file.truncate(self._end)
            raise InfraError(
                f"{self.path} cannot be written: {error.strerror}",
                hint="make room on the disk and start again; finished calls are kept",
                code="journal_unwritable",
            ) from error
        for record, line in zip(records, lines, strict=True):
            self._enter(record, self._end)
            self._end += len(line)

    def cost(self) -> dict[str, float]:
        """What the run has spent: calls, prompt_tokens, generated_tokens and seconds.

        Parts before a kill count too, and so do calls whose record was replaced by a later one.
        """
        return dict(self._totals)

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Records in the order of their keys' first appearance."""
        return map(self._at, list(self._offsets.values()))

    def close(self) -> None:
        """Close the file and let the next process in."""
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                f"{self.path} is in use by another process",
                hint="wait for the other run to end, or give this one its own journal",
                code="journal_locked",
            ) from error

    def _index(self) -> int:
        at = end = 0
        batch: list[tuple[dict[str, Any], int]] = []
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    break
                record = parse_record(line)
                if record is None:
                    raise InputError(
                        f"{self.path}: line {number} is no journal record",
                        hint="the file was edited or damaged; delete it to start the calls afresh",
                        code="journal_damaged",
                    )
                batch.append((record, at))
                at += len(line)
                if len(batch) == batch[0][0].get("batch", 1):
                    for one, offset in batch:
                        self._enter(one, offset)
                    batch, end = [], at
        # Only a killed write leaves less than a batch; what it held is asked again.
        self._file.truncate(end)
        return end

    def _at(self, offset: int) -> dict[str, Any]:
        line = b""
        while not (end := line.find(b"\n") + 1):
            piece = os.pread(self._file.fileno(), 4096, offset + len(line))
            if not piece:
                raise InfraError(
                    f"{self.path} was cut while in use",
                    hint="let no other program write to the journal; start again",
                    code="journal_damaged",
                )
            line += piece
        record: dict[str, Any] = json.loads(line[:end])
        return record

    def _enter(self, record: Mapping[str, Any], offset: int) -> None:
        self._offsets[record["key"]] = offset
        self._totals["calls"] += 1
        self._totals["prompt_tokens"] += record.get("prompt_tokens") or 0
        self._totals["generated_tokens"] += record.get("tokens") or 0
        self._totals["seconds"] += record.get("seconds") or 0.0


def parse_record(line: bytes | str) -> dict[str, Any] | None:
    """One line of a journal, None where it is no record."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    if not isinstance(record, dict) or not isinstance(record.get("key"), str):
        return None
    return record
