"""Ask the questions."""

from __future__ import annotations

from pathlib import Path

from measurand import runs, shards
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
    rows = []
    for asked, answer in zip(requests, scored, strict=True):
        said = "coin", name, "heads", asked.tags["item"], float(answer.score.choice == 0)
        rows.append(runs.item_row(*said, run_id="coin", prompt_sha256=asked.sha256))
    table = runs.results_table(rows)
    shards.write_dataset(out / "items", RESULTS, table, params={"partial": limit is not None})
