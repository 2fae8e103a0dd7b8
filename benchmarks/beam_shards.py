"""What the Beam sink costs beside the same rows written without Beam, in one run.

Both ways make the same rows from the same spans and must end in the same bytes. Prints rows per
second of wall and of processor time, and the ratio.

    python benchmarks/beam_shards.py [ROWS] [SHARDS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from measurand import beam
from measurand.manifest import file_sha256
from measurand.shards import write_dataset
from measurand.tables import Column, Table

SPEC = Table(
    name="benchmark.answers",
    version="1.0.0",
    key=("participant", "item"),
    columns=(
        Column("participant", pa.string(), "who answers"),
        Column("item", pa.int32(), "which item", minimum=0),
        Column("text", pa.string(), "a prompt"),
        Column("logprobs", pa.list_(pa.float32(), 5), "per choice", maximum=0),
    ),
)
SPAN = 5_000


def rows(start: int) -> pa.Table:
    """``SPAN`` rows from ``start`` on."""
    i = np.arange(start, start + SPAN)
    logs = np.random.default_rng(start).uniform(-9, 0, 5 * SPAN).astype(np.float32)
    return pa.table(
        {
            "participant": [f"d{k % 1000}-ev2" for k in i],
            "item": pa.array(i // 1000, pa.int32()),
            "text": [f"Rate the statement {k} on a scale from 1 to 5. RATING: " * 3 for k in i],
            "logprobs": pa.FixedSizeListArray.from_arrays(pa.array(logs), 5),
        }
    )


def with_beam(out: Path, starts: list[int], shards: int) -> None:
    import apache_beam

    with beam.pipeline() as p:
        blobs = p | apache_beam.Create(starts) | apache_beam.Map(lambda s: beam.to_ipc(rows(s)))
        sink = beam.to_shards(blobs, SPEC, out, shards)
    sink.finish()


def without_beam(out: Path, starts: list[int], shards: int) -> None:
    write_dataset(out, SPEC, pa.concat_tables(rows(s) for s in starts), n_shards=shards)


def timed(build: Callable[[], None]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    build()
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    shards = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    starts = list(range(0, n, SPAN))
    with tempfile.TemporaryDirectory() as folder:
        a, b = Path(folder) / "beam", Path(folder) / "plain"
        with_beam(a, starts[:1], shards)  # imports and first-use costs
        without_beam(b, starts[:1], shards)
        ours = timed(lambda: with_beam(a, starts, shards))
        plain = timed(lambda: without_beam(b, starts, shards))
        same = all(file_sha256(p) == file_sha256(b / p.name) for p in a.glob("part-*"))
    print(f"{n} rows, {shards} shards, equal bytes: {same}")
    for name, wall, processor in (("Beam", *ours), ("plain", *plain)):
        print(f"{name:>6}: {n / wall:,.0f} rows/s wall, {n / processor:,.0f} rows/s processor")
    print(f" ratio: {plain[0] / ours[0]:.2f} wall, {plain[1] / ours[1]:.2f} processor")


if __name__ == "__main__":
    main()
