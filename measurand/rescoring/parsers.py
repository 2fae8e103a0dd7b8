"""What reads an answer out of a text, and what makes it right."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from measurand.errors import InputError

Parser = Callable[[Sequence[str]], list[str | None]]
"""From texts to what was read out of each; None where nothing was."""
GROUP = "answer"


def of_pattern(pattern: str, *, ignore_case: bool = False) -> Parser:
    """The first match of a pattern (RE2), or its group ``answer`` where it has one.

    RE2 takes time in proportion to the text, whatever a hostile answer holds.

    Raises:
        InputError: code ``bad_argument``: no pattern of RE2, or groups without that name.
    """
    if not re.search(rf"\(\?P?<{GROUP}>", pattern):
        if re.search(r"(?<!\\)\((?!\?)", pattern):
            raise InputError(
                f"--pattern {pattern}",
                hint=f"name the group that is the answer: (?P<{GROUP}>...), others (?:...)",
                code="bad_argument",
            )
        pattern = f"(?P<{GROUP}>{pattern})"
    pattern = re.sub(rf"\(\?<{GROUP}>", f"(?P<{GROUP}>", pattern)
    whole = f"(?is){pattern}" if ignore_case else f"(?s){pattern}"
    try:
        pc.extract_regex(pa.array([""]), whole)
    except pa.ArrowInvalid as error:
        why = str(error).splitlines()[0][:200]
        raise InputError(
            f"--pattern {pattern}: {why}", hint="give a pattern of RE2", code="bad_argument"
        ) from error

    def parse(texts: Sequence[str]) -> list[str | None]:
        found = pc.extract_regex(pa.array(texts, pa.string()), whole)
        return [None if one is None else one[GROUP] for one in found.to_pylist()]

    return parse


def of_name(name: str) -> Parser:
    """A function ``module:function`` as :func:`of_function` takes it.

    Raises:
        InputError: code ``bad_argument``: there is none.
    """
    module, _, attribute = name.partition(":")
    try:
        function = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        hint = "give MODULE:FUNCTION that Python can import from here"
        raise InputError(f"--parser {name}: {error}", hint=hint, code="bad_argument") from error
    return of_function(function, name)


def of_function(function: Callable[[str], object], name: str) -> Parser:
    """A function from a text to what is read out of it, or None.

    On use it raises InputError, code ``bad_parser``, where it fails or gives something else.
    """

    def parse(texts: Sequence[str]) -> list[str | None]:
        return [_one(function, name, text, at) for at, text in enumerate(texts, 1)]

    return parse


def _one(function: Callable[[str], object], name: str, text: str, at: int) -> str | None:
    try:
        found = function(text)
    except Exception as error:
        raise InputError(
            f"{name} fails on row {at}: {type(error).__name__}: {error}"[:300],
            hint="return None where there is no answer to read",
            code="bad_parser",
        ) from error
    if found is None or isinstance(found, str):
        return found
    raise InputError(
        f"{name} gives a {type(found).__name__} on row {at}",
        hint="return a text, or None",
        code="bad_parser",
    )


def right(answer: str, target: str, *, ignore_case: bool = False) -> bool:
    """Whether an answer is the target: the same text without outer blanks, or the same number."""
    a, b = answer.strip(), target.strip()
    if ignore_case:
        a, b = a.casefold(), b.casefold()
    if a == b:
        return True
    try:
        return float(a.replace(",", "")) == float(b.replace(",", ""))
    except ValueError:
        return False
