"""A small soft-label project: a user's pairs, a toy policy, a judge that reads labels."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from schemas.soft_labels.params import Params

WORDS = ("dogs", "music", "things", "friends", "ideas", "people", "words", "books")


def write_pairs(path: Path, n: int = 24) -> Path:
    """Pairs of different responses; the label grows with the row."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["good", "bad", "p"])
        for at in range(n):
            first, second = WORDS[at % 8], WORDS[(at + 1 + at // 8) % 8]
            writer.writerow([f"I like {first} {at}.", f"I worry {second} {at}.", at / (n - 1)])
    return path


def raw_params(pairs: Path, model: Path, **train: Any) -> dict[str, Any]:
    """Parameters as a file would hold them."""
    return {
        "build": {
            "policy": f"hf:{model}?template=none",
            "max_tokens": 80,
            "sets": [
                {
                    "id": "mine",
                    "source": {
                        "kind": "file",
                        "path": str(pairs),
                        "first": "good",
                        "second": "bad",
                        "label": "p",
                        "licence": "CC0-1.0",
                    },
                    "prompt": "Statement:",
                    "train": 16,
                    "dev": 4,
                    "test": 8,
                }
            ],
            "judges": [
                {
                    "id": "reader",
                    "model": "oracle:labels",
                    "wordings": {"a": "A: {first}\nB: {second}\nBetter:", "b": "{second}|{first}|"},
                }
            ],
            "batch_size": 4,
            "n_shards": 2,
        },
        "train": {
            "trainable": {"kind": "lora", "rank": 4, "alpha": 8, "layers": 2},
            "runs": [{"id": "gdpo", "method": "gdpo", "set": "mine", "steps": 6, "seeds": 2}],
            "batch_size": 4,
            "learning_rate": 0.01,
            "warmup": 2,
            "measure_every": 3,
            "checkpoint_every": 2,
            "device": "cpu",
            **train,
        },
        "evaluate": {
            "write": {"prompts": 3, "words": 2, "max_tokens": 4, "batch_size": 4},
            "judges": [],
        },
        "report": {"resamples": 100},
    }


def params(pairs: Path, model: Path, **train: Any) -> Params:
    """The same, validated."""
    return Params.model_validate(raw_params(pairs, model, **train))
