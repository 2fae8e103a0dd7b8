from __future__ import annotations

from pathlib import Path

import pytest

from measurand.errors import InputError
from measurand.models import load
from measurand.models.hf import HfModel
from measurand.models.tokenizers import load_tokenizer

TEXTS = ["I like dogs.", "", "RATING: 5\n\nI worry", "naïve – 12,000"]


def test_tokens_are_those_of_the_backend_with_a_plain_prompt(toy_model_folder: Path) -> None:
    from transformers import AutoTokenizer

    found = load_tokenizer(f"hf:{toy_model_folder}?template=chat")
    tokenizer = AutoTokenizer.from_pretrained(toy_model_folder)
    assert [e.ids for e in found.encode(TEXTS)] == [tokenizer(t)["input_ids"] for t in TEXTS]
    assert found.count(TEXTS) == [len(tokenizer(t)["input_ids"]) for t in TEXTS]
    model = load(f"hf:{toy_model_folder}?template=none")
    assert isinstance(model, HfModel)
    assert found.context == model.capabilities().max_model_tokens == 96


def test_characters_lead_to_tokens(toy_model_folder: Path) -> None:
    [encoding] = load_tokenizer(f"hf:{toy_model_folder}").encode(["I like music"])
    at = encoding.char_to_token("I like music".index("music"))
    assert encoding.offsets[at][0] <= 7 < encoding.offsets[at][1]


def test_the_hash_belongs_to_the_tokenizer(toy_model_folder: Path) -> None:
    one, two = (load_tokenizer(f"{b}:{toy_model_folder}") for b in ("hf", "vllm"))
    assert one.sha256 == two.sha256


def test_a_model_elsewhere_has_no_tokenizer_here(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no tokenizer on this machine"):
        load_tokenizer("openai:http://localhost:1/v1#m")
    with pytest.raises(InputError, match="no tokenizer can be loaded"):
        load_tokenizer(f"hf:{tmp_path}")
