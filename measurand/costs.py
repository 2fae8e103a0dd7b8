"""What a run cost. Kept apart from item results: time belongs to a run, not to a measurement."""

from __future__ import annotations

import pyarrow as pa

from measurand.tables import Column, Table

COSTS = Table(
    name="measurand.costs",
    version="1.1.0",
    key=("model", "part"),
    doc="One row per model and part of an evaluation: calls, tokens, time; resumed runs included.",
    columns=(
        Column("model", pa.string(), "model string as given"),
        Column("part", pa.string(), "part of the evaluation, such as an experiment"),
        Column("calls", pa.int64(), "scored prompts", minimum=0),
        Column("prompt_tokens", pa.int64(), "tokens of all prompts", "tokens", minimum=0),
        Column(
            "cached_tokens",
            pa.int64(),
            "of these, shared and not computed again",
            "tokens",
            minimum=0,
        ),
        Column(
            "seconds",
            pa.float64(),
            "wall time of the calls, model start not included",
            "s",
            minimum=0,
        ),
        Column("fingerprint", pa.string(), "hash of everything that decides the model's answers"),
        Column("dtype", pa.string(), "precision of the computation"),
        Column("chat_template", pa.bool_(), "whether prompts were wrapped in the chat template"),
        Column(
            "retries",
            pa.int64(),
            "attempts at a server that failed and were made again, of calls that were answered "
            "at last; null where no model was asked",
            nullable=True,
            minimum=0,
        ),
    ),
)
