"""An answer that comes as a stream of events, put together as the one object that was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")


def is_stream(content: bytes) -> bool:
    """Whether the body is a stream of events (server-sent events) and no JSON."""
    return content.lstrip().startswith((b"data:", b"event:", b":", b"id:", b"retry:"))


def joined(content: bytes) -> dict[str, Any] | None:
    """The whole answer, None where the stream is cut or no such stream.

    Args:
        content: lines ``data: <JSON>``; the last one is ``data: [DONE]``, or says how it finished.
    """
    parts: dict[str, list[str]] = {name: [] for name in (*_TEXTS, "text")}
    logprobs: dict[str, list[Any]] = {}
    usage: Any = None
    model: Any = None
    finish: Any = None
    done = False
    for chunk in _chunks(content):
        if chunk is None:
            done = True
        elif chunk.get("error"):
            return chunk
        else:
            usage = chunk.get("usage") or usage
            model = chunk.get("model") or model
            choice = _first(chunk)
            finish = choice.get("finish_reason") or finish
            delta = choice.get("delta") or choice.get("message") or {}
            for name in parts:
                piece = choice.get(name) if name == "text" else delta.get(name)
                if isinstance(piece, str):
                    parts[name].append(piece)
            for name, values in (choice.get("logprobs") or {}).items():
                if isinstance(values, list):
                    logprobs.setdefault(name, []).extend(values)
    if not done and finish is None:
        return None
    said = {name: "".join(pieces) for name, pieces in parts.items() if pieces}
    message = {"content": None, **{name: said[name] for name in _TEXTS if name in said}}
    whole = {"index": 0, "message": message, "finish_reason": finish, "logprobs": logprobs or None}
    choice = {**whole, "text": said.get("text", "")}
    return {"choices": [choice], "usage": usage, "model": model}


def _chunks(content: bytes) -> Iterator[dict[str, Any] | None]:
    """Chunks in their order; None for the end mark. What is no JSON object is passed over."""
    for line in content.splitlines():
        name, _, value = line.partition(b":")
        if name.strip() != b"data":
            continue
        if value.strip() == b"[DONE]":
            yield None
            continue
        try:
            chunk = json.loads(value)
        except (ValueError, RecursionError):
            continue
        if isinstance(chunk, dict):
            yield chunk


def _first(chunk: dict[str, Any]) -> dict[str, Any]:
    """The part of the first alternative; what belongs to another one is passed over."""
    choices = chunk.get("choices")
    rows = [row for row in choices if isinstance(row, dict)] if isinstance(choices, list) else []
    return next((row for row in rows if row.get("index") in (0, None)), {})
