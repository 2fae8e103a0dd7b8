"""What a call of the pilot cost: tokens and seconds, from its costs or its rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class PerCall:
    """What one call costs; None where the pilot does not tell.

    Attributes:
        tokens: tokens of its prompt.
        seconds: wall time.
    """

    tokens: float | None = None
    seconds: float | None = None


def per_call(items: pa.Table, model: str | None, results: Path | None) -> PerCall:
    """Mean cost of a model's calls.

    Args:
        items: item rows of the pilot.
        model: whose calls.
        results: folder of results of ours, beside whose items their costs may lie.
    """
    found = PerCall() if results is None else _of_costs(results, model)
    if found.tokens is not None or "prompt_tokens" not in items.column_names:
        return found
    own = items.filter(pc.equal(items.column("model"), model)) if model is not None else items
    return PerCall(pc.mean(own.column("prompt_tokens")).as_py(), found.seconds)


def _of_costs(results: Path, model: str | None) -> PerCall:
    from measurand.manifest import MANIFEST
    from measurand.shards import read_table

    folders = (results / "costs", results / "results" / "costs", results.parent / "costs")
    folder = next((f for f in folders if (f / MANIFEST).is_file()), None)
    if folder is None:
        return PerCall()
    table = read_table(folder)
    own = table.filter(pc.equal(table.column("model"), model))
    calls = pc.sum(own.column("calls")).as_py()
    if not calls:
        return PerCall()
    tokens, seconds = (pc.sum(own.column(c)).as_py() / calls for c in ("prompt_tokens", "seconds"))
    return PerCall(tokens or None, seconds or None)
