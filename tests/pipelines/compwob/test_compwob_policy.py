from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_compwob_features import PAGE, SAID

from measurand.errors import InputError
from pipelines.compwob.actions import click, write
from pipelines.compwob.features import Encoder, train_tokenizer
from pipelines.compwob.policy import Pointer, Trained, collate, loss_of, open_trained, save

CONFIG = {"vocabulary": 400, "width": 32, "layers": 2, "heads": 2}


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return train_tokenizer([SAID, "button input login password username Submit"] * 3, 400)


def _model() -> Pointer:
    torch.manual_seed(3)
    return Pointer(**CONFIG)


def test_filling_up_a_batch_changes_nothing(tokenizer: Any) -> None:
    encoder, model = Encoder(tokenizer), _model().eval()
    long, short = encoder.encode(SAID, PAGE, []), encoder.encode("press login.", PAGE, [])
    with torch.no_grad():
        alone = model(collate([short]))[0][0]
        together = model(collate([short, long]))[0][0][: len(short.refs)]
    assert torch.allclose(alone, together, atol=1e-5)


def test_only_fields_are_typed_into(tokenizer: Any) -> None:
    found = Encoder(tokenizer).encode(SAID, PAGE, [])
    with torch.no_grad():
        scores = _model()(collate([found]))[0][0]
    assert bool((scores[~torch.from_numpy(found.fields), 1] < -1000).all())


def test_it_learns_to_point_and_to_copy(tokenizer: Any) -> None:
    encoder, model = Encoder(tokenizer), _model()
    actions = [write(4, "bo7"), write(7, "Qz"), click(8)]
    pages = [encoder.encode(SAID, PAGE, actions[:i]) for i in range(3)]
    targets = [encoder.target(a, p, SAID) for a, p in zip(actions, pages, strict=True)]
    known = [target for target in targets if target is not None]
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    batch = collate(pages)
    first = float(loss_of(model, batch, known).detach())
    for _ in range(120):
        loss = loss_of(model, batch, known)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.1 < first
    agent = Trained("trained:uniform:0", model, encoder, "x")
    agent.start("e", SAID, ())
    done = []
    for _ in range(3):
        done.append(agent.act(PAGE, done).action)
    assert done == actions


def test_the_same_action_is_not_tried_twice_on_the_same_page(tokenizer: Any) -> None:
    agent = Trained("t", _model(), Encoder(tokenizer), "x")
    agent.start("e", SAID, ())
    done = [agent.act(PAGE, []).action for _ in range(30)]
    seen = [(a.kind, a.ref) for a in done if a.kind != "noop"]
    assert len(seen) == len(set(seen))
    assert done[-1].kind == "noop"


def test_a_saved_model_acts_alike(tokenizer: Any, tmp_path: Path) -> None:
    model = _model()
    save(tmp_path / "uniform-0", model, CONFIG, tokenizer)
    again = open_trained("trained:uniform:0", tmp_path)
    found = again.encoder.encode(SAID, PAGE, [])
    assert np.array_equal(found.words, Encoder(tokenizer).encode(SAID, PAGE, []).words)
    with torch.no_grad():
        assert torch.equal(again.model(collate([found]))[0], model.eval()(collate([found]))[0])
    with pytest.raises(InputError, match="no trained model"):
        open_trained("trained:natural:0", tmp_path)


@pytest.mark.parametrize(
    "what", ["a weight", "the shape", "the configuration", "the tokenizer", "cut"]
)
def test_a_model_that_is_not_whole_is_refused(what: str, tokenizer: Any, tmp_path: Path) -> None:
    from measurand.training import tensors

    save(tmp_path / "uniform-0", _model(), CONFIG, tokenizer)
    path = next((tmp_path / "uniform-0").iterdir())
    weights, words = tensors.load(path)
    last = sorted(weights)[-1]
    if what == "a weight":
        del weights[last]
    elif what == "the shape":
        weights[last] = weights[last].flatten()[:1]
    elif what == "the configuration":
        words["config"] = {}
    elif what == "the tokenizer":
        words["tokenizer"] = "{"
    tensors.save(path, weights, words)
    if what == "cut":
        path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError) as caught:
        open_trained("trained:uniform:0", tmp_path)
    assert "\n" not in str(caught.value)
