"""Answers of an earlier run: ``replay:<file>`` reads a journal (JSON Lines) or the same as Parquet.

A prompt is found by its hash, the settings of the call and the repeat, whatever model answered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from measurand.journal import call_key, parse_record
from measurand.models.protocol import (
    Capabilities,
    Completion,
    ModelSpec,
    Request,
    Sampling,
    Score,
)
from measurand.models.recorded import request_settings, score_settings

_NEEDED = ("prompt_sha256", "settings", "repeat", "status")


def load(spec: ModelSpec) -> Replay:
    """Read the file.

    Raises:
        InputError: code ``no_such_file``, or ``journal_damaged`` where it is no journal.
    """
    spec.allow()
    return Replay(spec.text, Path(spec.target))


class Replay:
    """A model that repeats recorded answers; a prompt without one is ``skipped`` with a reason."""

    def __init__(self, spec: str, path: Path) -> None:
        if not path.is_file():
            raise InputError(
                f"{path} is no file",
                hint="give the journal of an earlier run",
                code="no_such_file",
            )
        self.spec, self._path = spec, path
        self.fingerprint = "replay:" + hashlib.sha256(path.read_bytes()).hexdigest()
        self._records: dict[str, dict[str, Any]] = {}
        self._modes: set[str] = set()
        self._reads_tags = False
        for record in _records(path):
            settings = record["settings"]
            self._modes.add(settings["mode"] + "+" * bool(settings.get("choices")))
            self._reads_tags |= "tags" in settings
            key = call_key("", record["prompt_sha256"], settings, record["repeat"])
            self._records[key] = record

    def capabilities(self) -> Capabilities:
        """What the recorded run did."""
        return Capabilities(
            logprobs="score+" in self._modes,
            generate="generate" in self._modes,
            constrained="generate+" in self._modes,
            chat_template=False,
            max_model_tokens=None,
            dtype="as recorded",
            reads_tags=self._reads_tags,
            live=False,
        )

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        """Recorded scores; ``skipped`` where the prompt was not scored with these choices."""
        settings = score_settings(choices)
        found = [self._find(request, settings, 0) for request in requests]
        missing = f"not in {self._path.name}: prompt with these choices"
        return [Score.from_record(r) if r else Score.failed("skipped", missing) for r in found]

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, repeat: int = 0
    ) -> list[Completion]:
        """Recorded texts; ``skipped`` where the prompt was not asked with this sampling."""
        found = [self._find(request, sampling.record(), repeat) for request in requests]
        missing = f"not in {self._path.name}: prompt with this sampling and repeat"
        return [
            Completion.from_record(r) if r else Completion.failed("skipped", missing) for r in found
        ]

    def close(self) -> None:
        """Nothing to release."""

    def _find(
        self, request: Request, settings: Mapping[str, Any], repeat: int
    ) -> dict[str, Any] | None:
        own = request_settings(settings, request, self._reads_tags)
        return self._records.get(call_key("", request.sha256, own, repeat))


def _records(path: Path) -> Iterator[dict[str, Any]]:
    rows = _parquet_rows(path) if path.suffix == ".parquet" else _json_rows(path)
    for number, record in enumerate(rows, 1):
        if record is None or any(name not in record for name in _NEEDED):
            raise InputError(
                f"{path}: record {number} is none of a journal",
                hint=f"each needs key, {', '.join(_NEEDED)} and the fields of an answer",
                code="journal_damaged",
            )
        yield record


def _json_rows(path: Path) -> Iterator[dict[str, Any] | None]:
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield parse_record(line)


def _parquet_rows(path: Path) -> Iterator[dict[str, Any] | None]:
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(path).iter_batches():
        for row in batch.to_pylist():
            if isinstance(row.get("settings"), str):
                row["settings"] = json.loads(row["settings"])
            yield row
