"""What there is to know of trained models: losses on masked test pages, how trainings went."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from measurand import shards
from measurand.manifest import MANIFEST, read_manifest
from measurand.training.device import device_of
from pipelines.webagent import fitting, measuring, pretraining
from schemas.webagent.params import Params
from schemas.webagent.pretraining import NAME

Row = dict[str, Any]


def rows(params: Params, data: Path) -> list[Row]:
    """Rows of ``webagent.probes``; none where nothing is trained or the corpus has no probes.

    Args:
        params: parameters that the model was trained with.
        data: folder with ``dataset/`` and ``checkpoint/``.

    Raises:
        InputError: it was trained with other code, data or parameters, or not at all.
    """
    train, corpus = params.train, params.build.corpus
    if train is None or corpus is None or not corpus.corruption.probes:
        return []
    given, dataset = train.seeded.pretraining, data / "dataset"
    run = pretraining.run_of(given, read_manifest(dataset / "examples").logical_hash)
    weights, size = fitting.load(data / "checkpoint" / f"{NAME}.safetensors", run)
    device = device_of(given.device)
    there = {name: w.to(device) for name, w in weights.items()}
    found = measuring.probe(there, size, dataset, given, device=device)
    return [{"model": NAME, **row} for row in found]


def histories(checkpoint: Path) -> tuple[list[Row], list[Row]]:
    """Rows of ``FINETUNING`` and of ``SPEED``, of the pre-trained model and of planners.

    Args:
        checkpoint: folder that ``train`` wrote; what it has not trained has no rows.
    """
    steps = [{"model": NAME, **row} for row in _rows(checkpoint / "pretraining")]
    return (
        [*steps, *_rows(checkpoint / "finetuning")],
        [*_rows(checkpoint / "speed"), *_rows(checkpoint / "planners")],
    )


def _rows(folder: Path) -> list[Row]:
    found: list[Row] = []
    if (folder / MANIFEST).exists():
        found = shards.read_table(folder).to_pylist()
    return found
