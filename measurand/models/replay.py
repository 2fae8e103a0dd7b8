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
from measurand.models.protocol import Capabilities, Completion, Request, Sampling, Score
from measurand.models.strings import ModelSpec

_CALL = ("prompt_sha256", "settings", "repeat", "status")


def load(spec: ModelSpec) -> Replay:
    """Read the file.

    Raises:
        InputError: code ``no_such_file``, or ``not_replayable`` where its records do not say what
            was asked.
    """
    spec.allow()
    return Replay(spec.text, spec.path(spec.target))


class Replay:
    """A model that repeats recorded answers; a prompt without one is ``skipped`` with a reason."""

    def __init__(self, spec: str, path: Path) -> None:
        if not path.is_file():
            raise InputError(
                f"{path} is no file",
                hint="give the journal of an earlier run",
                code="no_such_file",
            )
        self.spec, self._name = spec, path.name
        self.fingerprint = hashlib.sha256(b"replay" + path.read_bytes()).hexdigest()
        self._records: dict[str, dict[str, Any]] = {}
        self._modes: set[tuple[str, bool]] = set()
        for record in _records(path):
            settings = record["settings"]
            self._modes.add((settings.get("mode"), bool(settings.get("choices"))))
            key = call_key("", record["prompt_sha256"], settings, record["repeat"])
            self._records[key] = record

    def capabilities(self) -> Capabilities:
        """What the recorded run did."""
        return Capabilities(
            logprobs=("logprob", True) in self._modes,
            generate=("generate", False) in self._modes,
            constrained=("generate", True) in self._modes,
            chat_template=False,
            max_model_tokens=None,
            dtype="as recorded",
            # The recorded run may have answered from tags: equal prompts are not equal calls.
            reads_tags=True,
            live=False,
        )

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        """Recorded scores; ``skipped`` where the prompt was not scored with these choices."""
        missing = f"{self._name} does not hold this prompt with these choices"
        asked = [{"mode": "logprob", "choices": list(r.choices or choices)} for r in requests]
        found = [self._find(r, settings, 0) for r, settings in zip(requests, asked, strict=True)]
        return [Score.from_record(r) if r else Score.failed("skipped", missing) for r in found]

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, repeat: int = 0
    ) -> list[Completion]:
        """Recorded texts; ``skipped`` where the prompt was not asked with this sampling."""
        missing = f"{self._name} does not hold this prompt with this sampling and repeat"
        found = [self._find(request, sampling.record(), repeat) for request in requests]
        return [_completion(r) if r else Completion.failed("skipped", missing) for r in found]

    def close(self) -> None:
        """Nothing to release."""

    def _find(
        self, request: Request, settings: Mapping[str, Any], repeat: int
    ) -> dict[str, Any] | None:
        for prompt in (request.sha256, request.tagged_sha256):
            record = self._records.get(call_key("", prompt, settings, repeat))
            if record is not None:
                return record
        return None


def _completion(record: Mapping[str, Any]) -> Completion:
    if record.get("text") is not None:
        return Completion.from_record(record)
    if record.get("choice") is not None:
        text = record["settings"]["choices"][record["choice"]]
        return Completion(text, None, record["prompt_tokens"], "stop")
    return Completion.failed(
        record["status"], record["reason"] or "", prompt_tokens=record["prompt_tokens"]
    )


def _records(path: Path) -> Iterator[dict[str, Any]]:
    rows = _parquet_rows(path) if path.suffix == ".parquet" else _json_rows(path)
    for number, record in enumerate(rows, 1):
        if record is None or any(record.get(name) is None for name in _CALL):
            raise InputError(
                f"{path}: record {number} does not say what was asked",
                hint=f"a record needs {', '.join(_CALL)} and the fields of its answer",
                code="not_replayable",
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
