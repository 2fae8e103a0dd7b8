"""Specification, check 9: the scorer against a direct forward pass of the same model."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from forked import begin
from transformers import AutoModelForCausalLM, AutoTokenizer

from measurand.calls import Batch, score_batches
from measurand.journal import Journal, canonical_json
from measurand.models import load
from measurand.models.protocol import Request, Score

DIGITS = ("1", "2", "3", "4", "5")
# No common beginning; a common first word; one that is the beginning of another.
WORDS = ("accurate", "neither", "music and dogs")
SHARED = ("very accurate", "very inaccurate", "neither")
NESTED = ("very", "very accurate", "very inaccurate")
STEM = "I like dogs and music. Please rate how accurate the statement is: "
PROMPTS = [
    f"{STEM}{statement}.{end}"
    for statement in ("I worry about things", "I worry", "I make friends easily")
    for end in (" RATING: ", " From 1 to 5. RATING:", " It describes me\n")
] + ["Short", "Quite another beginning, very accurate. RATING: "]


def direct(
    folder: Path, prompt: str, choices: tuple[str, ...], chat: bool
) -> tuple[list[float], list[int]]:
    """One unpadded pass of the whole sequence per choice; log-probs added up token by token."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    if chat:
        turn = [{"role": "user", "content": prompt}]
        prompt = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
    alone = tokenizer(prompt)["input_ids"]
    joint = [tokenizer(prompt + choice)["input_ids"] for choice in choices]
    start = 0
    while start < len(alone) and all(x[start : start + 1] == [alone[start]] for x in joint):
        start += 1
    sums = []
    for tokens in joint:
        with torch.inference_mode():
            table = model(torch.tensor([tokens]), use_cache=False).logits[0].log_softmax(-1)
        sums.append(sum(float(table[at - 1, tokens[at]]) for at in range(start, len(tokens))))
    return sums, [len(tokens) - start for tokens in joint]


@pytest.mark.integration
@pytest.mark.parametrize("choices", [DIGITS, WORDS, SHARED, NESTED], ids=lambda c: c[-1])
@pytest.mark.parametrize("options", ["template=none", "template=chat", "template=none&prefix=none"])
def test_scores_equal_a_direct_forward_pass(
    toy_model_folder: Path, choices: tuple[str, ...], options: str
) -> None:
    model = load(f"hf:{toy_model_folder}?{options}")
    scores = model.score([Request(prompt) for prompt in PROMPTS], choices)
    lengths = set()
    for prompt, score in zip(PROMPTS, scores, strict=True):
        expected, n_tokens = direct(toy_model_folder, prompt, choices, "chat" in options)
        lengths.update(n_tokens)
        assert score.status == "ok"
        assert score.logprobs == pytest.approx(expected, abs=1e-4)
        assert score.choice == max(range(len(choices)), key=expected.__getitem__)
        assert score.mass == pytest.approx(sum(map(math.exp, expected)), abs=1e-4)
        assert not score.tie
    assert (max(lengths) > 1) == (choices != DIGITS)


def test_the_prefix_was_really_shared(toy_model_folder: Path) -> None:
    """Else the comparison above would compare two ways of doing the same."""
    model = load(f"hf:{toy_model_folder}?template=none")
    scores = model.score([Request(prompt) for prompt in PROMPTS[:9]], DIGITS)
    assert sum(score.cached_tokens or 0 for score in scores) > 8 * 15


def run(folder: Path, journal: Path, out: Path, die_at: int = 0) -> None:
    """Score ten batches and write how many calls that took, then the rows; die before a call."""
    model = load(f"hf:{folder}?template=none")
    score, calls = model.score, 0

    def dying(requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        nonlocal calls
        calls += 1
        if calls == die_at:
            with journal.open("ab") as file:
                file.write(b'{"batch":4,"key":"torn"}\n{"key":')
            os.kill(os.getpid(), signal.SIGKILL)
        return score(requests, choices)

    model.score = dying  # type: ignore[method-assign]
    texts = [f"I like dogs and music. Statement {n}. RATING: " for n in range(40)]
    batches = [Batch([Request(t) for t in texts[a : a + 4]], DIGITS) for a in range(0, 40, 4)]
    with Journal(journal) as kept:
        rows = [s.score.record() for batch in score_batches(model, batches, kept) for s in batch]
    out.write_text("\n".join([str(calls), *sorted(map(canonical_json, rows))]))


@pytest.mark.integration
@pytest.mark.timeout(300)
def test_a_killed_run_resumes_to_the_same_bytes(toy_model_folder: Path, tmp_path: Path) -> None:
    def killed(die_at: int) -> int:
        journal, out = tmp_path / "killed.jsonl", tmp_path / "killed.txt"
        process = begin(run, toy_model_folder, journal, out, die_at)
        process.join()
        return int(process.exitcode)

    run(toy_model_folder, tmp_path / "whole.jsonl", tmp_path / "whole.txt")
    calls, *rows = (tmp_path / "whole.txt").read_text().splitlines()
    assert (calls, len(rows)) == ("10", 40)
    assert killed(4) == killed(5) == -signal.SIGKILL
    assert not (tmp_path / "killed.txt").exists()
    assert killed(0) == 0
    # Ten batches; 3 and then 4 more were kept before the kills.
    assert (tmp_path / "killed.txt").read_text().splitlines() == ["3", *rows]
    lines = (tmp_path / "killed.jsonl").read_text().splitlines()
    keys = [json.loads(line)["key"] for line in lines]
    assert len(keys) == len(set(keys)) == 40
