from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from webagent_pages import rows

from measurand import runs
from measurand.errors import InputError
from pipelines.webagent import measuring, net, pretraining
from schemas.webagent.pretraining import Pretraining
from schemas.webagent.pretraining_tables import PROBES

GIVEN = Pretraining.model_validate(
    {
        "network": {
            "width": 16, "head": 8, "heads": 2, "mlp": 24, "encoder_layers": 1,
            "decoder_layers": 1, "radius": 7, "block": 8,
        },
        "input": 512, "target": 512, "steps": 1, "batch": 1, "lr": 1e-3,
    }
)  # fmt: skip


def test_sums_over_kinds_are_the_loss_of_each_probe(built: Path) -> None:
    size = pretraining.size_of(built, GIVEN)
    weights = net.init(size, 1)
    found = measuring.probe(weights, size, built, GIVEN)
    asked = {r["example_id"]: r for r in rows(built, "examples") if r["split"] == "test"}
    assert {row["example_id"] for row in found} == set(asked)
    for name in list(asked)[:12]:
        one = asked[name]
        ids, target = (torch.tensor([one[k]]) for k in ("input_ids", "target_ids"))
        lengths = torch.tensor([ids.shape[1]])
        with torch.no_grad():
            logits = net.forward(weights, size, ids, lengths, target)
        whole = float(torch.nn.functional.cross_entropy(logits[0], target[0], reduction="sum"))
        mine = [row for row in found if row["example_id"] == name]
        assert sum(row["nll"] for row in mine) == pytest.approx(whole, rel=1e-4)
        assert sum(row["tokens"] for row in mine) == len(one["target_ids"])
        sentinels = next(row["tokens"] for row in mine if row["kind"] == "sentinel")
        assert sentinels == one["n_spans"] + 1
    PROBES.validate(runs.table(PROBES, [{"model": "m", **row} for row in found]))


def test_a_model_that_knows_nothing_loses_the_logarithm_of_the_vocabulary(built: Path) -> None:
    size = pretraining.size_of(built, GIVEN)
    weights = {name: torch.zeros_like(w) for name, w in net.init(size, 1).items()}
    for row in measuring.probe(weights, size, built, GIVEN, split="validation"):
        assert row["nll"] / row["tokens"] == pytest.approx(np.log(size.vocabulary), rel=1e-5)


def test_a_split_without_probes_is_said(built: Path) -> None:
    size = pretraining.size_of(built, GIVEN)
    with pytest.raises(InputError, match="no probes"):
        measuring.probe(net.init(size, 1), size, built, GIVEN, split="train")
