"""Prompt and responses out of the forms in which preferences are kept.

Texts; messages (``role`` and ``content``, or ``from`` and ``value``), one or a list, in a table as
JSON, with the prompt in a column of its own or in front of both responses; dialogues as one text
with ``Human:`` and ``Assistant:``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from measurand import rows

_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant", "chatgpt": "assistant"}
_TURN = re.compile(r"\n\n(?:Human|Assistant):")
_MESSAGES = re.compile(r"""\s*\[\s*\{\s*['"](role|from|content|value)['"]\s*:""")
_LAST = "\n\nAssistant:"

Message = tuple[str, str]


class Asked(NamedTuple):
    """A prompt and what answers it, as texts."""

    prompt: str
    first: str
    second: str


class NotTextError(ValueError):
    """A cell that is neither a text nor messages of texts; says what it is."""


def read(prompt: Any, first: Any, second: Any) -> Asked:
    """The texts of one pair.

    Messages that both responses begin with are the prompt where there is no column for it, and are
    no part of the response otherwise. One message of a user is given as its text; more are given as
    a dialogue with the roles' names.

    Args:
        prompt: the cell of the prompt, None where there is no such column.
        first: the cell of one response.
        second: the cell of the other.

    Raises:
        NotTextError: see there.
    """
    prompt, first, second = map(_unpacked, (prompt, first, second))
    if isinstance(first, list) or isinstance(second, list):
        return _messages(prompt, _listed(first), _listed(second))
    if not all(map(rows.is_plain, (first, second))):
        raise NotTextError("a response is a record or bytes")
    texts = rows.as_given(first), rows.as_given(second)
    if prompt is None and (shared := _dialogue(*texts)):
        return Asked(texts[0][:shared], texts[0][shared:], texts[1][shared:])
    return Asked(_prompt(prompt), *texts)


def _unpacked(cell: Any) -> Any:
    """One message as a list of it, and messages that a table holds as JSON; others as they are."""
    if isinstance(cell, Mapping) and ("role" in cell or "from" in cell):
        return [cell]
    if not (isinstance(cell, str) and _MESSAGES.match(cell)):
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise NotTextError("messages that are written as text, and no JSON") from None


def _prompt(prompt: Any) -> str:
    if isinstance(prompt, list):
        return _written(_listed(prompt))
    if not rows.is_plain(prompt):
        raise NotTextError("the prompt is a record or bytes")
    return rows.as_given(prompt)


def _messages(prompt: Any, first: list[Message], second: list[Message]) -> Asked:
    asked = _listed(prompt) if isinstance(prompt, list) else []
    if asked and not (first[: len(asked)] == second[: len(asked)] == asked):
        # The prompt stands in its own column alone.
        return Asked(_written(asked), _answer(first), _answer(second))
    shared = 0
    for one, other in zip(first, second, strict=False):
        if one != other or (one[0] == "assistant" and shared + 1 == min(len(first), len(second))):
            break
        shared += 1
    before = first[:shared]
    text = _prompt(prompt) if prompt is not None and not asked else _written(before)
    return Asked(text, _answer(first[shared:]), _answer(second[shared:]))


def _listed(cell: Any) -> list[Message]:
    if not isinstance(cell, list):
        if not rows.is_plain(cell):
            raise NotTextError("a response is a record or bytes")
        return [("assistant", rows.as_given(cell))]
    return [_message(one) for one in cell]


def _message(one: Any) -> Message:
    if not isinstance(one, Mapping):
        raise NotTextError("a list of something other than messages")
    role = str(one.get("role") or one.get("from") or "").casefold()
    content = one.get("content", one.get("value"))
    if not role:
        raise NotTextError("a message without a role")
    return _ROLES.get(role, role), _content(content)


def _content(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, Mapping)]
        if len(texts) == len(content) and all(isinstance(text, str) for text in texts):
            return "".join(map(str, texts))
    raise NotTextError("a message whose content is no text")


def _written(messages: Sequence[Message]) -> str:
    """A prompt's messages as text."""
    if not messages:
        return ""
    if len(messages) == 1 and messages[0][0] == "user":
        return messages[0][1]
    lines = [f"{role.capitalize()}: {content}" for role, content in messages]
    return "\n\n".join([*lines, *([] if messages[-1][0] == "assistant" else ["Assistant:"])])


def _answer(messages: Sequence[Message]) -> str:
    """A response's messages as text: the first one is the assistant's, so it needs no name."""
    if not messages:
        return ""
    rest = [f"{role.capitalize()}: {content}" for role, content in messages[1:]]
    return "\n\n".join([messages[0][1], *rest])


def _dialogue(first: str, second: str) -> int:
    """Characters that two dialogues share up to where their last assistants speak; 0 for none."""
    if not (_TURN.match(first) and _TURN.match(second)):
        return 0
    apart = next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )
    at = first.rfind(_LAST, 0, apart)
    return 0 if at < 0 else at + len(_LAST)
