from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from measurand.training import tensors
from measurand.training.fit import State
from pipelines.elastictok import model, training
from pipelines.elastictok.sequences import read
from pipelines.elastictok.training import Training, flops_per_token
from schemas.elastictok.params import Params, TokenizerSpec


def changed(params: Params, **train: object) -> Params:
    raw = params.model_dump(mode="json")
    raw["train"] |= train
    return Params.model_validate(raw)


def fit(params: Params, built: Path, state: Path, name: str = "elastic") -> tuple[object, ...]:
    [spec] = [m for m in params.train.models if m.name == name]
    data = read(built / "dataset/blocks", "train")
    weights, done, speed = Training(params, spec, data, State(state, "run")).fit()
    return weights, done.moments, done.rows, speed


class Killed(Exception):
    pass


@pytest.mark.parametrize("bottleneck", [None, {"kind": "vae", "channels": 4, "kl_weight": 1e-4}])
def test_training_goes_on_to_the_bit(
    small: Params, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    bottleneck: dict[str, object] | None,
) -> None:  # fmt: skip
    params = small if bottleneck is None else changed(small, bottleneck=bottleneck)
    whole = fit(params, built, tmp_path / "a")
    step = torch.optim.AdamW.step
    calls = []

    def dies(self: torch.optim.AdamW, *args: object) -> object:
        calls.append(1)
        if len(calls) == 8:
            raise Killed
        return step(self, *args)

    monkeypatch.setattr(torch.optim.AdamW, "step", dies)
    with pytest.raises(Killed):
        fit(params, built, tmp_path / "b")
    monkeypatch.undo()
    about = tensors.about(tmp_path / "b")
    assert about is not None
    assert about["rows"][-1]["step"] == 5
    again = fit(params, built, tmp_path / "b")
    for first, second in zip(whole[:2], again[:2], strict=True):
        assert all(torch.equal(first[k], second[k]) for k in first)
    assert whole[2] == again[2]


def test_the_loss_falls_and_rows_say_what_was_kept(
    small: Params, built: Path, tmp_path: Path
) -> None:
    longer = changed(small, optimiser={"steps": 60, "batch": 8, "lr": 3e-3})
    _, _, history, speed = fit(longer, built, tmp_path / "a")
    assert history[-1]["mse"] < 0.7 * history[0]["mse"]
    assert history[-1]["step"] == 60
    assert all(2 <= row["tokens"] <= 16 for row in history)
    assert speed["tokens"] == speed["steps"] * 8 * 32
    assert speed["peak_flops"] is None
    assert speed["reason"]
    *_, fixed, _ = fit(longer, built, tmp_path / "b", "fixed4")
    assert {row["tokens"] for row in fixed} == {4.0}


def test_half_precision_and_a_model_without_shown_mask_train(
    small: Params, built: Path, tmp_path: Path
) -> None:
    models = [{"name": "blind", "mask_shown": False, "law": "log_uniform", "past": False}]
    params = changed(small, precision="bfloat16", models=models)
    weights, moments, history, _ = fit(params, built, tmp_path / "a", "blind")
    assert all(torch.isfinite(w).all() for w in weights.values())
    assert history[-1]["mse"] < history[0]["mse"]
    # The vector that it is never shown stays as it was.
    seed = training.seed_for("elastictok", params.train.seed, "weights")
    start = model.init(model.sizes(params, params.train.models[0]), seed)
    assert torch.equal(weights["masked"], start["masked"])
    assert not moments["exp_avg.masked"].any()


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore")  # of the compiler itself
def test_a_compiled_step_is_the_same_step(small: Params, built: Path, tmp_path: Path) -> None:
    optimiser = {"steps": 4, "batch": 4, "lr": 2e-3}
    plain = changed(small, optimiser=optimiser)
    compiled = changed(small, optimiser=optimiser, compile=True)
    _, _, expected, _ = fit(plain, built, tmp_path / "a")
    _, _, found, speed = fit(compiled, built, tmp_path / "b")
    assert [r["loss"] for r in found] == pytest.approx([r["loss"] for r in expected], rel=1e-3)
    assert speed["compiled"]


def test_all_models_see_the_same_batches(small: Params, built: Path, tmp_path: Path) -> None:
    data = read(built / "dataset/blocks", "train")
    seen = []
    for spec in (TokenizerSpec(name="a"), TokenizerSpec(name="b", tokens=4)):
        one = Training(small, spec, data, State(tmp_path / "s", "run"))
        seen.append([one._batch(step) for step in (0, 1)])
    for a, b in zip(*seen, strict=True):
        assert torch.equal(a[0], b[0])
        assert not torch.equal(a[1], b[1])
    assert not torch.equal(seen[0][0][0], seen[0][1][0])


def test_operations_are_those_that_torch_counts(small: Params) -> None:
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    from pipelines.elastictok.attention import block_causal

    size = model.sizes(small, small.elastic)
    weights = model.init(size, 0)
    slots = size.slots * size.blocks
    for w in weights.values():
        w.requires_grad_()
    x, mask = torch.randn(1, slots, size.patch), torch.ones(1, slots, dtype=torch.bool)
    # Fused attention on a CPU is not counted; written out it is.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        out, _ = model.reconstruct(weights, size, x, mask, block_causal(size.slots))
        out.sum().backward()
    # The gradient of the pixels, which nothing needs, is in the rule of thumb only.
    pixels = 2 * size.patch * size.width
    counted = counter.get_total_flops() / slots + pixels
    assert flops_per_token(size, weights) == pytest.approx(counted, rel=0.01)
    alone = dataclasses.replace(size, past=False)
    assert flops_per_token(alone, weights) < flops_per_token(size, weights)
