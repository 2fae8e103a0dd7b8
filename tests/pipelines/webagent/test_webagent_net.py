from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.webagent import export, net, tokenizer
from pipelines.webagent.net import Size
from schemas.webagent.pretraining import Network

VOCABULARY = 90
JSON = tokenizer.train(["<p>a</p>"], 800, 100)


def size_of(**changes: Any) -> Size:
    given = {
        "width": 24, "head": 8, "heads": 3, "mlp": 40, "encoder_layers": 2, "decoder_layers": 2,
        "radius": 5, "block": 4, "buckets": 8, "distance": 16,
    }  # fmt: skip
    return Size(Network.model_validate(given | changes), VOCABULARY)


def batch(seed: int, rows: int = 3, n: int = 61) -> tuple[torch.Tensor, torch.Tensor]:
    made = torch.Generator().manual_seed(seed)
    ids = torch.randint(2, VOCABULARY, (rows, n), generator=made)
    lengths = torch.tensor([n, n - 17, 9][:rows])
    for row, length in enumerate(lengths):
        ids[row, length:] = 0
    return ids, lengths


def inside(x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    return torch.cat([x[b, : int(n)] for b, n in enumerate(lengths)])


def theirs(size: Size, weights: dict[str, Any], folder: Path) -> Any:
    """The model that `transformers` makes of these weights, by way of its own files."""
    from transformers import AutoModelForSeq2SeqLM

    export.write(weights, size, JSON, folder)
    model, said = AutoModelForSeq2SeqLM.from_pretrained(folder, output_loading_info=True)
    assert not said["missing_keys"]
    assert not said["unexpected_keys"]
    return model.eval()


@pytest.mark.parametrize("attention", ["local_global", "local", "dense"])
@pytest.mark.parametrize("n", [61, 64, 7])
def test_it_is_the_model_of_transformers(tmp_path: Path, attention: str, n: int) -> None:
    size = size_of(attention=attention)
    weights = net.init(size, 1)
    ids, lengths = batch(2, 3 if n > 20 else 1, n)
    target = torch.randint(
        2, VOCABULARY, (len(ids), 12), generator=torch.Generator().manual_seed(3)
    )
    model = theirs(size, weights, tmp_path)
    mask = (torch.arange(n) < lengths[:, None]).long()
    with torch.no_grad():
        states = model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
        logits = model(input_ids=ids, attention_mask=mask, labels=target).logits
        ours = net.encode(weights, size, ids, lengths)
        own = net.forward(weights, size, ids, lengths, target)
    assert float((inside(ours - states, lengths)).abs().max()) < 1e-5
    assert float((own - logits).abs().max()) < 5e-5


@pytest.mark.parametrize("attention", ["local", "local_global"])
def test_how_far_a_token_is_seen(attention: str) -> None:
    size = size_of(attention=attention)
    weights = net.init(size, 1)
    ids, _ = batch(6, 1, 80)
    lengths = torch.tensor([80])
    other = ids.clone()
    other[0, 60] = (ids[0, 60] - 1) % (VOCABULARY - 2) + 2
    with torch.no_grad():
        change = net.encode(weights, size, other, lengths) - net.encode(weights, size, ids, lengths)
    reach = size.net.encoder_layers * size.net.radius
    far = change[0, : 60 - reach].abs().max(), change[0, 60 + reach + 1 :].abs().max()
    assert change[0, 60 - reach + 1].abs().max() > 1e-6
    if attention == "local":
        assert far == (0, 0)
    else:
        assert min(far) > 1e-6


def test_filling_changes_nothing() -> None:
    size = size_of()
    weights = net.init(size, 1)
    ids, lengths = batch(7)
    target = torch.randint(2, VOCABULARY, (3, 9), generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        together = net.forward(weights, size, ids, lengths, target)
        for row, n in enumerate(lengths):
            one = slice(row, row + 1)
            alone = net.forward(weights, size, ids[one, : int(n)], lengths[one], target[one])
            assert torch.allclose(together[row], alone[0], atol=2e-5)


def test_it_begins_with_an_even_guess() -> None:
    size = size_of(width=64)
    ids, lengths = batch(8)
    target = torch.randint(2, VOCABULARY, (3, 30), generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        logits = net.forward(net.init(size, 1), size, ids, lengths, target)
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())
    even = torch.tensor(float(VOCABULARY)).log()
    assert abs(float(loss - even)) < 1.0


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("attention", ["local_global", "local", "dense"])
def test_the_kernel_of_a_gpu_changes_nothing(attention: str) -> None:
    size = size_of(attention=attention)
    weights = net.init(size, 1)
    ids, lengths = batch(9)
    with torch.no_grad():
        kernel = replace(size, flex=True, compiled=False)
        change = net.encode(weights, kernel, ids, lengths) - net.encode(weights, size, ids, lengths)
    assert float(inside(change, lengths).abs().max()) < 1e-5
