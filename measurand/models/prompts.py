"""From a prompt to what an engine gets: chat template, tokens, where a choice begins."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from measurand.models import folders, thoughts
from measurand.models.protocol import Request
from measurand.models.strings import ModelSpec
from measurand.models.tokens import Tokens, split_choices

_log = logging.getLogger(__name__)
NO_CHOICES = (
    "the chat template opens a thought, so the next word is no answer; close it with "
    'thought=none, or turn it off with template_args={"enable_thinking": false}'
)
"""Why a model cannot score choices whose template opens a thought."""

_ASK = "Say: one."
_WHOLE = "Say: one. Then say two, and after that say nothing else."
"""A message that a template that cuts or changes texts would not leave as it is."""


class Prompts:
    """A tokenizer and whether its chat template is used.

    Args:
        tokenizer: a transformers tokenizer.
        chat: use the chat template.
        arguments: passed to the template.
        ends: tokens that the tokenizer appends to a text, such as its end mark; they are left out,
            since the model is to go on from the text.
        thinks: False closes a thought that the template opens.

    Attributes:
        tokenizer: as given.
        chat: the prompt becomes the one user message of the chat template.
        turn_end: special token that the template writes after an answer; None where it has none.
        close: closing tag of the thought that the template opens, empty where it opens none.
        lead: white space that the template puts before an answer.
        ends: as given.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        chat: bool,
        arguments: Mapping[str, Any] | None = None,
        ends: int = 0,
        thinks: bool = True,
    ) -> None:
        self.tokenizer, self.chat = tokenizer, chat
        self._arguments, self.ends = dict(arguments or {}), ends
        self.close, self.lead, self._opening = "", "", ""
        self.turn_end: int | None = None
        self._parts = False
        if chat:
            self._parts = self._wants_parts()
            start = self._render(_ASK)
            self.turn_end = self._ends_turn()
            self.close = thoughts.opened(start)
            self._opening, self.lead = self._opened(start)
            if self.close and not thinks:
                self._opening, self.lead, self.close = f"\n\n{self.close}\n\n", "", ""

    def text(self, prompt: str, begun: str = "") -> str:
        """The text that the model continues.

        Args:
            prompt: the user's message.
            begun: how the model's turn begins; left out without a chat template.
        """
        if not self.chat:
            return prompt
        return self._render(prompt) + self._opening + (self.lead + begun if begun else "")

    def turn(self, choice: str, begun: str = "") -> str:
        """A choice as it goes on from ``begun``, or begins what the model writes.

        A choice such as " A" goes on after a cue in plain text. An answer that opens a turn of the
        chat template has no blank of its own, only what the template puts there.
        """
        if not self.chat or begun:
            return choice
        own = choice[1:] if choice[:1].isspace() and choice[1:2].strip() else choice
        return self.lead + own if own[:1].strip() else own

    def plain_words(self) -> Iterable[int]:
        """Tokens that plain text may come to: all but the special ones."""
        special = self._special()
        return (token for token in self.tokenizer.get_vocab().values() if token not in special)

    def _special(self) -> set[int]:
        """Tokens that no plain text has."""
        added = getattr(self.tokenizer, "added_tokens_decoder", {})
        marked = {token for token, what in added.items() if getattr(what, "special", False)}
        return marked | set(self.tokenizer.all_special_ids)

    def probe(self) -> str:
        """What the template makes of a fixed prompt, with where it begins an answer."""
        return self.text(_ASK) + self.lead

    def _wants_parts(self) -> bool:
        """Whether the template reads a message as parts, as those of models that see do.

        Such a template leaves out a text that it is given as it is.

        Raises:
            ValueError: it gives the text back in neither form.
        """
        if _WHOLE in self._render(_WHOLE):
            return False
        self._parts = True
        found = self._render(_WHOLE)
        # A template that writes the list as it is gives no text either.
        if _WHOLE in found and not any(name in found for name in ("'type'", '"type"')):
            return True
        raise ValueError("it leaves out the user's message, or changes it")

    def _ends_turn(self) -> int | None:
        """The special token behind a finished answer; a model may know no other end of its turn."""
        try:
            behind = self._render(_ASK, answer=_ASK).rpartition(_ASK)[2]
        except Exception:
            # A template may refuse finished conversations.
            return None
        ids = self.tokenizer(behind.lstrip(), add_special_tokens=False)["input_ids"]
        return int(ids[0]) if ids and ids[0] in self._special() else None

    def _message(self, role: str, text: str) -> dict[str, Any]:
        content = [{"type": "text", "text": text}] if self._parts else text
        return {"role": role, "content": content}

    def _render(self, prompt: str, *, answer: str | None = None, opens: bool = True) -> str:
        turns = [self._message("user", prompt)]
        if answer is not None:
            turns.append(self._message("assistant", answer))
        return str(
            self.tokenizer.apply_chat_template(
                turns,
                tokenize=False,
                add_generation_prompt=opens and answer is None,
                **self._arguments,
            )
        )

    def _opened(self, start: str) -> tuple[str, str]:
        """What is to be added to open the model's turn, and the white space before its answer.

        A template that does not know how to open a turn shows it in a finished conversation.
        """
        try:
            whole = self._render(_ASK, answer=_ASK)
            opens = self._render(_ASK, opens=False) != start
        except Exception:
            # A template may refuse finished conversations; answers then begin at once.
            return "", ""
        between, found, _ = whole.removeprefix(start).partition(_ASK)
        if not whole.startswith(start) or not found or (opens and between.strip()):
            return "", ""
        header = between.rstrip()
        return header, between[len(header) :]

    def encode(self, text: str) -> Tokens:
        """Tokens of ``text``; a chat template has written its own begin-of-text."""
        return self._own(self.tokenizer(text, add_special_tokens=not self.chat)["input_ids"])

    def _own(self, ids: Sequence[int]) -> Tokens:
        return tuple(ids[: len(ids) - self.ends] if self.ends and not self.chat else ids)

    def tokens(self, prompt: str, begun: str = "") -> Tokens:
        """Tokens that the model continues."""
        return self.encode(self.text(prompt, begun))

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
        own = [
            tuple(self.turn(choice, request.begun) for choice in request.choices or choices)
            for request in requests
        ]
        for some in set(own):
            check_choices(some)
        starts = [self.text(request.prompt, request.begun) for request in requests]
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
        return [self._own(ids) for ids in found]


def load_prompts(spec: ModelSpec, folder: Path) -> Prompts:
    """Load the tokenizer of ``folder``.

    Options: ``template=chat|none`` (default: chat if it can), ``template_args=<JSON object>``,
    ``thought=none`` (a thought that the template opens is closed at once), ``code=run`` (Python
    files of the folder may be run).

    Raises:
        InputError: code ``bad_model``: no tokenizer there, or it has no template to apply.
    """
    template = spec.option("template", "", ("", "chat", "none"))
    arguments = spec.mapping("template_args")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from transformers import AutoTokenizer

    with (
        folders.quiet(),
        folders.reading(
            spec,
            f"no tokenizer can be loaded from {folder}",
            "give a folder with tokenizer.json and tokenizer_config.json; "
            "code of its own is run with code=run, if you trust it",
        ),
    ):
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=folders.runs_code(spec)
        )
        ends = _ends(tokenizer)
    if template == "chat" and not tokenizer.chat_template:
        raise InputError(
            f"{spec.shown}: the tokenizer in {folder} has no chat template",
            hint="write template=none",
            code="bad_model",
        )
    chat = bool(tokenizer.chat_template) and template != "none"
    if chat and "strftime_now" in str(tokenizer.chat_template):
        _log.warning(
            "%s: the chat template writes today's date into every prompt; fix it in template_args "
            "(in many templates date_string)",
            spec.shown,
        )
    with folders.reading(
        spec,
        f"the chat template in {folder} cannot be used",
        "write template=none, or give it what it needs in template_args",
    ):
        return Prompts(
            tokenizer,
            chat=chat,
            arguments=arguments,
            ends=ends,
            thinks=spec.options.get("thought") != "none",
        )


def _ends(tokenizer: Any) -> int:
    """How many special tokens the tokenizer appends to a text."""
    bare = list(tokenizer("a", add_special_tokens=False)["input_ids"])
    whole = list(tokenizer("a", add_special_tokens=True)["input_ids"])
    for ends in range(len(whole) - len(bare) + 1):
        stop = len(whole) - ends
        if whole[stop - len(bare) : stop] == bare:
            return ends
    return 0


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
