"""The tokenizer of a model without its weights: token counts for building prompts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from measurand.models import folders
from measurand.models.prompts import load_prompts
from measurand.models.strings import ModelSpec

LOCAL = ("smollm2", "hf", "vllm")


class TextTokenizer:
    """A tokenizer as the model's backend applies it to a plain prompt, without a chat template.

    Attributes:
        sha256: hash of everything that decides the tokens.
        context: tokens that the model can hold, None where unknown.
    """

    def __init__(self, tokenizer: Any, context: int | None, ends: int = 0) -> None:
        self._fast, self._ends = tokenizer.backend_tokenizer, ends
        self._fast.no_truncation()
        self._fast.no_padding()
        self.context = context
        self.sha256 = hashlib.sha256(self._fast.to_str().encode()).hexdigest()

    def encode(self, texts: Sequence[str]) -> list[Any]:
        """One ``tokenizers.Encoding`` a text: ids, and which token holds which character."""
        found: list[Any] = self._fast.encode_batch(list(texts), add_special_tokens=True)
        for encoding in found if self._ends else ():
            encoding.truncate(len(encoding) - self._ends)
        return found

    def count(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text."""
        return [len(encoding) for encoding in self.encode(texts)]


def load_tokenizer(spec: str, *, cache: Path = Path("models")) -> TextTokenizer:
    """Load the tokenizer of a model string; weights are not loaded.

    Args:
        spec: ``smollm2``, ``hf:<folder>`` or ``vllm:<folder>``; options other than
            ``code`` are ignored.
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
    folder = parsed.path(parsed.target)
    if parsed.backend == "smollm2":
        from measurand.models import smollm2

        folder = cache / "smollm2"
        if not folder.is_dir():
            smollm2.unpack(folder)
    options = {k: v for k, v in parsed.options.items() if k == "code"}
    plain = ModelSpec(spec, parsed.backend, parsed.target, {"template": "none", **options}, cache)
    if folder.is_dir():
        folders.inspect(plain, folder)
    prompts = load_prompts(plain, folder)
    tokenizer = prompts.tokenizer
    if not tokenizer.is_fast:
        raise InputError(
            f"{spec!r}: its tokenizer is not of the fast kind",
            hint="save it with tokenizer.json, which says where in the text a token lies",
            code="bad_model",
        )
    known = (folder / folders.CONFIG).is_file()
    return TextTokenizer(tokenizer, folders.context(plain, folder) if known else None, prompts.ends)
