"""Chat logs with scores: lines of JSON with messages, as OpenAI's API writes them or plainer.

A line holds ``messages``, or a request (``body``) and a response (``response.body``, ``choices``)
of a chat completion, and beside them a ``score``, ``reward`` or ``scores`` by name. Everything
before the last answer is the item; it is known by ``item_id``, ``custom_id`` or ``id``, or by what
it says. A response with another status than 200, or with an error, is no answer.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from measurand.interop.rows import Fields, Log, Wish, as_id, cluster_note
from measurand.interop.samples import Sample, Samples, each_line, found, head, sha256

SYSTEM = "chats"
HARNESS = "chat logs with scores"
SCORES = ("score", "reward")
NAMED = ("scores", "metrics", "evaluation")
IDS = ("item_id", "custom_id", "id")
UNKNOWN = "unknown"


def logs(path: Path) -> list[Path]:
    """Chat logs at or below ``path``."""
    return found(path, (".jsonl", ".ndjson"), _is_log)


def _is_log(file: Path) -> bool:
    start = head(file)
    line = start.split(b"\n", 1)[0]
    if b'"messages"' not in line and b'"choices"' not in line:
        return False
    try:
        one = json.loads(line)
    except ValueError:
        # Longer than what was looked at.
        return len(line) == len(start) and any(f'"{key}"'.encode() in line for key in SCORES)
    return isinstance(one, dict) and bool(_messages(one)) and bool(_scores(one))


def read(files: list[Path], wish: Wish) -> tuple[list[Log], list[str]]:
    """Rows of each model of each file, and notes.

    Raises:
        InputError: code ``bad_log`` or ``no_field``.
    """
    fields = Fields()
    every = [log for file in files for log in _read(file, wish, fields)]
    return every, cluster_note(wish, fields)


def _read(file: Path, wish: Wish, fields: Fields) -> list[Log]:
    taken: dict[tuple[str, str], Samples] = {}

    def take(line: dict[str, Any]) -> None:
        place = str(line.get("task") or ""), _model(line)
        if place not in taken:
            taken[place] = Samples(*place, wish, fields)
        taken[place].take(_sample(line))

    each_line(file, HARNESS, take)
    every = [own.log(file) for own in taken.values()]
    for log in every:
        if log.model == UNKNOWN:
            text = f"{file.name}: lines name no model; --model names it."
            log.account.understood.append(text)
    return every


def _answer(line: dict[str, Any]) -> dict[str, Any]:
    """The chat completion of a line; the line itself where it is one."""
    response = _dict(line.get("response"))
    return _dict(response.get("body")) or response or line


def _request(line: dict[str, Any]) -> dict[str, Any]:
    for name in ("body", "request"):
        if found := _dict(line.get(name)):
            return found
    return line


def _model(line: dict[str, Any]) -> str:
    named = (part.get("model") for part in (line, _answer(line), _request(line)))
    return str(next((name for name in named if name), UNKNOWN))


def _messages(line: dict[str, Any]) -> list[Any]:
    """What was said before the last answer; choices alone do not tell it."""
    said = _request(line).get("messages") or line.get("messages") or []
    said = said if isinstance(said, list) else []
    while said and isinstance(said[-1], dict) and said[-1].get("role") == "assistant":
        said = said[:-1]
    return said or (["?"] if _answer(line).get("choices") else [])


def _scores(line: dict[str, Any]) -> dict[str, Any]:
    scores = {name: line[name] for name in SCORES if name in line}
    for name in NAMED:
        scores |= _dict(line.get(name))
    return scores


def _sample(line: dict[str, Any]) -> Sample:
    said = _messages(line)
    content = None if said in ([], ["?"]) else said
    own = next((line[name] for name in IDS if line.get(name) is not None), None)
    if own is None and content is None:
        raise ValueError("neither an id nor messages")
    failed = None
    response = _dict(line.get("response"))
    status = response.get("status_code")
    if line.get("error"):
        failed = str(line["error"])
    elif status not in (None, 200):
        failed = f"status {status}"
    item = sha256(content)[:16] if own is None else as_id(own)
    return Sample(item, _scores(line), content, _dict(line.get("metadata")), failed)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
