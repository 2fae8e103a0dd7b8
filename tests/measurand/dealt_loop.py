"""A small evaluation of every kind of call, whose second part depends on the first."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from measurand import dealing, runs
from measurand.asking import Asker
from measurand.calls import Batch, score_batches
from measurand.journal import Journal
from measurand.models import load
from measurand.models.protocol import Request, Sampling, check

CHOICES = ("1", "2", "3", "4", "5")


def request(i: int, scale: str = "s") -> Request:
    tags: dict[str, str | int | float] = {
        "participant": f"p{i % 7}", "item": i, "scale": scale, "keyed": 1
    }  # fmt: skip
    return Request(f"Item {i} of {scale}: ", tags)


def evaluate(out: Path, journal: Path, spec: str, n: int = 60, share: float = 0.0) -> None:
    """Score a few prompts; with what comes out, score and write the others; ask some again."""
    model = dealing.opened(spec, load)
    try:
        check(model, logprobs=True, constrained=True)
        with Journal(journal / f"{runs.slug(spec)}.jsonl") as calls:
            trial = [Batch([request(i, "trial") for i in range(at, at + 4)], CHOICES)
                     for at in range(0, 12, 4)]  # fmt: skip
            found = [one.score for batch in score_batches(model, trial, calls) for one in batch]
            dealing.settle()
            scale = f"scale {sum(score.choice or 0 for score in found)}"
            # The last batch holds calls of the first ones again.
            places = [*range(n), *range(0, n, 9)]
            rest = [Batch([request(i, scale) for i in places[at : at + 8]], CHOICES)
                    for at in range(0, len(places), 8)]  # fmt: skip
            scored = [one for batch in score_batches(model, rest, calls) for one in batch]
            asker = Asker(model, calls, runs.Costs(spec))
            how = Sampling(max_tokens=4, choices=CHOICES, temperature=1.0)
            texts = asker.write([request(i, scale) for i in range(9)], how, "written")
            alone = [replace(request(i, scale), choices=CHOICES) for i in range(0, n, 20)]
            again = [asker.score_again(one) for one in alone]
        runs.refuse_failures(spec, asker.failures, asker.calls, share)
    finally:
        model.close()
    out.mkdir(parents=True, exist_ok=True)
    rows = {
        "scores": [[one.score.record(), one.shared] for one in scored],
        "texts": [text.record() for text in texts],
        "again": [score.record() for score in again],
    }
    (out / "rows.json").write_text(json.dumps(rows))


def calls(journal: Path, spec: str) -> list[dict[str, object]]:
    """Records of a journal in order, without their times."""
    lines = (journal / f"{runs.slug(spec)}.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]
