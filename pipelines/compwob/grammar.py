"""From a sentence back to what it asks for: the wording of every base task, in both forms.

It reads sentences as ``pipelines.compwob.sentences`` writes them and fails on others by design:
whoever uses it has no understanding, only this grammar.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.compwob.sentences import REQUEST
from pipelines.compwob.wording import JOINT, LEADING, VERB, hide, show

EMAIL = "email"
PLAIN = frozenset(
    {
        EMAIL,
        "click-button",
        "click-checkboxes-soft",
        "click-link",
        "enter-date",
        "enter-password",
        "enter-text",
        "login-user",
        "select",
    }
)
"""Kinds whose words may say all there is to do; the others need a page made for them."""
# What is listed ends where the next request begins.
_NAMES = rf"(?P<names>(?:(?!{JOINT}{VERB}\s(?!and\b)).)*?)"
_FORMS: tuple[tuple[str, str], ...] = (
    ("click-button", r'click(?:ing)? on the "(?P<text>[^"]*)" button'),
    ("click-button-sequence", r"click(?:ing)? button ONE, then click(?:ing)? button TWO"),
    ("click-checkboxes-soft",
     rf"select(?:ing)? words similar to {_NAMES} and click(?:ing)? Submit"),
    ("select", rf"select(?:ing)? {_NAMES} and click(?:ing)? Submit"),
    ("click-dialog", r'clos(?:e|ing) the dialog box by clicking the "x"'),
    ("click-dialog-2",
     r'click(?:ing)? the button in the dialog box labeled "(?P<text>[^"]*)"'),
    ("click-link", r'click(?:ing)? on the link "(?P<text>[^"]*)"'),
    ("click-tab-2-hard",
     r'switch(?:ing)? between the tabs to find and click on the link "(?P<text>[^"]*)"'),
    ("click-widget", r'click(?:ing)? on a "(?P<kind>\w+)" widget'),
    ("enter-date", r"enter(?:ing)? (?P<date>\d\d/\d\d/\d{4}) as the date and hit(?:ting)? submit"),
    ("enter-password",
     r'enter(?:ing)? the password "(?P<password>[^"]*)" into both text fields and press(?:ing)? '
     r"submit"),
    ("enter-text", r'enter(?:ing)? "(?P<text>[^"]*)" into the text field and press(?:ing)? Submit'),
    ("login-user",
     r'enter(?:ing)? the username "(?P<user>[^"]*)" and the password "(?P<password>[^"]*)" into '
     r"the text fields and press(?:ing)? login"),
    ("multi-layouts",
     r"search(?:ing)? for (?P<genre>\w+) movies directed by (?P<director>.+?) from year "
     r"(?P<year>\d{4})"),
    ("navigate-tree",
     r"navigat(?:e|ing) through the file tree[,.] find(?:ing)? and click(?:ing)? on the folder or "
     r'file named "(?P<name>[^"]*)"'),
    ("search-engine",
     r'us(?:e|ing) the textbox to enter "(?P<text>[^"]*)" and press "Search", then find(?:ing)? '
     r"and click(?:ing)? the (?P<place>\d+)(?:st|nd|rd|th) search result"),
    ("use-autocomplete",
     r'enter(?:ing)? an item that starts with "(?P<start>[^"]*)"'
     r'(?: and ends with "(?P<end>[^"]*)")?'),
)  # fmt: skip
_CLAUSES = tuple((kind, re.compile(form, re.I)) for kind, form in _FORMS)
_JOINT = re.compile(rf"(?:,? and then |, and |, |{JOINT})", re.I)
_AFTER = re.compile(r",?\s+after\s+(?=\w+ing\b)", re.I)
_BEFORE = re.compile(r",?\s+before\s+(?=\w+ing\b)|[,;]?\s+but\s+first,?\s+", re.I)
_FIRST = re.compile(r"(?P<word>after|before)\s+(?=\w+ing\b)", re.I)
_IMPERATIVE = re.compile(rf",\s+(?!\w+(?:ing|ed)\b)(?={VERB})", re.I)
_PERSON = re.compile(r"\b(after|before|once|when)\s+you(?:'ve| have)?\s+(\w+?)(?:ed|e)?\b", re.I)


@dataclass(frozen=True)
class Clause:
    """One thing that is asked for.

    Attributes:
        kind: the base task, ``select`` for check boxes and options alike, or ``email``.
        values: what the sentence says of it.
        said: its words.
    """

    kind: str
    values: dict[str, str]
    said: str = field(default="", compare=False)


def read(text: str) -> list[Clause]:
    """Clauses in the order in which they are to be done."""
    first, last, swapped = _halves(text)
    head, tail = _clauses(first), _clauses(last)
    return [*tail, *head] if swapped else [*head, *tail]


def as_said(text: str) -> list[Clause]:
    """Clauses in the order in which the sentence names them, whatever it says of their order."""
    first, last, _ = _halves(text)
    return [*_clauses(first), *_clauses(last)]


def _halves(text: str) -> tuple[str, str, bool]:
    """What is named first, what is named last, and whether the last is to be done first."""
    hidden, quotes = hide(text.strip().rstrip("."))
    first, last, swapped = _parted(hidden)
    return show(first, quotes), show(last, quotes), swapped


def _parted(text: str) -> tuple[str, str, bool]:
    """:func:`_halves` of a text whose quoted parts are hidden."""
    text = _PERSON.sub(_gerund, text)
    text = LEADING.sub("", text, count=1) if LEADING.match(text) else text
    begins = _FIRST.match(text)
    turn = _IMPERATIVE.search(text, begins.end()) if begins else None
    if begins and turn:
        before = begins["word"].lower() == "before"
        return text[begins.end() : turn.start()], text[turn.end() :], before
    for joint, swapped in ((_AFTER, True), (_BEFORE, False)):
        if match := joint.search(text):
            swapped = swapped or "first" in match[0].lower()
            return text[: match.start()], text[match.end() :], swapped
    return text, "", False


def _gerund(said: re.Match[str]) -> str:
    """``once you have clicked`` as ``after clicking``."""
    word = "before" if said[1].lower() == "before" else "after"
    return f"{word} {said[2]}ing"


def _clauses(text: str) -> list[Clause]:
    found: list[Clause] = []
    rest = text
    while rest:
        clause, length = _first(rest)
        joint = _JOINT.match(rest, length)
        if joint is None and length < len(rest):
            # More stands there than the form knows: words of one's own.
            return [*found, Clause(EMAIL, {"request": rest}, rest)]
        found.append(clause)
        rest = rest[joint.end() :] if joint else ""
    return found


def _first(text: str) -> tuple[Clause, int]:
    for kind, form in _CLAUSES:
        match = form.match(text)
        if match:
            values = {k: v for k, v in match.groupdict().items() if v}
            return Clause(kind, values, match[0]), match.end()
    # Requests by mail have no form of their own; they go on up to the next clause that has one.
    request = text.removeprefix(REQUEST)
    for joint in _JOINT.finditer(request):
        after = request[joint.end() :]
        if any(form.match(after) for _, form in _CLAUSES):
            request = request[: joint.start()]
            break
    length = len(text) - len(text.removeprefix(REQUEST)) + len(request)
    return Clause(EMAIL, {"request": request}, request), length


def sender_and_receiver(request: str, senders: Sequence[str]) -> tuple[str, str] | None:
    """Whose mail goes to whom: the two known names in a request, told apart by the words around.

    Args:
        request: the sentence.
        senders: names that the inbox shows.

    Returns:
        Sender and receiver, None where fewer than two known names are in it.
    """
    named = [n for n in dict.fromkeys(senders) if re.search(rf"\b{re.escape(n)}\b", request)]
    if len(named) < 2:
        return None
    scored = sorted(named, key=lambda name: _receives(request, name))
    return scored[0], scored[-1]


def _receives(request: str, name: str) -> float:
    """How much the words around a name speak for its being the receiver."""
    who = re.escape(name)
    forms = (
        (r"\b(?:to|for|with)\s+{}\b(?!'s)", 3.0),
        (r"\b(?:send|give|forward|show|let)\s+{}\b(?!'s)", 2.0),
        (r"\b{}\s+(?:wants?|needs?|is waiting|would|should|wanted|requested|asked)\b", 1.5),
        (r"\b(?:from|by|of)\s+{}\b", -3.0),
        (r"\b{}'s\b", -2.5),
        (r"\b{}\s+(?:sent|wrote|mailed|emailed|gave)\b", -2.5),
        (r"\b{}\s+(?:e-?mail|message|mail)\b", -1.0),
    )
    score = sum(
        weight for form, weight in forms if re.search(form.replace("{}", who, 1), request, re.I)
    )
    # Of two that are alike, the receiver is usually named last.
    return score + request.find(name) / 1000
