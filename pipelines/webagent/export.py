"""A trained model as a folder that ``transformers`` reads: LongT5, or T5 where it is dense."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from measurand.manifest import temporary, write_text
from pipelines.webagent.net import EPSILON, Size
from pipelines.webagent.tokenizer import END, PAD

_KINDS = {"local_global": "transient-global", "local": "local"}

Tensor = Any


def write(weights: Mapping[str, Tensor], size: Size, tokenizer: str, out: Path) -> None:
    """Write ``config.json``, ``model.safetensors`` and the tokenizer's files.

    ``AutoModelForSeq2SeqLM`` and ``AutoTokenizer`` load the folder. There the name of a sentinel
    within a page becomes the sentinel, which :func:`pipelines.webagent.tokenizer.load` prevents.

    Args:
        weights: weights by name.
        size: sizes of the model.
        tokenizer: its JSON.
        out: a folder that is new or empty.

    Raises:
        InputError: code ``not_empty``.
    """
    from safetensors.torch import save_file

    if out.is_dir() and any(out.iterdir()):
        raise InputError(f"{out} is not empty", hint="name a new folder", code="not_empty")
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "config.json", _json(config(size)))
    write_text(out / "tokenizer.json", tokenizer)
    about = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "clean_up_tokenization_spaces": False,
    }
    write_text(out / "tokenizer_config.json", _json(about))
    file = out / "model.safetensors"
    part = temporary(file)
    try:
        flat = {name: w.detach().cpu().contiguous() for name, w in weights.items()}
        save_file(flat, part, metadata={"format": "pt"})
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def config(size: Size) -> dict[str, Any]:
    """What ``config.json`` says."""
    net = size.net
    long = net.attention in _KINDS
    said: dict[str, Any] = {
        "architectures": [f"{'Long' if long else ''}T5ForConditionalGeneration"],
        "model_type": "longt5" if long else "t5",
        "vocab_size": size.vocabulary,
        "d_model": net.width,
        "d_kv": net.head,
        "d_ff": net.mlp,
        "num_layers": net.encoder_layers,
        "num_decoder_layers": net.decoder_layers,
        "num_heads": net.heads,
        "relative_attention_num_buckets": net.buckets,
        "relative_attention_max_distance": net.distance,
        "dropout_rate": 0.0,
        "layer_norm_epsilon": EPSILON,
        "feed_forward_proj": "gated-gelu",
        "is_encoder_decoder": True,
        "tie_word_embeddings": False,
        "decoder_start_token_id": PAD,
        "pad_token_id": PAD,
        "eos_token_id": END,
    }
    if long:
        said |= {
            "local_radius": net.radius,
            "global_block_size": net.block,
            "encoder_attention_type": _KINDS[net.attention],
        }
    return said


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"
