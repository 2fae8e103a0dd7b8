"""Model strings: ``backend:target?option=value&option=value``, taken apart as they are written.

Nothing is decoded: ``+``, ``%`` and blanks stand for themselves. Only a ``?`` or ``&`` before the
name of an option that the backend knows ends what comes before it, so paths may hold both. A path
begins with ``/``, with ``~``, or at the project's root, as those of parameter files do.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measurand import project
from measurand.errors import InputError

LOCAL = ("template", "template_args", "thought", "code")
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "smollm2": (*LOCAL, "dtype", "device", "prefix", "adapter"),
    "hf": (*LOCAL, "dtype", "device", "prefix", "adapter"),
    "vllm": (*LOCAL, "dtype", "context"),
    "openai": (
        *("api", "tokenizer", "template", "template_args", "thought", "code", "body"),
        *("concurrency", "timeout", "retries", "backoff"),
    ),
    "replay": (),
}
"""Options by backend. Other backends (respondents, oracles) check their own."""

# Values that may hold anything, ``&`` too.
_FREE = ("adapter", "tokenizer", "body", "template_args")
_PATHS = ("hf", "vllm", "replay")
_NAMED = re.compile(r"\w+=")


@dataclass(frozen=True)
class ModelSpec:
    """A model string taken apart.

    Attributes:
        text: the string as the user gave it; it names the model in every result.
        backend: the word before the first colon.
        target: what the backend loads; for ``openai`` it is ``<base url>#<model>``.
        options: values by name.
        cache: folder for converted weights.
    """

    text: str
    backend: str
    target: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    cache: Path = Path("models")

    @classmethod
    def parse(cls, text: str, *, cache: Path = Path("models")) -> ModelSpec:
        """Take a model string apart.

        Raises:
            InputError: the string is empty, or an option has no value or is given twice.
        """
        found = re.match(r"[^:?]*", text)
        backend = found[0] if found else ""
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise InputError(
                f"model string {text!r} holds bytes that are no text",
                hint="give the folder a name in UTF-8",
                code="bad_model",
            )
        if not backend.strip():
            raise InputError(
                f"model string {text!r} names no backend",
                hint="write e.g. smollm2 or hf:<folder>",
                code="bad_model",
            )
        rest = text[len(backend) :].removeprefix(":")
        # A ``?`` before the ``#`` belongs to a URL.
        url, mark, name = rest.partition("#") if backend == "openai" else ("", "", rest)
        target, query, tail = _cut(backend, name)
        options = _options(backend, tail) if query else {}
        if options is None:
            shown = "" if backend == "openai" else f" {text!r} cannot be read: {tail!r}"
            raise InputError(
                f"options of model string{shown or ' cannot be read'}",
                hint="write ?name=value&name=value, each name once",
                code="bad_model",
            )
        return cls(text, backend, f"{url}{mark}{target}", options, cache)

    @property
    def shown(self) -> str:
        """The string for messages; values of options that do not exist may be keys: left out."""
        known = OPTIONS.get(self.backend)
        if known is None or set(self.options) <= set(known):
            return self.text
        # An address may hold a password.
        target = "..." if self.backend == "openai" else self.target
        return f"{self.backend}:{target}?..."

    def having(self, **options: str) -> str:
        """The string with more options at its end, which take the place of equal ones."""
        kept = {**self.options, **options}
        target = f":{self.target}" if self.target else ""
        return f"{self.backend}{target}?" + "&".join(f"{k}={v}" for k, v in kept.items())

    def allow(self, *names: str) -> None:
        """Refuse options other than ``names``.

        Raises:
            InputError: code ``bad_model``, naming the options that exist.
        """
        unknown = sorted(set(self.options) - set(names))
        if unknown:
            known = ", ".join(sorted(names)) or "none"
            raise InputError(
                f"model string {self.shown!r}: unknown option {unknown[0]!r}",
                hint=f"options of {self.backend}: {known}",
                code="bad_model",
            )

    def option(self, name: str, default: str, allowed: Sequence[str]) -> str:
        """The value of an option that must be one of ``allowed``.

        Raises:
            InputError: code ``bad_model``, naming the allowed values.
        """
        value = self.options.get(name, default)
        if value not in allowed:
            raise InputError(
                f"model string {self.shown!r}: {name}={value!r} is not possible",
                hint=f"{name} is one of {', '.join(allowed)}",
                code="bad_model",
            )
        return value

    def number(self, name: str, default: float) -> float:
        """The value of a numeric option.

        Raises:
            InputError: code ``bad_model``, where it is no finite number.
        """
        text = self.options.get(name)
        try:
            value = default if text is None else float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(
                f"model string {self.shown!r}: {name}={text!r} is not a number",
                hint=f"give {name} as a number, e.g. {name}={default:g}",
                code="bad_model",
            )
        return value

    def count(self, name: str, default: int, *, least: int) -> int:
        """The value of an option that is a whole number.

        Raises:
            InputError: code ``bad_model``, where it is none, or below ``least``.
        """
        value = self.number(name, default)
        if value != int(value) or value < least:
            raise InputError(
                f"{self.shown}: {name}={self.options[name]} is not possible",
                hint=f"{name} is a whole number, at least {least}",
                code="bad_model",
            )
        return int(value)

    def room(self) -> int:
        """Tokens that a thought may take beyond those of the answer: ``thought=<tokens>``."""
        return 0 if self.options.get("thought") == "none" else self.count("thought", 0, least=0)

    def mapping(self, name: str) -> dict[str, Any]:
        """The value of an option that is a JSON object; empty where it is not given.

        Raises:
            InputError: code ``bad_model``, where it is none.
        """
        try:
            value = json.loads(self.options.get(name, "{}"))
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise InputError(
                f"{self.backend}: {name} is no JSON object",
                hint=f'write {name}={{"name": value}}, the whole string in single quotes',
                code="bad_model",
            )
        return value

    def path(self, text: str) -> Path:
        """A path of the string: absolute, below the home folder (``~``), or from the root.

        Raises:
            InputError: code ``bad_model``: there is no such home folder.
        """
        try:
            found = Path(text).expanduser()
        except RuntimeError as error:
            raise self.refused(f"{text}: {error}", "write the whole path") from error
        return found if found.is_absolute() else _start() / found

    def refused(self, problem: str, hint: str) -> InputError:
        """An error ``bad_model`` that names this string."""
        return InputError(f"{self.shown}: {problem}", hint=hint, code="bad_model")

    def need(self, text: str, *names: str, what: str) -> Path:
        """The folder ``text``, which must hold the files ``names``.

        Args:
            text: path as written.
            names: file names.
            what: what the folder should hold, for the message.

        Raises:
            InputError: code ``bad_model``, with the place where it was looked for.
        """
        folder = self.path(text)
        try:
            missing = next((name for name in names if not (folder / name).is_file()), None)
        except (OSError, ValueError) as error:
            raise self.refused(f"{text!r} is no path: {error}", "write the whole path") from error
        if missing is not None:
            where = "" if Path(text).is_absolute() else f"; looked for in {folder}"
            raise self.refused(
                f"{text} holds no {what} ({missing} is missing{where})",
                f"give a folder with {', '.join(names)}; a relative path starts at the project's "
                "root; nothing is fetched at run time",
            )
        return folder


def urls(text: str) -> list[str]:
    """Urls that stand in a row, sorted: ``http://a/v1,http://b/v1``."""
    return sorted(re.split(r",(?=https?://)", text))


def in_order(text: str) -> str:
    """A model string with the urls of its servers sorted: their order says nothing."""
    head, mark, tail = text.partition("#")
    if not mark or not head.startswith("openai:"):
        return text
    return f"openai:{','.join(urls(head.removeprefix('openai:')))}#{tail}"


def _start() -> Path:
    """Where relative paths begin."""
    try:
        return project.find_root()
    except InputError:
        return Path.cwd()


def _cut(backend: str, text: str) -> tuple[str, str, str]:
    """(target, mark, options): the mark is the ``?`` before them, empty where there is none."""
    known = OPTIONS.get(backend)
    marks = [at for at, letter in enumerate(text) if letter == "?"]
    if not marks or (backend in _PATHS and _exists(text)):
        return text, "", ""
    at = marks[0]
    if known is not None:
        begins = [m for m in marks if text[m + 1 :].startswith(tuple(f"{k}=" for k in known))]
        paths = [m for m in begins if backend in _PATHS and _exists(text[:m])]
        at = next(iter(paths[::-1] or begins), marks[-1] if backend in _PATHS else at)
    return text[:at], "?", text[at + 1 :]


def _options(backend: str, tail: str) -> dict[str, str] | None:
    """Values by name, None where they cannot be read."""
    known = OPTIONS.get(backend)
    found: list[tuple[str, str]] = []
    for piece in tail.split("&"):
        name, mark, value = piece.partition("=")
        last = found[-1] if found else ("", "")
        if last[0] in _FREE and not (mark and name in (known or ())):
            longer = f"{last[1]}&{piece}"
            if not mark or last[1].startswith("{") or not _NAMED.match(piece) or _exists(longer):
                found[-1] = (last[0], longer)
                continue
        if not mark or not name or not value:
            return None
        found.append((name, value))
    return dict(found) if len({name for name, _ in found}) == len(found) else None


def _exists(text: str) -> bool:
    try:
        path = Path(text).expanduser()
        return (path if path.is_absolute() else _start() / path).exists()
    except (OSError, ValueError, RuntimeError):
        return False
