"""Ask the networks."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch

from measurand import runs, shards
from measurand.results import RESULTS
from measurand.training import tensors
from pipelines.line.train import network
from schemas.line.params import Params
from schemas.line.tables import PREDICTIONS


def evaluate(
    params: Params,
    data: Path,
    model: str | None,
    out: Path,
    *,
    journal: Path,
    limit: int | None = None,
) -> None:
    """Write ``out/predictions`` and ``out/items``."""
    points = shards.read_table(data / "dataset" / "points").to_pylist()
    test = [p for p in points if p["split"] == "test"][:limit]
    x = torch.tensor([[p["x"]] for p in test])
    predictions: list[dict[str, Any]] = []
    items: list[dict[str, Any]] = []
    for seed in range(params.train.seeds):
        net = network(params.train.seed, seed)
        net.load_state_dict(tensors.load(data / "checkpoint" / f"seed-{seed}.safetensors")[0])
        with torch.inference_mode():
            said = net(x)[:, 0].tolist()
        for point, y in zip(test, said, strict=True):
            key, error = point["point_id"], y - point["y"]
            predictions.append({"seed": seed, "point_id": key, "y": y, "error": error})
            said = "line", "network", "near", key, float(abs(error) < params.evaluate.near)
            asked = hashlib.sha256(str(point["x"]).encode()).hexdigest()
            items.append(runs.item_row(*said, run_id="line", prompt_sha256=asked, repeat=seed))
    partial = {"partial": limit is not None}
    for name, table, rows in (
        ("predictions", PREDICTIONS, predictions),
        ("items", RESULTS, items),
    ):
        shards.write_dataset(out / name, table, runs.table(table, rows), params=partial)
