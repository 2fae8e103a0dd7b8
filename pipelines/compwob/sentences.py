"""From the sentences of base tasks to the sentence of a composition, forward or reversed.

Forward: ``A, and then b`` or ``A, b, and then c``. Reversed: the first half stands last, as
gerunds: ``B, after doing A``, ``C, after doing A and then doing B``, ``C, and d, after doing A, and
doing B``. Execution order is the same in both. Gerunds come from a table by task, not from suffix
rules, and the table is checked for all 22.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from measurand.errors import InputError

_GERUNDS: dict[str, tuple[tuple[str, str], ...]] = {
    "click-button": (("Click on", "clicking on"),),
    "click-button-sequence": (
        ("Click button", "clicking button"),
        ("click button", "clicking button"),
    ),
    "click-checkboxes": (("Select", "selecting"), ("and click Submit", "and clicking Submit")),
    "click-dialog": (("Close", "closing"),),
    "click-dialog-2": (("Click the", "clicking the"),),
    "click-link": (("Click on", "clicking on"),),
    "click-tab-2-hard": (("Switch between", "switching between"),),
    "click-widget": (("Click on", "clicking on"),),
    "enter-date": (("Enter", "entering"), ("and hit submit", "and hitting submit")),
    "enter-password": (("Enter", "entering"), ("and press submit", "and pressing submit")),
    "enter-text": (("Enter", "entering"), ("and press Submit", "and pressing Submit")),
    "login-user": (("Enter", "entering"), ("and press login", "and pressing login")),
    "multi-layouts": (("Search for", "searching for"),),
    "navigate-tree": (
        ("Navigate through", "navigating through"),
        ("find and click on", "finding and clicking on"),
    ),
    "search-engine": (
        ("Use the textbox", "using the textbox"),
        ("then find and click", "then finding and clicking"),
    ),
    "use-autocomplete": (("Enter an item", "entering an item"),),
}
_SAME_WORDS = {
    "click-checkboxes-transfer": "click-checkboxes",
    "click-checkboxes-soft": "click-checkboxes",
    "click-option": "click-checkboxes",
    "login-user-popup": "login-user",
}
REQUEST = "carrying out the request: "
"""How the free wording of the email tasks becomes a gerund."""


def imperative(task: str, utterance: str) -> str:
    """A base sentence inside a longer one: no final period, inner sentences joined by commas."""
    text = " ".join(utterance.split()).rstrip(".,")
    if task.startswith("email-inbox"):
        return re.sub(r"\.\s+", "; ", text)
    return re.sub(r"\.\s+(\w)", lambda m: f", {m[1].lower()}", text)


def gerund(task: str, utterance: str) -> str:
    """``Click on the link "x".`` -> ``clicking on the link "x"``.

    Raises:
        InputError: code ``bad_sentence``: the sentence is not worded as the task's pages are.
    """
    text = imperative(task, utterance)
    if task.startswith("email-inbox"):
        return REQUEST + text
    for verb, form in _GERUNDS[_SAME_WORDS.get(task, task)]:
        # The first verb stands first, the second one nearest to the end: names lie between them.
        head, found, tail = text.partition(verb) if verb[0].isupper() else text.rpartition(verb)
        if not found or (verb[0].isupper() and head):
            raise InputError(
                f"{task}: {utterance!r} has no {verb!r} where it should",
                hint="another release of the pages words it otherwise; extend the table",
                code="bad_sentence",
            )
        text = head + form + tail
    return text


def lower_first(text: str, keep: Sequence[str] = ()) -> str:
    """Lower-case the first letter, unless the sentence starts with a name of ``keep`` or ``I``."""
    first = re.split(r"[\s']", text, maxsplit=1)[0]
    if first == "I" or any(text.startswith(name) for name in keep if name):
        return text
    return text[:1].lower() + text[1:]


def forward(parts: Sequence[tuple[str, str]], names: Sequence[Mapping[str, str]] = ()) -> str:
    """The sentence that names the parts in execution order.

    Args:
        parts: (task, its own sentence) in execution order.
        names: per part the proper names that keep their capital.
    """
    kept = [list(some.values()) for some in names] or [[] for _ in parts]
    said = [imperative(task, text) for task, text in parts]
    rest = [lower_first(text, keep) for text, keep in zip(said[1:], kept[1:], strict=True)]
    middle = [said[0], *rest[:-1]]
    last = f", and then {rest[-1]}" if rest else ""
    return ", ".join(middle) + last + "."


def reversed_order(
    parts: Sequence[tuple[str, str]], names: Sequence[Mapping[str, str]] = ()
) -> str:
    """The sentence that names the last floor(n/2) parts first and the others after ``after``.

    Raises:
        InputError: fewer than two parts, or a sentence that has no gerund.
    """
    if len(parts) < 2:
        raise InputError("one part has no reversed sentence", hint="use order single")
    half = -(-len(parts) // 2)
    kept = [list(some.values()) for some in names] or [[] for _ in parts]
    first = [gerund(task, text) for task, text in parts[:half]]
    last = [imperative(task, text) for task, text in parts[half:]]
    rest = [lower_first(t, k) for t, k in zip(last[1:], kept[half + 1 :], strict=True)]
    before = f"{first[0]} and then {first[1]}" if len(parts) == 3 else _listed(first)
    return f"{_listed([last[0], *rest])}, after {before}."


def _listed(parts: Sequence[str]) -> str:
    return ", and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
