"""Thoughts that a reasoning model writes before its answer, between tags."""

from __future__ import annotations

TAGS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
)
"""Opening and closing tags, as models and templates write them."""

HINT = "raise the answer's tokens, or give it room with thought=<tokens> in the model string"


def opened(text: str) -> str:
    """Closing tag of the thought that a template ends with; empty where it opens none."""
    end = text.rstrip()
    return next((close for begin, close in TAGS if end.endswith(begin)), "")


def answer(text: str, close: str = "") -> str | None:
    """What a text says after its thought, None where the thought did not end.

    Args:
        text: what was written; a thought stands at its beginning or nowhere.
        close: closing tag of a thought that the template opened.
    """
    if not close:
        begin = text.lstrip()
        close = next((end for start, end in TAGS if begin.startswith(start)), "")
        if not close:
            # Some servers' templates open the thought, so that only its end is written.
            close = next((end for _, end in TAGS if end in text), "")
            if not close:
                return text
    _, mark, rest = text.rpartition(close)
    return rest.lstrip() if mark else None


def begins(text: str) -> bool:
    """Whether a text, or a first token, is the beginning of a thought."""
    word = text.strip()
    return bool(word) and any(word.startswith(start) for start, _ in TAGS)


def unfinished(tokens: int | None) -> str:
    """The reason of a row whose thought did not end."""
    spent = "its tokens" if tokens is None else f"{tokens} tokens"
    return f"the model was still thinking after {spent}: no answer ({HINT})"


def cut(text: str, stops: tuple[str, ...]) -> str:
    """The text up to the first of the stop texts."""
    found = [at for at in (text.find(stop) for stop in stops if stop) if at >= 0]
    return text[: min(found)] if found else text
