"""Speed of the readers of recordings beside plain parsing of the same files; ratios of one run.

    python benchmarks/driving_sim_readers.py

Seconds of the processor of one thread; both sides take turns. The files are made by the tests'
writers. Plain parsing stops at numbers: of Scenario messages every field that is read, of
tf.Example every feature by its name, of Argoverse 2 the columns and the map's JSON. The readers go
on to objects over time, lanes with their exits, edges, lights and outlines.
"""

from __future__ import annotations

import functools
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from driving_sim import beside, kept, say, scenarios

from pipelines.driving_sim import argoverse, sources, tf_example, tfrecord, wire, womd
from pipelines.driving_sim.scenario import Scenario
from schemas.driving_sim.params import Recorded

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import driving_sim_files as made


@functools.cache
def _example() -> Any:
    messages = {
        "Words": {"value": (1, "*bytes")},
        "Floats": {"value": (1, "bytes")},
        "Ints": {"value": (1, "*int64")},
        "Feature": {"words": (1, "Words"), "floats": (2, "Floats"), "ints": (3, "Ints")},
        "Entry": {"key": (1, "string"), "value": (2, "Feature")},
        "Features": {"feature": (1, "*Entry")},
        "Example": {"features": (1, "Features")},
    }
    return wire.classes("benchmark", messages)["Example"]


def named_lists(data: bytes) -> dict[str, Any]:
    """Every number of an Example by its name, and no more: what any reader of them has to do."""
    found = {}
    for e in _example().FromString(data).features.feature:
        if e.value.HasField("floats"):
            floats = np.frombuffer(e.value.floats.value, "<f4")
            found[e.key] = floats.astype(np.float64)
        elif e.value.HasField("ints"):
            found[e.key] = np.array(e.value.ints.value, np.int64)
        else:
            found[e.key] = np.array(list(e.value.words.value), object)
    return found


def readers(some: list[Scenario]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, write, read in (
            ("Scenario", made.womd, womd.recording),
            ("tf.Example", made.tf_example, tf_example.recording),
        ):
            path = folder / kind
            path.write_bytes(b"".join(made.record(write(s)) for s in some))
            size = path.stat().st_size / 1e6

            def plain(path: Path = path, kind: str = kind) -> None:
                for record in tfrecord.records(path):
                    assert record.data is not None
                    if kind == "Scenario":
                        found = womd.parse(record.data)
                        [[(s.x, s.y, s.z, s.length, s.width, s.height, s.heading, s.vx, s.vy,
                           s.valid) for s in t.states] for t in found.tracks]  # fmt: skip
                        [[(p.x, p.y, p.z) for p in (f.lane.line or f.edge.line)]
                         for f in found.features]  # fmt: skip
                    else:
                        named_lists(record.data)

            def ours(path: Path = path, read: Any = read) -> None:
                for record in tfrecord.records(path):
                    read(record.data)

            mine, other = beside(ours, plain, least=3.0)
            say(f"{kind}: MB/s to arrays", size / mine)
            say(f"{kind}: over plain parsing of the same fields", other / mine, ">= .5")
        paths = [made.av2(s, folder) for s in some]
        beside_them = [p.with_name(f"log_map_archive_{p.stem[9:]}.json") for p in paths]
        size = sum(p.stat().st_size for p in (*paths, *beside_them)) / 1e6
        mine, other = beside(
            lambda: [argoverse.recording(p) for p in paths],
            lambda: [
                (pq.read_table(p).to_pydict(), json.loads(q.read_bytes()))
                for p, q in zip(paths, beside_them, strict=True)
            ],
            least=3.0,
        )
        say("Argoverse 2: MB/s to arrays, map and outlines", size / mine)
        say("Argoverse 2: over pyarrow and json", other / mine, ">= .5")
        given = Recorded(format="womd", files=(str(folder / "Scenario"),))
        entries = sources.plan([given]).entries
        (whole,) = beside(lambda: [sources.scenario_of(e) for e in entries])
        say("Scenario: recordings/s to scenarios, paths and crossings", len(entries) / whole)


if __name__ == "__main__":
    kept()
    readers(scenarios(8))
