from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.driving_sim import dataset, train
from schemas.driving_sim.params import Build, Imitation, ImitatorSpec, Params, Train


@pytest.mark.integration
def test_what_is_trained_is_what_the_parameters_name(tmp_path: Path) -> None:
    params = Params(
        build=Build(families=("curve",), scenarios=2, n_shards=1, test_share=0.0),
        train=Train(
            imitation=Imitation(models=(ImitatorSpec(name="bc_route"),), steps=2, batch=8),
            device="cpu",
        ),
    )
    dataset.build(params, tmp_path / "d", "FnApiRunner", journal=tmp_path / "j")
    train.train(params, tmp_path / "d", tmp_path / "c", journal=tmp_path / "j")
    assert [p.name for p in sorted((tmp_path / "c").iterdir())] == [
        "bc_route.safetensors",
        "training",
    ]
