"""Pilots and gate files of the tests of planning."""

from __future__ import annotations

from pathlib import Path

import numpy as np

GATE = "{id: acc, metric: score, test: threshold, limit: .5, min_n: 2, min_clusters: 2}"


def gate_file(folder: Path, *gates: str) -> Path:
    path = folder / "gates.yaml"
    lines = "".join(f"  - {gate}\n" for gate in gates or (GATE,))
    path.write_text(f"version: 1\nresults: none\ngates:\n{lines}", encoding="utf-8")
    return path


def pilot(
    clusters: int = 12, items: int = 5, repeats: int = 3, *, seed: int = 0, model: str = "m",
    sds: tuple[float, float, float] = (0.15, 0.2, 0.3),
) -> dict[str, list[object]]:  # fmt: skip
    rng = np.random.default_rng(seed)
    shape = (clusters, items, repeats)
    x = 0.6 + sds[0] * rng.normal(size=(clusters, 1, 1))
    x = x + sds[1] * rng.normal(size=(clusters, items, 1)) + sds[2] * rng.normal(size=shape)
    c, i, r = np.indices(shape).reshape(3, -1)
    n = x.size
    return {
        "item_id": [f"{a}-{b}" for a, b in zip(c, i, strict=True)],
        "cluster_id": [f"c{a}" for a in c],
        "repeat": r.tolist(),
        "value": x.ravel().tolist(),
        "model": [model] * n,
        "metric": ["score"] * n,
    }
