from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from measurand import models
from measurand.errors import InputError
from measurand.models.protocol import Request
from pipelines.soft_labels.material import Material
from pipelines.soft_labels.scoring import pair_scores
from schemas.soft_labels.params import Params


def test_log_ratios_are_those_of_the_saved_policy(
    small_params: Params, small_dataset: Path, small_checkpoint: Path
) -> None:
    material = Material(small_params, small_dataset)
    rows = list(pair_scores(small_params, material, small_checkpoint, Path("models")))
    pairs = {pair.pair_id: pair for pair in material.pairs("mine", "test")}
    assert len(rows) == 2 * len(pairs)
    row = next(r for r in rows if r["run"] == "gdpo-s1")
    pair = pairs[row["pair_id"]]
    spec = f"{small_params.build.policy}&adapter={small_checkpoint / 'gdpo-s1'}"
    texts = (f" {pair.text_1}<|end|>", f" {pair.text_2}<|end|>")
    policy, reference = (
        models.load(s).score([Request(pair.prompt, choices=texts)], ())[0].logprobs
        for s in (spec, small_params.build.policy)
    )
    assert policy is not None
    assert reference is not None
    ratios = [a - b for a, b in zip(policy, reference, strict=True) if a is not None and b]
    assert [row["logratio_1"], row["logratio_2"]] == pytest.approx(ratios, abs=1e-3)
    assert row["u"] == pytest.approx(row["logratio_1"] - row["logratio_2"])
    assert row["h"] == pytest.approx(row["beta"] * row["u"])
    assert row["p"] == pair.own


def test_a_limit_takes_the_first_pairs(
    small_params: Params, small_dataset: Path, small_checkpoint: Path
) -> None:
    material = Material(small_params, small_dataset)
    rows = list(pair_scores(small_params, material, small_checkpoint, Path("models"), limit=2))
    wanted = [pair.pair_id for pair in material.pairs("mine", "test")[:2]]
    assert [row["pair_id"] for row in rows] == wanted * 2


def test_a_run_that_was_not_trained_is_named(
    small_params: Params, small_dataset: Path, small_checkpoint: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_checkpoint / "gdpo-s0", tmp_path / "gdpo-s0")
    with pytest.raises(InputError, match="has no gdpo-s1"):
        list(
            pair_scores(
                small_params, Material(small_params, small_dataset), tmp_path, Path("models")
            )
        )
