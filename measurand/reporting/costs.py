"""What the calls of models cost, as a section of any report."""

from __future__ import annotations

from typing import Any

from measurand import servers, shards
from measurand.manifest import MANIFEST
from measurand.reporting.document import Cell, Section, Table
from measurand.reporting.view import View


def cost_section(view: View[Any]) -> Section | None:
    """Calls, tokens and time of each part; None where no model was called.

    Where some calls computed tokens, those of scripts and other readers are left out.
    """
    folder = view.results / "costs"
    if not (folder / MANIFEST).exists():
        return None
    every = shards.read_table(folder).to_pylist()
    shown = [row for row in every if row["prompt_tokens"]] or every
    # Results of an earlier version do not have them.
    again = any(row.get("retries") for row in every)
    rows: list[list[Cell]] = [
        [
            {"text": row["part"], "detail": row["model"]},
            row["calls"],
            row["prompt_tokens"],
            row["cached_tokens"],
            row["seconds"],
            {
                "value": row["calls"] / row["seconds"] if row["seconds"] else None,
                "reason": "no time was measured",
            },
            row["dtype"],
            "yes" if row["chat_template"] else "no",
            *([row.get("retries")] if again else []),
        ]
        for row in shown
    ]
    if not rows:
        return None
    table = Table(
        "Calls of the models",
        ["part", "calls", "prompt tokens", "of them shared", "seconds", "calls a second",
         "precision", "chat template", *(["tried again"] if again else [])],
        rows,
        ["Shared tokens stand in a prefix that was computed once. Loading the model is not "
         "counted. Parts of an interrupted run are."],
    )  # fmt: skip
    return Section("Cost", (table, *_servers(view)))


def _servers(view: View[Any]) -> list[Table]:
    """What each server did, where a model has several."""
    rows: list[list[Cell]] = [
        [
            {"text": row["server"], "detail": row["model"]},
            *(row[name] for name in ("calls", "prompt_tokens", "cached_tokens", "retries")),
            row["left_out"] or "no",
        ]
        for row in servers.read(view.results)
    ]
    if not rows:
        return []
    columns = ["server", "calls", "prompt tokens", "of them shared", "failed there", "left out"]
    note = (
        "Who answers a prompt follows from how it begins and from who is free. An attempt that "
        "failed was made again, there or elsewhere."
    )
    return [Table("Servers", columns, rows, [note])]
