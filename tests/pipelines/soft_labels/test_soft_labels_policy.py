from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from measurand.errors import InputError
from pipelines.soft_labels.policy import Encoded, Policy, load_policy

PAIRS = [
    ("Statement:", "I like dogs.", "I worry about things and music."),
    ("Statement:", "very accurate", "neither"),
    ("Rate\n", "5", "4"),
]


def _load(folder: Path, *, micro_tokens: int = 4096, template: str = "none") -> Policy:
    return load_policy(
        f"hf:{folder}?template={template}", Path(), micro_tokens=micro_tokens, device="cpu"
    )


def _by_hand(folder: Path, text: Encoded) -> float:
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    ids = torch.tensor([text.tokens])
    with torch.no_grad():
        table = model(ids).logits[0].log_softmax(-1)
    return float(sum(table[at - 1, text.tokens[at]] for at in range(text.start, len(text.tokens))))


def test_tokens_are_prompt_response_and_end(toy_model_folder: Path) -> None:
    policy = _load(toy_model_folder)
    tokenizer = AutoTokenizer.from_pretrained(toy_model_folder)
    for (prompt, *responses), pair in zip(PAIRS, policy.encode(PAIRS), strict=True):
        for response, text in zip(responses, pair, strict=True):
            joint = " " if not prompt.endswith("\n") else ""
            whole = tokenizer(f"{prompt}{joint}{response}")["input_ids"]
            assert list(text.tokens) == [*whole, tokenizer.eos_token_id]
            shown = tokenizer.decode(text.tokens[text.start : -1])
            assert f"{prompt}{joint}{response}".endswith(shown)
            assert text.n_response == len(text.tokens) - text.start


def test_the_chat_template_ends_before_the_response(toy_model_folder: Path) -> None:
    [(first, _)] = _load(toy_model_folder, template="chat").encode(PAIRS[:1])
    tokenizer = AutoTokenizer.from_pretrained(toy_model_folder)
    assert tokenizer.decode(first.tokens).endswith("<|assistant|>I like dogs.<|end|>")


def test_log_probabilities_are_those_of_the_whole_model(toy_model_folder: Path) -> None:
    policy = _load(toy_model_folder)
    pairs = policy.encode(PAIRS)
    found = policy.measure(pairs)
    for row, pair in zip(found.tolist(), pairs, strict=True):
        assert row == pytest.approx([_by_hand(toy_model_folder, t) for t in pair], abs=1e-4)


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_frozen_layers_change_no_number(toy_model_folder: Path, layer: int) -> None:
    whole, parts = _load(toy_model_folder), _load(toy_model_folder)
    parts.freeze_below(layer)
    assert parts.frozen == layer
    pairs = whole.encode(PAIRS)
    features = parts.features([text for pair in pairs for text in pair])
    assert features is not None
    assert [len(f) for f in features] == [len(text.tokens) for pair in pairs for text in pair]
    torch.testing.assert_close(parts.measure(pairs, features), whole.measure(pairs))
    torch.testing.assert_close(parts.measure(pairs), whole.measure(pairs))


def test_batches_change_no_number(toy_model_folder: Path) -> None:
    small, large = (_load(toy_model_folder, micro_tokens=n) for n in (1, 4096))
    pairs = large.encode(PAIRS)
    torch.testing.assert_close(small.measure(pairs), large.measure(pairs), rtol=1e-5, atol=1e-5)
    assert [len(batch) for batch in small.micro_batches(pairs)] == [1, 1, 1]
    assert [sorted(batch) for batch in large.micro_batches(pairs)] == [[0, 1, 2]]


def test_gradients_are_those_of_the_whole_model(toy_model_folder: Path) -> None:
    whole, parts = _load(toy_model_folder), _load(toy_model_folder)
    parts.freeze_below(2)
    grads = []
    for policy in (whole, parts):
        policy.layers[2].requires_grad_(True)
        texts = [text for pair in policy.encode(PAIRS) for text in pair]
        policy.logps(texts).sum().backward()
        grads.append([weight.grad for weight in policy.layers[2].parameters()])
    for a, b in zip(*grads, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
    assert whole.layers[0].mlp.up_proj.weight.grad is None


def test_a_model_that_scales_its_input_is_left_whole(toy_model_folder: Path) -> None:
    policy = _load(toy_model_folder)
    base = policy.model.base_model
    forward = base.embed_tokens.forward
    base.embed_tokens.forward = lambda ids: forward(ids) * 3

    class Scaled(type(base)):  # type: ignore[misc]
        def forward(self, input_ids=None, inputs_embeds=None, **more):  # type: ignore[no-untyped-def]
            if inputs_embeds is not None:
                inputs_embeds = inputs_embeds * 3
            return super().forward(input_ids=input_ids, inputs_embeds=inputs_embeds, **more)

    base.__class__ = Scaled
    policy.freeze_below(2)
    assert policy.frozen == 0
    assert policy.features([policy.encode(PAIRS)[0][0]]) is None


def test_mixed_precision_is_near(toy_model_folder: Path) -> None:
    single = _load(toy_model_folder)
    mixed = load_policy(
        f"hf:{toy_model_folder}?template=none",
        Path(),
        micro_tokens=4096,
        dtype="bfloat16",
        device="cpu",
    )
    pairs = single.encode(PAIRS)
    a, b = single.measure(pairs), mixed.measure(pairs)
    assert not torch.equal(a, b)
    torch.testing.assert_close(a, b, rtol=0.02, atol=0.2)


def test_compiling_changes_no_number(toy_model_folder: Path) -> None:
    policy = _load(toy_model_folder)
    pairs = policy.encode(PAIRS)
    before = policy.measure(pairs)
    compiled = []
    original = torch.compile
    try:
        # The real compiler takes a minute here; what is tested is what is handed to it.
        torch.compile = lambda module, **how: compiled.append(how) or module
        policy.compile()
    finally:
        torch.compile = original
    assert compiled == [{"dynamic": True}]
    torch.testing.assert_close(policy.measure(pairs), before)


@pytest.mark.parametrize("spec", ["synthetic:uniform", "nobody:x"])
def test_a_model_elsewhere_cannot_be_trained(spec: str) -> None:
    with pytest.raises(InputError):
        load_policy(spec, Path(), micro_tokens=8, device="cpu")
