"""A small dataset with a ``build`` like every system's, in a module that Beam workers can import.

Run as a script it is a build that another process can kill:
``python toy_build.py OUT RUNNER ROWS [SECONDS PER BLOB]``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from measurand import beam
from measurand.parquet import REJECTED
from measurand.tables import Column, Table

SPEC = Table(
    name="toy.answers",
    version="1.0.0",
    key=("participant", "item"),
    doc="One made-up answer.",
    columns=(
        Column("participant", pa.string(), "who answers"),
        Column("item", pa.int32(), "which item", minimum=0),
        Column("value", pa.int8(), "the answer", nullable=True, minimum=1, maximum=5),
        Column("mode", pa.dictionary(pa.int8(), pa.string()), "how", enum=("logprob", "expected")),
        Column("logprobs", pa.list_(pa.float32(), 5), "per choice", maximum=0),
    ),
)


def answers(start: int, stop: int) -> pa.Table:
    """Rows ``start`` to ``stop`` of the raw material; every 97th has no legal answer."""
    i = np.arange(start, stop)
    logs = np.log((((i[:, None] * 7 + np.arange(5)) % 5) + 1) / 15).astype(np.float32)
    logs[i % 11 == 0] = -0.0
    return pa.table(
        {
            "participant": [f"d{k % 50}-ev{k % 3}" for k in i],
            "item": pa.array(i // 50, pa.int32()),
            "value": pa.array(np.where(i % 97 == 0, 9, i % 5 + 1), pa.int8()),
            "mode": pa.array(["logprob" if k % 2 else "expected" for k in i]).dictionary_encode(),
            "logprobs": pa.FixedSizeListArray.from_arrays(pa.array(logs.ravel()), 5),
        }
    )


def read(span: tuple[int, int], pause_s: float, begun: str | None) -> Iterator[Any]:
    """Good rows on the main output, the others on the output ``rejected``."""
    import apache_beam
    import pyarrow.compute as pc

    if begun:
        Path(begun).write_text(str(os.getpid()))
    time.sleep(pause_s)
    table = answers(*span)
    beam.count(SPEC, "rows_in", table.num_rows)
    good = pc.less_equal(table.column("value"), 5)
    bad = table.filter(pc.invert(good))
    yield beam.to_ipc(table.filter(good))
    if bad.num_rows:
        n = bad.num_rows
        rows = {"key": bad.column("participant"), "reason": ["out_of_range"] * n}
        detail = [f"value {v}" for v in bad.column("value").to_pylist()]
        blob = beam.to_ipc(REJECTED.from_columns({**rows, "detail": detail}))
        yield apache_beam.pvalue.TaggedOutput("rejected", blob)


def build(params: dict[str, Any], out: Path, runner: str) -> None:
    """Build ``params["rows"]`` answers in ``params["shards"]`` shards.

    Each block takes ``pause_s`` seconds; a file ``begun`` has the process that is at one.
    """
    import apache_beam

    rows, step = params["rows"], params.get("blob_rows", 500)
    spans = [(a, min(a + step, rows)) for a in range(0, rows, step)]
    if "shuffle_seed" in params:
        np.random.default_rng(params["shuffle_seed"]).shuffle(spans)
        spans = [(int(a), int(b)) for a, b in spans]
    with beam.pipeline(runner) as p:
        read_all = (
            p
            | apache_beam.Create(spans)
            | apache_beam.FlatMap(
                read, params.get("pause_s", 0.0), params.get("begun")
            ).with_outputs("rejected", main="rows")
        )
        sink = beam.to_shards(
            read_all.rows, SPEC, out, params["shards"], "participant", rejected=read_all.rejected
        )
    sink.finish(params={"rows": rows}, rows_in=rows)


if __name__ == "__main__":
    import apache_beam  # noqa: F401

    print("imported", flush=True)
    folder, name, count, pause = sys.argv[1:5]
    build({"rows": int(count), "shards": 8, "pause_s": float(pause)}, Path(folder), name)
