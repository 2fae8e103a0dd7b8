"""What every evaluation does besides asking: names, identities, refusals, costs, tables of rows."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from measurand import dealing
from measurand.errors import CapabilityError, InfraError
from measurand.models.protocol import Completion, Model, Score
from measurand.models.strings import in_order
from measurand.results import RESULTS, slice_text
from measurand.tables import Table

Row = dict[str, Any]
MOST_UNANSWERED = 0.5
"""Share of calls without an answer above which a run says nothing of the model."""


def slug(model: str) -> str:
    """A folder name for a model string, unique by eight hexadecimal digits of its hash."""
    model = in_order(model)
    words = re.sub(r"[^A-Za-z0-9.]+", "-", model).strip("-")[-60:]
    return f"{words}-{hashlib.sha256(model.encode()).hexdigest()[:8]}"


def run_id(*parts: Any) -> str:
    """Identity of a run: 16 hexadecimal digits that depend on the parts (JSON values) alone."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def table(spec: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table of ``spec``; keys that it does not declare are left out."""
    return spec.from_columns({c.name: [row[c.name] for row in rows] for c in spec.columns})


def item_row(
    system: str,
    model: str,
    metric: str,
    item_id: str,
    value: float | None,
    *,
    run_id: str,
    prompt_sha256: str,
    cluster_id: str | None = None,
    repeat: int = 0,
    status: str = "ok",
    reason: str | None = None,
    parts: Mapping[str, str] | None = None,
    seed: int | None = None,
    prompt_tokens: int | None = None,
) -> Row:
    """One row of item results; see the columns of ``RESULTS``.

    Args:
        system: the measuring system.
        model: model string.
        metric: what was scored.
        item_id: the item.
        value: the score; None where there is none.
        run_id: identity of the run.
        prompt_sha256: hash of what was asked.
        cluster_id: what was sampled; None where each item was.
        repeat: 0-based repeat of the item.
        status: what became of the call.
        reason: why there is no value.
        parts: slice of the row.
        seed: of the call.
        prompt_tokens: length of the prompt.
    """
    return {
        "run_id": run_id,
        "system": system,
        "model": model,
        "metric": metric,
        "item_id": item_id,
        "repeat": repeat,
        "cluster_id": item_id if cluster_id is None else cluster_id,
        "value": value,
        "status": status,
        "reason": reason,
        "slice": slice_text(parts or {}),
        "seed": seed,
        "prompt_tokens": prompt_tokens,
        "prompt_sha256": prompt_sha256,
    }


def results_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of item results as the table ``RESULTS``."""
    return table(RESULTS, rows)


def refuse_failures(model: str, failures: Counter[str], total: int, max_share: float) -> None:
    """Refuse a run in which too many calls failed for reasons outside the model.

    Args:
        model: model string.
        failures: failed calls by reason.
        total: calls made.
        max_share: largest share of them that may have failed.

    Raises:
        InfraError: code ``too_many_infra_errors``.
    """
    failed = failures.total()
    if failed <= max_share * total or dealing.pending():
        return
    reason, count = failures.most_common(1)[0]
    raise InfraError(
        f"{failed} of {total} calls to {model} failed for infrastructure reasons, "
        f"{count} of them: {reason}",
        hint="mend the server and run again: answered prompts are kept in the journal",
        code="too_many_infra_errors",
    )


def refuse_unanswered(model: Model, missing: Counter[str], total: int) -> None:
    """Refuse a run in which the model gave no answer to most of what it was asked.

    Controls that answer by rule may have none to most prompts, and are let pass.

    Args:
        model: the model.
        missing: calls without an answer for reasons of the model (``model_error``), by reason.
        total: calls made.

    Raises:
        CapabilityError: code ``too_many_model_errors``.
    """
    few = missing.total() <= MOST_UNANSWERED * total
    if few or model.capabilities().reads_tags or dealing.pending():
        return
    reason, count = missing.most_common(1)[0]
    raise CapabilityError(
        f"{model.spec} gave no answer to {missing.total()} of {total} calls, "
        f"{count} of them: {reason}",
        hint="look at the template, the choices and the answer's tokens; what was answered is kept",
        code="too_many_model_errors",
    )


class Costs:
    """Adds up calls, tokens and time of one model by part of the evaluation.

    Args:
        model: model string.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self._parts: dict[str, Row] = {}
        self._servers: dict[str, Row] = {}

    def count(self, part: str, answer: Score | Completion, seconds: float) -> None:
        """Count one answered call."""
        self.add(part, answer.prompt_tokens, answer.cached_tokens, seconds, answer.retries)
        if answer.server:
            row = self._server(answer.server)
            row["calls"] += 1
            row["prompt_tokens"] += answer.prompt_tokens or 0
            row["cached_tokens"] += answer.cached_tokens or 0
        for name in answer.failed_at:
            self._server(name)["retries"] += 1

    def add(
        self,
        part: str,
        prompt_tokens: int | None,
        cached_tokens: int | None,
        seconds: float,
        retries: int = 0,
    ) -> None:
        """Count one call, and how often it had to be made again."""
        blank = {"model": self.model, "part": part, "calls": 0, "seconds": 0.0, "retries": 0}
        row = self._parts.setdefault(part, {**blank, "prompt_tokens": 0, "cached_tokens": 0})
        row["retries"] += retries
        row["calls"] += 1
        row["prompt_tokens"] += prompt_tokens or 0
        row["cached_tokens"] += cached_tokens or 0
        row["seconds"] += seconds

    def rows(self, model: Model) -> list[Row]:
        """Rows of ``measurand.costs``, with what decides the model's answers."""
        able = model.capabilities()
        more = {
            "fingerprint": model.fingerprint,
            "dtype": able.dtype,
            "chat_template": able.chat_template,
        }
        return [{**row, **more} for row in self._parts.values()]

    def servers(self, model: Model) -> list[Row]:
        """Rows of ``measurand.servers``; none where the model has one server, or is none."""
        left_out: Mapping[str, str] = getattr(model, "left_out", {})
        for name in left_out:
            self._server(name)
        rows = (self._servers[name] for name in sorted(self._servers))
        return [{**row, "left_out": left_out.get(row["server"])} for row in rows]

    def _server(self, name: str) -> Row:
        blank = {"calls": 0, "prompt_tokens": 0, "cached_tokens": 0, "retries": 0}
        return self._servers.setdefault(name, {"model": self.model, "server": name, **blank})
