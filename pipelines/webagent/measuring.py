"""What a model makes of masked parts that all models are given alike: loss by kind of token."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from measurand import shards
from measurand.errors import InputError
from measurand.training.device import autocast
from pipelines.webagent import net
from pipelines.webagent.fitting import Pairs, Ragged, nll
from pipelines.webagent.net import Size
from pipelines.webagent.tokenizer import PAD
from schemas.webagent.corpus import KINDS
from schemas.webagent.pretraining import Steps

BATCH = 16
"""Examples of a forward pass; fixed, since the last bits depend on it."""

Row = dict[str, Any]


def probe(
    weights: Mapping[str, Any],
    size: Size,
    dataset: Path,
    given: Steps,
    *,
    split: str = "test",
    device: str = "cpu",
) -> list[Row]:
    """Rows of ``PROBES``, without the model's name.

    Args:
        weights: weights by name.
        size: sizes of the model.
        dataset: folder of the corpus.
        given: parameters: most tokens of inputs and targets, precision.
        split: a split that is not trained on.
        device: where the weights lie.

    Raises:
        InputError: the split has no probes.
    """
    import torch

    columns = ["doc_id", "example_id", "probe", "mu", "split", "input_ids", "target_ids"]
    table = shards.read_table(dataset / "examples", [*columns, "target_kinds"])
    table = table.filter(pc.and_(table["probe"], pc.equal(table["split"], split)))
    if not table.num_rows:
        raise InputError(f"{dataset} has no probes of {split}", hint="build with probes")
    data = Pairs.of(table["input_ids"], table["target_ids"], given)
    kinds = Ragged(table["target_kinds"], given.target)
    about = table.select(["doc_id", "example_id", "mu"]).to_pylist()
    # Alike in length, little is filled up.
    order = np.argsort(data.inputs.lengths, kind="stable")
    found: list[Row] = []
    for at in range(0, len(order), BATCH):
        some = order[at : at + BATCH]
        ids, lengths, target = data.batch(some, device, None)
        with torch.no_grad(), autocast(device, given.precision):
            losses = nll(net.forward(weights, size, ids, lengths, target), target)
        which = kinds.rows(some, target.shape[1])
        real = (target != PAD).cpu().numpy()
        each = losses.double().cpu().numpy()
        for row, one in enumerate(some):
            for kind, name in enumerate(KINDS):
                mine = real[row] & (which[row] == kind)
                if mine.any():
                    sums = {"tokens": int(mine.sum()), "nll": float(each[row][mine].sum())}
                    found.append({**about[one], "kind": name, **sums})
    return found
