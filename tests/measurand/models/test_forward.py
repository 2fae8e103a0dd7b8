from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
)

from measurand.models.forward import Forward, Row

VOCABULARY = 300


def rows(seed: int = 3) -> list[Row]:
    """Prefixes in a tree: 2 beginnings x 3 middles x 4 ends of unequal length, and one stray."""
    rng = np.random.default_rng(seed)

    def some(n: int) -> tuple[int, ...]:
        return tuple(rng.integers(0, VOCABULARY, n).tolist())

    out = []
    for beginning in (some(11), some(17)):
        for middle in (some(5), some(8), some(6)):
            for end in range(3, 7):
                tokens = beginning + middle + some(end)
                last = len(tokens) - 1
                reads = ((last - 1, (1, 2)), (last, (3, 4, 5)))
                out.append(Row(tokens, last - 1, reads))
    stray = some(40)
    out.append(Row(stray, 39, ((39, (7,)),)))
    return [out[at] for at in rng.permutation(len(out))]


def reference(model: torch.nn.Module, row: Row) -> list[list[float]]:
    with torch.inference_mode():
        logits = model(torch.tensor([row.tokens]), use_cache=False).logits[0]
    table = logits.float().log_softmax(-1)
    return [[float(table[at, token]) for token in wanted] for at, wanted in row.reads]


def forward(model: object, *, share: bool = True, budget: int = 64) -> Forward:
    return Forward(model, budget=budget, least_gain=4, share=share)


def agree(engine: Forward, model: torch.nn.Module, batch: list[Row]) -> int:
    reads = engine.logprobs(batch)
    for row, read in zip(batch, reads, strict=True):
        for mine, theirs in zip(read.logprobs, reference(model, row), strict=True):
            assert mine == pytest.approx(theirs, abs=1e-4)
    return sum(read.computed for read in reads)


@pytest.fixture(scope="module")
def llama(toy_model_folder: Path) -> torch.nn.Module:
    model: torch.nn.Module = AutoModelForCausalLM.from_pretrained(toy_model_folder).eval()
    return model


def test_shared_rows_equal_whole_rows(llama: torch.nn.Module) -> None:
    batch = rows()
    total = sum(len(row.tokens) for row in batch)
    shared = agree(forward(llama), llama, batch)
    assert agree(forward(llama, share=False), llama, batch) == total
    # 2 beginnings (28 tokens) and 6 middles (38) once, 24 ends (108), the stray (40).
    assert shared == 28 + 38 + 108 + 40


def test_the_kept_beginning_changes_nothing(llama: torch.nn.Module) -> None:
    batch = [row for row in rows() if len(row.tokens) < 40]
    one = [row for row in batch if row.tokens[:11] == batch[0].tokens[:11]]
    fresh = forward(llama)
    expected = fresh.logprobs(one)
    assert fresh.logprobs(one) == expected
    used = forward(llama)
    used.logprobs(batch)
    used.logprobs(rows(9))
    assert used.logprobs(one) == expected


def test_rows_after_a_long_past_go_as_one_and_see_what_they_see_alone(
    llama: torch.nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = agree(forward(llama), llama, rows())
    monkeypatch.setattr("measurand.models.forward._LONG", 12)
    engine = forward(llama)
    passes: list[tuple[int, ...]] = []
    monkeypatch.setattr(engine, "_packed", _noting(engine._packed, passes))
    assert agree(engine, llama, rows()) == apart
    # Six places of the tree have four ends each, of which 64 tokens fit one pass.
    assert sum(map(len, passes)) == 24
    assert min(map(len, passes)) > 1


def _noting(packed: Any, passes: list[tuple[int, ...]]) -> Any:
    def noted(runs: Any, *more: Any) -> Any:
        passes.append(tuple(map(len, runs)))
        return packed(runs, *more)

    return noted


def test_a_batch_may_be_empty(llama: torch.nn.Module) -> None:
    assert forward(llama).logprobs([]) == []


class Greedy:
    """Takes the likeliest token, ``most`` times."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken: list[int] = []

    def take(self, logits: np.ndarray) -> int:
        self.most -= 1
        self.taken.append(int(logits.argmax()))
        return self.taken[-1]


def whole_greedy(model: torch.nn.Module, prompt: tuple[int, ...], most: int) -> list[int]:
    """The same with no cache at all: every step computes the whole row."""
    tokens = list(prompt)
    with torch.inference_mode():
        for _ in range(most):
            logits = model(torch.tensor([tokens]), use_cache=False).logits[0, -1]
            tokens.append(int(logits.argmax()))
    return tokens[len(prompt) :]


def writes_as_whole(engine: Forward, model: torch.nn.Module) -> tuple[int, int]:
    """Writers of unequal length, some of them done at once; tokens computed and in all."""
    prompts = [row.tokens for row in rows()]
    lengths = [(0, 1, 1, 2, 9)[at % 5] for at in range(len(prompts))]
    writers = [Greedy(most) for most in lengths]
    computed = engine.generate(prompts, writers)
    for prompt, writer, most in zip(prompts, writers, lengths, strict=True):
        assert writer.taken == whole_greedy(model, prompt, most)
    return sum(computed), sum(map(len, prompts))


def test_writing_after_shared_prefixes_equals_whole_rows(llama: torch.nn.Module) -> None:
    computed, total = writes_as_whole(forward(llama, budget=512), llama)
    assert computed == 28 + 38 + sum(range(3, 7)) * 6 + 40
    assert writes_as_whole(forward(llama, share=False), llama) == (total, total)
    assert forward(llama).generate([], []) == []


def test_a_step_does_not_copy_the_past(llama: torch.nn.Module) -> None:
    """The buffers of the first step are those of the last; their room is used to the last token."""
    seen: list[tuple[int, int]] = []

    class Watching(Greedy):
        def take(self, logits: np.ndarray) -> int:
            seen.append((caches[-1].layers[0].keys.data_ptr(), caches[-1].get_seq_length()))
            return super().take(logits)

    engine, caches = forward(llama), []
    plain = engine._logits

    def logits(inputs: dict[str, Any], where: list[tuple[int, int]]) -> Any:
        out = plain(inputs, where)
        caches.append(inputs["past_key_values"])
        return out

    engine._logits = logits  # type: ignore[method-assign, assignment]
    engine.generate([rows()[0].tokens], [Watching(6)])
    length = len(rows()[0].tokens)
    assert [n for _, n in seen] == list(range(length, length + 6))
    assert len({where for where, _ in seen}) == 1
    assert caches[-1].layers[0].keys.shape[2] == length + 6


def small(kind: type, config: type, **more: object) -> torch.nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model: torch.nn.Module = kind(config(vocab_size=VOCABULARY, **more)).eval()
    return model


def test_capped_logits_and_windows_are_respected() -> None:
    """Gemma 2 caps its logits after the head and looks through windows in every other layer."""
    model = small(
        Gemma2ForCausalLM,
        Gemma2Config,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        sliding_window=8,
        final_logit_softcapping=0.5,
        initializer_range=0.5,
    )
    batch = rows()
    total = sum(len(row.tokens) for row in batch)
    assert agree(forward(model), model, batch) == total
    assert writes_as_whole(forward(model), model) == (total, total)


def test_learned_positions_are_respected() -> None:
    model = small(
        GPT2LMHeadModel, GPT2Config, n_embd=32, n_layer=2, n_head=4, n_positions=64,
        initializer_range=0.5,
    )  # fmt: skip
    computed, total = writes_as_whole(forward(model), model)
    assert computed < total
    assert agree(forward(model), model, rows()) < sum(len(row.tokens) for row in rows())
