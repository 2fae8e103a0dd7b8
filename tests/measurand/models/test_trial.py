from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from measurand.errors import InputError
from measurand.models import load
from measurand.models.protocol import Request, Sampling

DIGITS = ("1", "2")


def extended(toy: Path, folder: Path, *, special: bool) -> Path:
    """The toy with words that its embedding does not hold."""
    shutil.copytree(toy, folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["<pad>", "agree"], special_tokens=special)
    tokenizer.save_pretrained(folder)
    return folder


def test_words_without_an_embedding_are_refused_with_both_numbers(
    toy_model_folder: Path, tmp_path: Path
) -> None:
    size = len(AutoTokenizer.from_pretrained(toy_model_folder))
    folder = extended(toy_model_folder, tmp_path / "x", special=False)
    with pytest.raises(InputError, match=f"up to {size + 1}, .* embeddings for {size}") as caught:
        load(f"hf:{folder}")
    assert caught.value.code == "bad_model"


def test_special_tokens_beyond_the_embedding_cost_only_the_prompts_that_hold_them(
    toy_model_folder: Path, tmp_path: Path
) -> None:
    model = load(f"hf:{extended(toy_model_folder, tmp_path / 'x', special=True)}?template=none")
    requests = [Request("I like dogs. "), Request("I <pad> dogs. "), Request("I like music. ")]
    scores = model.score(requests, DIGITS)
    assert [score.status for score in scores] == ["ok", "skipped", "ok"]
    assert "the model knows" in (scores[1].reason or "")
    texts = model.generate(requests, Sampling(max_tokens=2))
    assert [text.status for text in texts] == ["ok", "skipped", "ok"]
    [choice] = model.score(requests[:1], ("1", "<pad>"))
    assert choice.status == "skipped"


def test_a_model_that_says_less_than_chance_is_noticed(
    toy_model_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        load(f"hf:{toy_model_folder}?template=none")
    assert "worse than chance" in caplog.text
    assert "do weights and tokenizer belong together?" in caplog.text
