"""The pre-training of HTML-T5 on masked parts of pages."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc

from measurand import runs, shards
from measurand.errors import InputError
from measurand.manifest import read_manifest
from measurand.stats.resample import seed_for
from measurand.training.code import code_of
from measurand.training.device import device_of
from pipelines.webagent import fitting, net
from pipelines.webagent.fitting import Pairs
from pipelines.webagent.net import Size
from schemas.webagent.pretraining import NAME, Pretraining
from schemas.webagent.pretraining_tables import PRETRAINING, SPEED


def pretrain(given: Pretraining, dataset: Path, out: Path, *, journal: Path) -> None:
    """Write ``html_t5.safetensors``, its optimizer, ``pretraining`` and ``speed``.

    A model that was finished with the same code, data and parameters is kept; one that was
    interrupted goes on from its last state.

    Args:
        given: parameters.
        dataset: folder of the corpus.
        out: folder of the checkpoints.
        journal: folder of unfinished states, outside everything that DVC empties.

    Raises:
        InputError: the corpus is unbuilt or has no examples; code ``diverged``.
    """
    parent = read_manifest(dataset / "examples").logical_hash
    size = size_of(dataset, given)
    said = fitting.trained(
        lambda: net.init(size, seed_for("webagent", given.seed, "weights")),
        size,
        lambda: read(dataset, given),
        given,
        name=NAME,
        run=run_of(given, parent),
        out=out,
        states=journal / "training",
    )
    settings = given.model_dump(mode="json")
    for name, spec, rows in (
        ("pretraining", PRETRAINING, said["history"]), ("speed", SPEED, [said["speed"]]),
    ):  # fmt: skip
        fitting.write(out / name, spec, rows, {"examples": parent}, settings)


def read(dataset: Path, given: Pretraining, split: str = "train") -> Pairs:
    """The examples of a split.

    Raises:
        InputError: the corpus is unbuilt, or has none.
    """
    table = shards.read_table(dataset / "examples", ["split", "input_ids", "target_ids"])
    table = table.filter(pc.equal(table["split"], split))
    if not table.num_rows:
        raise InputError(f"{dataset} has no examples of {split}", hint="build with more pages")
    return Pairs.of(table["input_ids"], table["target_ids"], given)


def size_of(dataset: Path, given: Pretraining) -> Size:
    """Sizes of the model that a corpus and parameters ask for."""
    tokens = shards.read_table(dataset / "tokenizer", ["tokens"])["tokens"][0].as_py()
    flex = device_of(given.device) == "cuda"
    return Size(given.network, tokens, flex=flex, compiled=not given.compile)


def run_of(given: Pretraining, parent: str) -> str:
    """Identity of a training: code, data, sizes, settings."""
    settings = given.model_dump(mode="json", exclude={"save_every"})
    return runs.run_id("webagent", code_of(Path(__file__)), parent, settings)
