"""A trial before the first real call: does this model, with this tokenizer, compute something?"""

from __future__ import annotations

import logging
import math
from typing import Any

from measurand.models.folders import reading
from measurand.models.prompts import Prompts
from measurand.models.strings import ModelSpec

TEXT = "The capital of France is Paris. Two and two are four."
_log = logging.getLogger(__name__)


def vocabulary(spec: ModelSpec, prompts: Prompts, size: int) -> None:
    """Refuse a tokenizer with words that the model has no embedding for.

    A special token beyond the embedding, such as one for padding, is let pass as long as neither
    plain text nor the template brings it.

    Args:
        spec: the model.
        prompts: its tokenizer and template.
        size: rows of the embedding.

    Raises:
        InputError: code ``bad_model``, with both numbers.
    """
    used = {*prompts.tokens(TEXT), *prompts.plain_words()}
    beyond = sorted(token for token in used if token >= size)
    if beyond:
        raise spec.refused(
            f"the tokenizer has {len(beyond)} tokens up to {beyond[-1]}, "
            f"the model has embeddings for {size}",
            "give weights and tokenizer of one model, or resize the embedding and train it",
        )


def forward(spec: ModelSpec, model: Any, prompts: Prompts) -> None:
    """Run the model once and look at what comes out.

    Raises:
        InputError: code ``bad_model``: weights or logits are no numbers, or a token is predicted
            with a look at later ones.
    """
    import torch

    for name, weight in model.named_parameters():
        if weight.is_floating_point() and not bool(torch.isfinite(weight).all()):
            raise spec.refused(f"{name} holds values that are no numbers", "download it again")
    ids = list(prompts.tokens(TEXT))[: _room(model)]
    if len(ids) < 2:
        return
    other = [*ids[:-1], ids[0] if ids[-1] != ids[0] else ids[1]]
    with (
        reading(spec, "the model cannot be run", "give a causal language model"),
        torch.inference_mode(),
    ):
        rows = torch.tensor([ids, other], device=model.device)
        logits = model(input_ids=rows, use_cache=False).logits.float()
    if not bool(torch.isfinite(logits).all()):
        raise spec.refused("its logits are no numbers", "download the weights again")
    table = logits.log_softmax(-1)
    gap = float((table[0, :-1] - table[1, :-1]).abs().max())
    if ids != other and gap > 0.05:
        raise spec.refused(
            "it looks at the words that it should predict", "give a causal language model"
        )
    said = float(table[0, torch.arange(len(ids) - 1), rows[0, 1:]].mean())
    chance = -math.log(table.shape[-1])
    if said < chance:
        _log.warning(
            "%s predicts a plain English sentence worse than chance (%.1f nats a token, chance "
            "%.1f): do weights and tokenizer belong together?",
            *(spec.shown, said, chance),
        )


def _room(model: Any) -> int:
    length = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return length if isinstance(length, int) and length > 0 else 1024
