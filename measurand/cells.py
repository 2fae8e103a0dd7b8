"""Cells that stand for numbers: true and false, pass and fail, percentages, labelled answers.

A column is taken in one of these forms only where every cell that is not missing has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from measurand.columns import parse

#: Pairs of words of which the first counts 1 and the second 0, in lower case.
TRUTHS = (
    ("true", "false"),
    ("pass", "fail"),
    ("passed", "failed"),
    ("yes", "no"),
    ("correct", "incorrect"),
    ("right", "wrong"),
    ("success", "failure"),
    ("checked", "unchecked"),
    ("selected", "not selected"),
    ("y", "n"),
    ("t", "f"),
    # As spreadsheets and survey tools of other languages write them.
    ("vrai", "faux"),
    ("oui", "non"),
    ("wahr", "falsch"),
    ("richtig", "falsch"),
    ("ja", "nein"),
    ("ja", "nee"),
    ("waar", "onwaar"),
    ("verdadero", "falso"),
    ("verdadeiro", "falso"),
    ("vero", "falso"),
    ("s\u00ed", "no"),
    ("s\u00ec", "no"),
    ("si", "no"),
    ("sim", "n\u00e3o"),
    ("tak", "nie"),
    ("prawda", "fa\u0142sz"),
    ("\u0434\u0430", "\u043d\u0435\u0442"),
    ("\u0438\u0441\u0442\u0438\u043d\u0430", "\u043b\u043e\u0436\u044c"),
    ("\u662f", "\u5426"),
    ("\u306f\u3044", "\u3044\u3044\u3048"),
    ("\u2713", "\u2717"),
    ("\u2714", "\u2718"),
    ("\u2705", "\u274c"),
)
_MARKED = re.compile(r"\[(PASS|FAIL)\]")
_PERCENT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*%")
_LABELLED = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(?:[-–—:=.)]\s*|\()\s*[^\W\d].*", re.DOTALL)
_DATE = re.compile(  # what a spreadsheet makes of an answer such as 4-5
    r"\d{1,4}[-/. ]+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?([-/. ]+\d{1,4})?",
    re.I,
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def in_words(words: Sequence[str]) -> tuple[dict[str, float], str] | None:
    """Numbers of the distinct cells of a column that are not missing, and how they were read.

    Returns:
        None where the cells are in none of these forms.
    """
    stripped = {word: word.strip() for word in words}
    for form in (_truth, _marked, _percent, _labelled):
        found = form(list(stripped.values()))
        if found is not None:
            numbers, how = found
            return {word: numbers[text] for word, text in stripped.items()}, how
    return None


def by_labels(words: Sequence[str], labels: Mapping[str, float]) -> dict[str, float] | None:
    """Numbers of cells that are labels of a key, or numbers; None where one is neither."""
    known = {_plain(label): value for label, value in labels.items()}
    found = {}
    for word in words:
        text = word.strip()
        if _plain(text) in known:
            found[word] = known[_plain(text)]
        elif (number := parse(text)) is not None:
            found[word] = number
        else:
            return None
    return found


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _truth(texts: Sequence[str]) -> tuple[dict[str, float], str] | None:
    seen = {text.lower() for text in texts}
    for yes, no in TRUTHS:
        if seen <= {yes, no}:
            return {t: float(t.lower() == yes) for t in texts}, f"{yes} counts 1, {no} counts 0"
    return None


def _marked(texts: Sequence[str]) -> tuple[dict[str, float], str] | None:
    marks = {text: _MARKED.match(text) for text in texts}
    if not all(marks.values()):
        return None
    return {t: float(m[1] == "PASS") for t, m in marks.items() if m}, "[PASS] counts 1, [FAIL] 0"


def _percent(texts: Sequence[str]) -> tuple[dict[str, float], str] | None:
    marks = {text: _PERCENT.fullmatch(text) for text in texts}
    if not all(marks.values()):
        return None
    return {t: float(m[1]) / 100 for t, m in marks.items() if m}, "percentages are shares of 1"


def _labelled(texts: Sequence[str]) -> tuple[dict[str, float], str] | None:
    """``5 - very much`` among plain numbers; one number has one label."""
    found: dict[str, float] = {}
    labels: dict[float, str] = {}
    for text in texts:
        if _DATE.fullmatch(text):
            return None
        match = _LABELLED.fullmatch(text) or _NUMBER.fullmatch(text)
        if match is None:
            return None
        number = parse(match[1] if match.re is _LABELLED else match[0])
        if number is None:
            return None
        if match.re is _LABELLED and labels.setdefault(number, text) != text:
            return None
        found[text] = number
    return (found, "labelled answers count as their numbers") if labels else None
