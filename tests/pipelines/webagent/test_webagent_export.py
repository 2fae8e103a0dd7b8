from __future__ import annotations

from pathlib import Path

import pytest
import torch

from measurand.errors import InputError
from pipelines.webagent import export, net, tokenizer
from pipelines.webagent.net import Size
from schemas.webagent.pretraining import Network

NET = Network(width=16, head=8, heads=2, mlp=24, encoder_layers=1, decoder_layers=1, radius=5)
TEXT = '<div data-ref="1"><p>a b</p></div>'


def test_transformers_reads_model_and_tokenizer_and_writes_with_them(tmp_path: Path) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    text = tokenizer.train([TEXT] * 3, 800, 100)
    made = tokenizer.load(text)
    size = Size(NET, made.get_vocab_size())
    weights = net.init(size, 1)
    export.write(weights, size, text, tmp_path / "model")
    model = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "model").eval()
    theirs = AutoTokenizer.from_pretrained(tmp_path / "model")
    given = theirs(TEXT, return_tensors="pt", add_special_tokens=False)
    ids = tokenizer.encode(made, TEXT).ids
    assert given["input_ids"][0].tolist() == ids.tolist()
    assert theirs.decode(given["input_ids"][0]) == TEXT
    mask = torch.ones(1, len(ids), dtype=torch.long)
    with torch.no_grad():
        written = model.generate(
            input_ids=given["input_ids"], attention_mask=mask, max_new_tokens=6, do_sample=False
        )[0].tolist()
        own = [tokenizer.PAD]
        lengths = torch.tensor([len(ids)])
        states = net.encode(weights, size, torch.from_numpy(ids)[None].long(), lengths)
        while len(own) < len(written):
            logits = net.decode(weights, size, states, lengths, torch.tensor([own]))
            own.append(int(logits[0, -1].argmax()))
    assert own == written


def test_a_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(InputError) as caught:
        export.write({}, Size(NET, 800), "{}", tmp_path)
    assert caught.value.code == "not_empty"
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]
