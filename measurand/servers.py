"""What each of several servers of one model did. Time and chance decide it, not the measurement."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from measurand import shards
from measurand.manifest import MANIFEST
from measurand.tables import Column, Table

FOLDER = "servers"
SERVERS = Table(
    name="measurand.servers",
    version="1.0.0",
    key=("model", "server"),
    doc="One row per model and server where a model has several; resumed runs included.",
    columns=(
        Column("model", pa.string(), "model string as given"),
        Column("server", pa.string(), "address without its scheme"),
        Column("calls", pa.int64(), "prompts that it answered", minimum=0),
        Column("prompt_tokens", pa.int64(), "tokens of these prompts", "tokens", minimum=0),
        Column(
            "cached_tokens",
            pa.int64(),
            "of these, not computed again, where the server tells",
            "tokens",
            minimum=0,
        ),
        Column(
            "retries",
            pa.int64(),
            "attempts that failed there, after which another one was made, there or elsewhere",
            minimum=0,
        ),
        Column(
            "left_out",
            pa.string(),
            "why this process asked it no more; null where it did not come to that, and where "
            "other processes asked it",
            nullable=True,
        ),
    ),
)


def write(
    out: Path,
    rows: Sequence[Mapping[str, Any]],
    *,
    parents: Mapping[str, str],
    params: Mapping[str, Any],
) -> None:
    """Write the table into a results folder and say it in lines; none where no model has several.

    Args:
        out: results folder.
        rows: rows of ``SERVERS``; other keys are left out.
        parents: logical hashes of the datasets that were asked.
        params: parameters of the run.
    """
    folder = out / FOLDER
    if not rows:
        # Those of an earlier run.
        shutil.rmtree(folder, ignore_errors=True)
        return
    table = SERVERS.from_columns({c.name: [row[c.name] for row in rows] for c in SERVERS.columns})
    shards.write_dataset(folder, SERVERS, table, parents=parents, params=params)
    for row in rows:
        print(f"evaluate: {line(row)}", flush=True)


def line(row: Mapping[str, Any]) -> str:
    """A row in words."""
    why = "" if row["left_out"] is None else f", left out: {row['left_out']}"
    return (
        f"server {row['server']}: {row['calls']:,} calls, {row['prompt_tokens']:,} prompt tokens, "
        f"{row['cached_tokens']:,} of them shared, {row['retries']:,} attempts made again{why}"
    )


def read(results: Path) -> list[dict[str, Any]]:
    """Rows of a results folder; none where no model had several servers."""
    folder = results / FOLDER
    return shards.read_table(folder).to_pylist() if (folder / MANIFEST).exists() else []
