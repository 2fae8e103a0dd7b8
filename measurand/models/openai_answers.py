"""What stands in a server's answer: text, thought, likely tokens, counts.

Nothing is taken for granted: what is missing is a named error, never a number.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from measurand.errors import CapabilityError, InfraError, MeasurandError
from measurand.models import thoughts
from measurand.models.protocol import ROUNDING

Answer = dict[str, Any]
_SHOWN = 200
ONE_TOKEN = "log-probs of the generated token alone say nothing about the choices"
_BROKEN = ("error", "abort", "aborted", "cancelled", "canceled", "insufficient_system_resource")
_WITHHELD = re.compile(
    r"content_filter|(image_)?safety|recitation|prohibited_content|blocklist", re.I
)


class NotGiven(InfraError):
    """The server answered, but not with what was asked for."""

    code = "not_given"


class Unable(CapabilityError):
    """The server cannot give this, however often it is asked."""


class Unanswered(MeasurandError):
    """The model came to no answer: withheld, refused, or still thinking."""

    code = "unanswered"


class StillThinking(Unanswered):
    """The answer's tokens were spent on the thought."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """An answer that lacks what is read in the block is a named error."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError):
        raise NotGiven(f"no {what} in the answer") from None


def choice_of(answer: Answer) -> dict[str, Any]:
    """The answer's first alternative: the one of index 0, wherever it stands.

    Raises:
        NotGiven: there is none; with what the server says instead.
        Unanswered: there is none because a content filter withheld it.
    """
    given = answer.get("choices")
    held = given if isinstance(given, list) else []
    rows: list[dict[str, Any]] = [row for row in held if isinstance(row, dict)]
    if not rows and _filtered(answer):
        raise Unanswered("withheld by a content filter")
    if not rows:
        raise NotGiven(f"no choices in the answer{_said(answer)}")
    if len(rows) == 1:
        return rows[0]
    first = next((row for row in rows if row.get("index") == 0), None)
    if first is None:
        raise NotGiven(f"{len(rows)} choices in the answer, none of them of index 0")
    return first


def _filtered(answer: Answer) -> bool:
    """Whether a server without an answer says that a filter stopped the prompt.

    Azure does so in ``prompt_filter_results`` (once ``prompt_annotations``), Gemini in
    ``promptFeedback``.
    """
    named = ("prompt_filter_results", "prompt_annotations", "promptFeedback")
    text = json.dumps([answer.get(name) for name in named])
    return '"filtered": true' in text or '"blockReason": "' in text


def _said(answer: Answer) -> str:
    """What a body without an answer says, shortened."""
    named = ("detail", "message", "msg", "error_message", "error_msg", "errors", "status")
    found = next((answer[name] for name in named if answer.get(name)), None)
    if found is None:
        return ""
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    text = " ".join(text.encode(errors="replace").decode().split())
    return f"; the server says: {text if len(text) <= _SHOWN else f'{text[:_SHOWN]}...'}"


def text_of(answer: Answer, *, chat: bool, close: str = "") -> tuple[str, str | None, int | None]:
    """Text after the thought, finish reason and number of generated tokens of an answer.

    Args:
        answer: the server's answer.
        chat: whether it is a message.
        close: closing tag of a thought that the template opened here.

    Raises:
        NotGiven: there is no text.
        Unanswered: the model refused, was withheld, called a tool or was still thinking.
    """
    choice = choice_of(answer)
    finish = choice.get("finish_reason")
    # Some servers send no message then.
    _refuse_withheld(choice)
    with reading("text"):
        message = choice["message"] if chat else {"content": choice["text"]}
        text = _plain(message.get("content"))
    _refuse_broken(choice)
    tokens = _count(answer, "completion_tokens")
    if not text:
        _explain_nothing(message, finish, tokens, answer)
    if text is None:
        raise NotGiven("no text in the answer")
    said = thoughts.answer(text, close)
    if said is None:
        raise StillThinking(thoughts.unfinished(tokens))
    return said, finish, tokens


def _refuse_withheld(choice: Mapping[str, Any]) -> None:
    """What a filter stopped stays unanswered, however often it is asked."""
    if _WITHHELD.match(str(choice.get("finish_reason"))):
        raise Unanswered("withheld by a content filter")


def _refuse_broken(choice: Mapping[str, Any]) -> None:
    """What a server wrote until it failed is no answer, though it comes with status 200."""
    finish = choice.get("finish_reason")
    if choice.get("error") or str(finish).casefold() in _BROKEN:
        raise NotGiven(f"the server broke off its answer ({finish})")


def _plain(content: Any) -> str | None:
    """Text of a message, which may come in parts; thoughts among them are left out."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict)]
        found = [part["text"] for part in parts if part.get("type") in ("text", "output_text")]
        content = "".join(found) if found or parts else None
    if content is None:
        return None
    if not isinstance(content, str):
        raise TypeError("no text")
    # A lone surrogate cannot be written anywhere.
    return content.encode(errors="replace").decode()


def _explain_nothing(
    message: Mapping[str, Any], finish: Any, tokens: int | None, answer: Answer
) -> None:
    """Raise why a message without text has none; an empty answer is one."""
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        raise Unanswered("the model refused to answer")
    if message.get("tool_calls") or message.get("function_call"):
        raise Unanswered("the model called a tool instead of answering")
    if finish == "length" or thought_in(message) or _reasoned(answer):
        raise StillThinking(thoughts.unfinished(tokens))


def thought_in(message: Mapping[str, Any]) -> bool:
    """Whether a message holds a thought of its own beside the text."""
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return any(message.get(name) for name in ("reasoning_content", "reasoning", "thinking")) or any(
        isinstance(part, dict) and part.get("type") in ("thinking", "reasoning") for part in parts
    )


def _reasoned(answer: Answer) -> bool:
    usage = answer.get("usage")
    details = usage.get("completion_tokens_details") if isinstance(usage, dict) else None
    return bool(isinstance(details, dict) and details.get("reasoning_tokens"))


def listed(answer: Answer, *, chat: bool) -> dict[str, float]:
    """Log-probabilities of the likely first tokens by their text; equal texts are added up.

    Read are the chat form (``content[0].top_logprobs``), which llama.cpp gives for completions
    too, and the completions form (``top_logprobs[0]``: log-probs by token, or a list as in the
    chat form). A token of probability 0 counts as one that is not listed; one that is listed twice
    with its log-prob, as some servers do with the token that they chose, counts once.

    Raises:
        NotGiven: there are none.
        Unable: the tokens are the first of a thought, or the generated one is all that is given.
        Unanswered: a filter withheld the answer, and with it its tokens.
    """
    pieces: list[tuple[str, float]] = []
    choice = choice_of(answer)
    if not choice.get("logprobs"):
        _refuse_withheld(choice)
    with reading("log-probs"):
        _refuse_broken(choice)
        given = choice["logprobs"]
        rows = given.get("content")
        if not rows and not given.get("top_logprobs") and given.get("token_logprobs"):
            raise Unable(ONE_TOKEN)
        first = rows[0]["top_logprobs"] if rows else given["top_logprobs"][0]
        pairs = [*first.items()] if isinstance(first, dict) else [_entry(x) for x in first]
        pieces = [(str(text), number(x)) for text, x in dict.fromkeys(pairs)]
        pieces = [(text, x) for text, x in pieces if math.exp(x) > 0]
        message = dict(choice["message"]) if chat else {}
    if thought_in(message):
        raise Unable("the first token belongs to a thought, not to the answer")
    texts = spelled([text for text, _ in pieces])
    table: dict[str, float] = {}
    for text, (_, value) in zip(texts, pieces, strict=True):
        table[text] = _add(table[text], value) if text in table else value
    total = math.fsum(map(math.exp, table.values()))
    if total > 1 + ROUNDING:
        raise NotGiven(f"the probabilities of the listed tokens sum to {total:.4g}")
    return table


def _entry(row: Mapping[str, Any]) -> tuple[str, Any]:
    return row["token"], row["logprob"]


def turn_openings(table: Mapping[str, float]) -> dict[str, float]:
    """The tokens as openings of a turn: white space before an answer is none of it."""
    pooled: dict[str, float] = {}
    for text, value in table.items():
        opening = text.lstrip()
        if opening:
            pooled[opening] = _add(pooled[opening], value) if opening in pooled else value
    return pooled


def _add(a: float, b: float) -> float:
    """Log of the sum of two probabilities, from their logs."""
    return max(a, b) + math.log1p(math.exp(-abs(a - b)))


def spelled(tokens: Sequence[str]) -> list[str]:
    """Texts of tokens that a server may list raw, as its vocabulary spells them.

    Byte-level vocabularies write a blank as ``Ġ`` and a line break as ``Ċ``, SentencePiece writes
    a blank as U+2581.
    """
    if any(token[:1] in "ĠĊĉ" and token for token in tokens):
        return [_bytes_to_text(token) for token in tokens]
    return [token.replace("▁", " ").replace("<0x0A>", "\n") for token in tokens]


def _bytes_to_text(token: str) -> str:
    codes = _byte_codes()
    if not all(letter in codes for letter in token):
        return token
    return bytes(codes[letter] for letter in token).decode(errors="replace")


@cache
def _byte_codes() -> dict[str, int]:
    """Letters of a byte-level vocabulary, by the byte that each stands for (GPT-2's table)."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {
        chr(256 + at): byte for at, byte in enumerate(hidden)
    }


def number(value: Any) -> float:
    """A log-probability: a number that is not above 0 by more than rounding; -inf is one.

    Raises:
        NotGiven: it is none; with what is wrong about it.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        said = repr(value)
        shown = said if len(said) <= _SHOWN else f"{said[:_SHOWN]}..."
        raise NotGiven(f"the server gives a log-prob that is no number: {shown}")
    if value > 1e-6:
        raise NotGiven(
            f"the server gives a log-prob of {float(value):.4g}; the logarithm of a probability is "
            "0 or less"
        )
    return float(value)


def used_tokens(answer: Answer) -> int | None:
    """Length of the prompt in tokens, where the server says it."""
    return _count(answer, "prompt_tokens")


def cached_tokens(answer: Answer) -> int | None:
    """Leading tokens of the prompt that the server did not compute again, where it says so."""
    usage = answer.get("usage")
    details = usage.get("prompt_tokens_details") if isinstance(usage, dict) else None
    tokens = details.get("cached_tokens") if isinstance(details, dict) else None
    return tokens if isinstance(tokens, int) else None


def _count(answer: Answer, name: str) -> int | None:
    usage = answer.get("usage")
    tokens = usage.get(name) if isinstance(usage, dict) else None
    return tokens if isinstance(tokens, int) else None
