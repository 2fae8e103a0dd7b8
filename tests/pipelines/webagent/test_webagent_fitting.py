from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from measurand.errors import InputError
from pipelines.webagent import fitting, net
from pipelines.webagent.fitting import Pairs
from pipelines.webagent.net import Size
from schemas.webagent.pretraining import Network, Steps

NET = Network(
    width=32, head=8, heads=4, mlp=64, encoder_layers=1, decoder_layers=1, radius=15, block=8
)
STEPS = Steps(input=16, target=8, steps=80, batch=16, lr=3e-3, warmup=4, device="cpu")


def test_lists_are_filled_and_cut() -> None:
    ragged = fitting.Ragged(pa.chunked_array([[[5, 6, 7]], [[], [8]]]), 2)
    assert ragged.lengths.tolist() == [2, 0, 1]
    assert ragged.rows(np.array([2, 0]), 3).tolist() == [[8, 0, 0], [5, 6, 0]]


def test_the_rate_rises_and_falls_with_the_root() -> None:
    found = [fitting.rates(step, peak=2.0, warmup=4)["lr"] for step in range(16)]
    assert found[:4] == [0.5, 1.0, 1.5, 2.0]
    assert found[15] == pytest.approx(1.0)
    assert sorted(found[3:], reverse=True) == found[3:]


def test_losses_are_those_of_probabilities() -> None:
    made = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 7, generator=made)
    target = torch.tensor([[3, 4, 0], [6, 2, 2]])
    found = fitting.nll(logits, target)
    by_hand = -logits.log_softmax(-1).gather(-1, target[..., None])[..., 0]
    assert torch.allclose(found, torch.where(target == 0, 0.0, by_hand))


def test_operations_are_six_a_weight_and_token_and_what_attention_adds() -> None:
    size = Size(NET.model_copy(update={"attention": "dense"}), 500)
    n, m = 40, 10
    w = net.init(size, 0)
    encoder = 4 * 32 * 32 + 3 * 32 * 64
    decoder = 4 * 32 * 32 + 2 * 32 * 32 + 3 * 32 * 64 + 32 * 500
    expected = 6 * (n * (encoder + 2 * 32 * 32) + m * decoder)
    expected += 12 * 32 * (n * n + m * (m + 1) / 2 + m * n)
    assert fitting.flops(size, n, m) == expected
    assert sum(x.numel() for x in w.values()) > encoder + decoder


def copies(seed: int, n: int = 200) -> Pairs:
    """Pairs whose target is the first tokens of the input."""
    inputs = np.random.default_rng(seed).integers(2, 20, (n, 6))
    return Pairs.of(inputs.tolist(), inputs[:, :2].tolist(), STEPS)


def loss(path: Path, pairs: Pairs) -> float:
    weights, size = fitting.load(path)
    ids, lengths, target = pairs.batch(np.arange(len(pairs)), "cpu", None)
    with torch.no_grad():
        return float(fitting.nll(net.forward(weights, size, ids, lengths, target), target).mean())


def test_a_model_goes_on_from_the_weights_of_another(tmp_path: Path) -> None:
    size = Size(NET, 40)

    def train(name: str, start: dict[str, torch.Tensor]) -> None:
        fitting.trained(
            lambda: start, size, lambda: copies(1), STEPS, name=name, run=name, out=tmp_path,
            states=tmp_path / "states",
        )  # fmt: skip

    train("first", net.init(size, 1))
    first = tmp_path / "first.safetensors"
    weights, _ = fitting.load(first)
    train("second", weights)
    same = copies(1)
    even = np.log(40)
    losses = [loss(tmp_path / f"{name}.safetensors", same) for name in ("first", "second")]
    assert losses[1] < losses[0] < even
    # What it started from is left as it is.
    assert loss(first, same) == losses[0]


def test_batches_of_a_compiled_training_have_one_shape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ragged = [list(range(2, 2 + n)) for n in (3, 5, 9, 30)]
    given = STEPS.model_copy(update={"steps": 6, "batch": 1, "compile": True})
    seen: list[tuple[int, ...]] = []

    def noting(compute: Any) -> Any:
        def call(ids: torch.Tensor, lengths: torch.Tensor, target: torch.Tensor) -> Any:
            seen.append((*ids.shape, *target.shape))
            return compute(ids, lengths, target)

        return call

    # What compiles here takes half a minute, and would do it once more for every other shape.
    monkeypatch.setattr(torch, "compile", noting)
    fitting.trained(
        lambda: net.init(Size(NET, 40), 1), Size(NET, 40), lambda: Pairs.of(ragged, ragged, given),
        given, name="one", run="one", out=tmp_path, states=tmp_path / "states",
    )  # fmt: skip
    assert seen == [(1, given.input, 1, given.target)] * 6


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    from measurand.training import tensors

    size = Size(NET, 40)
    about = {"network": NET.model_dump(mode="json"), "vocabulary": 41}
    tensors.save(tmp_path / "x.safetensors", net.init(size, 1), about)
    with pytest.raises(InputError, match="another model"):
        fitting.load(tmp_path / "x.safetensors")
    tensors.save(tmp_path / "y.safetensors", net.init(size, 1), {"vocabulary": 40})
    with pytest.raises(InputError, match="no model of this system"):
        fitting.load(tmp_path / "y.safetensors")
