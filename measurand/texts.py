"""When are two texts the same one? Differences that do not make another text are levelled."""

from __future__ import annotations

import re
import unicodedata

_MARK = r"[,;:!?\"'`“”‘’„]"
# A full stop goes unless a digit follows that it belongs to: 2.5 and .5, but not "end.5" or "...5".
_PUNCTUATION = re.compile(rf"(?<!\d){_MARK}|{_MARK}(?!\d)|\.(?!\d)|(?<=[^\W\d])\.|(?<=\.)\.")
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
