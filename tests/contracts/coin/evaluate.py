"""Ask the questions."""

from __future__ import annotations

from pathlib import Path

from measurand import shards
from measurand.calls import Batch, score_batches
from measurand.journal import Journal
from measurand.models import load
from measurand.models.protocol import Request
from measurand.results import RESULTS
from schemas.coin.params import Params


def evaluate(
    params: Params,
    data: Path,
    model: str | None,
    out: Path,
    *,
    journal: Path,
    limit: int | None = None,
) -> None:
    """Write ``out/items``."""
    name = model or params.evaluate.model
    ids = shards.read_table(data / "dataset" / "items")["item_id"].to_pylist()[:limit]
    requests = [
        Request(f"Heads or tails, {i}?", {"participant": i, "item": i, "scale": "coin", "keyed": 1})
        for i in ids
    ]
    engine = load(name)
    with Journal(journal / "calls.jsonl") as calls:
        [scored] = score_batches(engine, [Batch(requests, ("1", "2"))], calls)
    n = len(ids)
    rows = RESULTS.from_columns(
        {
            "run_id": ["coin"] * n,
            "system": ["coin"] * n,
            "model": [name] * n,
            "metric": ["heads"] * n,
            "item_id": ids,
            "repeat": [0] * n,
            "cluster_id": ids,
            "value": [float(s.score.choice == 0) for s in scored],
            "status": ["ok"] * n,
            "reason": [None] * n,
            "slice": [""] * n,
            "seed": [None] * n,
            "prompt_tokens": [None] * n,
            "prompt_sha256": [r.sha256 for r in requests],
        }
    )
    shards.write_dataset(out / "items", RESULTS, rows, params={"partial": limit is not None})
