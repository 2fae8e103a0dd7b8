"""When are two texts the same one, and what of a text no file can hold."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_MARK = r"[,;:!?\"'`“”‘’„]"
# A full stop goes unless a digit follows that it belongs to: 2.5 and .5, but not "end.5" or "...5".
_PUNCTUATION = re.compile(rf"(?<!\d){_MARK}|{_MARK}(?!\d)|\.(?!\d)|(?<=[^\W\d])\.|(?<=\.)\.")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BRACKET = re.compile(r"([()\[\]{}<>])")


def normalise(text: str) -> str:
    """The text without differences that do not make it another question.

    Compatibility forms (NFKC), case, runs of white space, quotes and sentence punctuation are
    levelled. Points within numbers, signs, brackets and the order of words stay. Normalising twice
    gives what normalising once gives.
    """
    folded = text.replace("\N{MINUS SIGN}", "-")
    # Folding can undo the compatibility form, and the form the folding: until nothing changes.
    while (again := unicodedata.normalize("NFKC", folded).casefold()) != folded:
        folded = again
    spaced = _BRACKET.sub(r" \1 ", _PUNCTUATION.sub(" ", folded))
    return " ".join(spaced.split())


def scrub(value: Any) -> Any:
    """JSON values whose lone surrogates, which no file can hold, are U+FFFD."""
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    if isinstance(value, dict):
        return {scrub(k): scrub(v) for k, v in value.items()}
    return [scrub(v) for v in value] if isinstance(value, list) else value
