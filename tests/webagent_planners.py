"""A small data set of pages with experience that was made up, and planners trained on it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from webagent_pages import corpus_of, page, write_pages

from measurand import runs, shards
from pipelines.webagent import corpus, train
from schemas.webagent.params import Build, Params
from schemas.webagent.tables import EXPERIENCE
from schemas.webagent.training import Train

Row = dict[str, Any]
NETWORK = {
    "width": 32, "head": 8, "heads": 4, "mlp": 64, "encoder_layers": 1, "decoder_layers": 1,
    "radius": 15, "block": 8,
}  # fmt: skip
TRAIN = Train.model_validate(
    {
        "pretraining": {
            "network": NETWORK, "input": 128, "target": 48, "steps": 4, "batch": 4, "lr": 3e-3,
            "device": "cpu",
        },
        "finetuning": {
            "input": 96, "target": 24, "steps": 60, "batch": 4, "lr": 1e-2, "warmup": 5,
            "save_every": 20, "device": "cpu",
            "planners": [{"name": "tuned"}, {"name": "scratch", "start": "scratch"}],
        },
    }
)  # fmt: skip
SAID = 'Press "Buy".'
"""What there is to say on every page."""


def numbered(number: int) -> str:
    """A page whose elements have numbers, from the last to the first."""
    text = page(number, 4)
    counts = itertools.count(text.count("<"), -1)
    return re.sub(r"<(\w+)", lambda tag: f'<{tag[1]} data-ref="{next(counts)}"', text)


def steps(count: int) -> list[Row]:
    """First steps of so many episodes; all say the same, and point at the first two buttons."""
    found = []
    for number in range(count):
        html = numbered(number)
        refs = [int(one) for one in re.findall(r'<button data-ref="(\d+)"', html)[:2]]
        found.append(
            {
                "episode_id": f"map|map-x|{number}|0|oracle", "site": "map", "theme": "meadow",
                "records": number, "template_id": "map-x", "split": "train", "agent": "oracle",
                "step": 0, "instruction": f"Buy number {number}", "history": [], "html": html,
                "html_tokens": 100, "sub_instruction": SAID, "refs": refs, "snippet": "",
                "program": "",
            }
        )  # fmt: skip
    return found


def with_experience(dataset: Path, rows: Sequence[Row]) -> Path:
    """Add experience to a built corpus."""
    shards.write_dataset(dataset / "experience", EXPERIENCE, runs.table(EXPERIENCE, rows))
    return dataset


def made(folder: Path) -> Params:
    """Write ``checkpoint`` below a folder, and ``dataset`` unless it is there; some seconds."""
    pages = corpus_of(folder / "pages")
    params = Params(build=Build(corpus=pages), train=TRAIN)
    if not (folder / "dataset").exists():
        write_pages(folder / "pages", 24)
        corpus.write(pages, folder / "dataset", "FnApiRunner", kept=folder)
    with_experience(folder / "dataset", steps(6))
    train.train(params, folder / "dataset", folder / "checkpoint", journal=folder / "journal")
    return params
