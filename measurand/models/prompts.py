"""From a prompt to what an engine gets: chat template, tokens, where a choice begins."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from measurand.models.protocol import ModelSpec, Request
from measurand.models.tokens import Tokens, split_choices


class Prompts:
    """A tokenizer and whether its chat template is used.

    Attributes:
        tokenizer: a transformers tokenizer.
        chat: the prompt becomes the one user message of the chat template.
    """

    def __init__(self, tokenizer: Any, *, chat: bool) -> None:
        self.tokenizer, self.chat = tokenizer, chat

    def text(self, prompt: str) -> str:
        """The text that the model continues."""
        if not self.chat:
            return prompt
        turn = [{"role": "user", "content": prompt}]
        return str(
            self.tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        )

    def encode(self, text: str) -> Tokens:
        """Tokens of ``text``; a chat template has written its own begin-of-text."""
        return tuple(self.tokenizer(text, add_special_tokens=not self.chat)["input_ids"])

    def tokens(self, prompt: str) -> Tokens:
        """Tokens that the model continues."""
        return self.encode(self.text(prompt))

    def split(self, prompt: str, choices: Sequence[str]) -> tuple[Tokens, list[Tokens]]:
        """:meth:`split_all` of one prompt."""
        return self.split_all([Request(prompt)], choices)[0]

    def split_all(
        self, requests: Sequence[Request], choices: Sequence[str]
    ) -> list[tuple[Tokens, list[Tokens]]]:
        """Per request the tokens shared by all its choices, and those of each choice after them.

        All texts go through the tokenizer in one call, which uses every core.

        Raises:
            InputError: code ``bad_choices``: none, an empty one, or one twice.
        """
        own = [request.choices or tuple(choices) for request in requests]
        for some in set(own):
            check_choices(some)
        starts = [self.text(request.prompt) for request in requests]
        texts = [
            text + tail for text, some in zip(starts, own, strict=True) for tail in ("", *some)
        ]
        tokens = iter(self.encode_all(texts))
        return [split_choices(next(tokens), [next(tokens) for _ in some]) for some in own]

    def encode_all(self, texts: Sequence[str]) -> list[Tokens]:
        """:meth:`encode` of many texts at once."""
        if not texts:
            return []
        found = self.tokenizer(list(texts), add_special_tokens=not self.chat)["input_ids"]
        return [tuple(ids) for ids in found]


def load_prompts(spec: ModelSpec, folder: Path) -> Prompts:
    """Load the tokenizer of ``folder``; option ``template=chat|none`` (default: chat if it can).

    Raises:
        InputError: code ``bad_model``: no tokenizer there, or it has no template to apply.
    """
    template = spec.option("template", "", ("", "chat", "none"))
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{spec.text}: no tokenizer can be loaded from {folder}: {error}",
            hint="give a folder with tokenizer.json and tokenizer_config.json",
            code="bad_model",
        ) from error
    if template == "chat" and not tokenizer.chat_template:
        raise InputError(
            f"{spec.text}: the tokenizer in {folder} has no chat template",
            hint="write template=none",
            code="bad_model",
        )
    return Prompts(tokenizer, chat=bool(tokenizer.chat_template) and template != "none")


def check_choices(choices: Sequence[str]) -> None:
    """Refuse choices that no model could tell apart.

    Raises:
        InputError: code ``bad_choices``: none, an empty one, or one twice.
    """
    if not choices or not all(choices) or len(set(choices)) < len(choices):
        raise InputError(
            f"choices {list(choices)!r} cannot be told apart",
            hint="give different, non-empty texts",
            code="bad_choices",
        )
