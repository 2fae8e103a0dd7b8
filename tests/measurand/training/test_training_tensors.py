from __future__ import annotations

from pathlib import Path

import pytest
import torch

from measurand.errors import InputError
from measurand.training import tensors


def test_tensors_and_description_come_back_and_bytes_repeat(tmp_path: Path) -> None:
    named = {"b": torch.randn(3, 4), "a": torch.arange(3)}
    about = {"run": "x", "step": 3, "history": [{"mse": 0.1 + 0.2, "model": "é"}]}
    for name in ("one", "two"):
        tensors.save(tmp_path / name, named, about)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    found, said = tensors.load(tmp_path / "one")
    assert {k: torch.equal(v, found[k]) for k, v in named.items()} == {"a": True, "b": True}
    assert said == tensors.about(tmp_path / "one") == about
    assert {p.name for p in tmp_path.iterdir()} == {"one", "two"}


def test_what_is_no_checkpoint_is_told(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    with pytest.raises(InputError, match="measurand train"):
        tensors.load(tmp_path / "none")
    (tmp_path / "text").write_text("nothing of the kind")
    save_file({"a": torch.zeros(1)}, tmp_path / "other")
    for name in ("text", "other"):
        with pytest.raises(InputError, match="is no checkpoint"):
            tensors.load(tmp_path / name)
        assert tensors.about(tmp_path / name) is None


def test_weights_of_another_model_are_refused() -> None:
    wanted = {"a": torch.zeros(2, 3), "b": torch.zeros(1)}
    path = Path("x")
    tensors.match(path, {name: x + 1 for name, x in wanted.items()}, wanted)
    for found in (
        {"a": wanted["a"]},
        wanted | {"c": torch.zeros(1)},
        wanted | {"a": torch.zeros(3, 2)},
    ):
        with pytest.raises(InputError, match="x holds weights of another model: 1 differ"):
            tensors.match(path, found, wanted)
