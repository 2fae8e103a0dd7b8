"""The tokenizer of a model without its weights: token counts for building prompts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from measurand.models.prompts import load_prompts
from measurand.models.protocol import ModelSpec

LOCAL = ("smollm2", "hf", "vllm")


class TextTokenizer:
    """A tokenizer as the model's backend applies it to a plain prompt, without a chat template.

    Attributes:
        sha256: hash of everything that decides the tokens.
        context: tokens that the model can hold, None where unknown.
    """

    def __init__(self, tokenizer: Any, context: int | None) -> None:
        self._fast = tokenizer.backend_tokenizer
        self._fast.no_truncation()
        self._fast.no_padding()
        self.context = context
        self.sha256 = hashlib.sha256(self._fast.to_str().encode()).hexdigest()

    def encode(self, texts: Sequence[str]) -> list[Any]:
        """One ``tokenizers.Encoding`` a text: ids, and which token holds which character."""
        found: list[Any] = self._fast.encode_batch(list(texts), add_special_tokens=True)
        return found

    def count(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text."""
        return [len(encoding) for encoding in self.encode(texts)]


def load_tokenizer(spec: str, *, cache: Path = Path("models")) -> TextTokenizer:
    """Load the tokenizer of a model string; weights are not loaded.

    Args:
        spec: ``smollm2``, ``hf:<folder>`` or ``vllm:<folder>``; options are ignored.
        cache: folder for converted weights, where smollm2 is unpacked at the first use.

    Raises:
        InputError: code ``bad_model``: the model has no tokenizer here, or none of the fast kind.
    """
    parsed = ModelSpec.parse(spec, cache=cache)
    if parsed.backend not in LOCAL:
        raise InputError(
            f"{spec!r} has no tokenizer on this machine",
            hint=f"count tokens with a local model: {', '.join(LOCAL)}",
            code="bad_model",
        )
    folder = Path(parsed.target)
    if parsed.backend == "smollm2":
        from measurand.models import smollm2

        folder = cache / "smollm2"
        if not folder.is_dir():
            smollm2.unpack(folder)
    plain = ModelSpec(spec, parsed.backend, parsed.target, {"template": "none"}, cache)
    tokenizer = load_prompts(plain, folder).tokenizer
    if not tokenizer.is_fast:
        raise InputError(
            f"{spec!r}: its tokenizer is not of the fast kind",
            hint="save it with tokenizer.json, which says where in the text a token lies",
            code="bad_model",
        )
    return TextTokenizer(tokenizer, _context(folder))


def _context(folder: Path) -> int | None:
    from transformers import AutoConfig

    if not (folder / "config.json").is_file():
        return None
    config = AutoConfig.from_pretrained(folder, local_files_only=True).get_text_config()
    length = getattr(config, "max_position_embeddings", None)
    return length if isinstance(length, int) else None
