"""What an agent can do, as data and as text."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from measurand.web.observation import Observation
from schemas.compwob.params import ACTIONS

_CALL = re.compile(r"\b(click|type|select|press|scroll|noop)\s*\(([^\n]*?)\)\s*(?:$|[.\n;`])", re.I)
_WITH_REF = ("click", "type", "select")
_NO_TEXT = ("checkbox", "radio", "button", "submit", "reset", "image", "file", "hidden")
KEYS = {
    "enter": "Enter",
    "tab": "Tab",
    "escape": "Escape",
    "backspace": "Backspace",
    "arrowdown": "ArrowDown",
    "arrowup": "ArrowUp",
    "space": "Space",
}
"""Keys that ``press`` knows, lower case, and their names in the browser."""


@dataclass(frozen=True)
class Action:
    """One action.

    Attributes:
        kind: ``click``, ``type`` (clears first), ``select``, ``press``, ``scroll`` or ``noop``.
        ref: number of the element, for ``click``, ``type`` and ``select``.
        text: what to type or select, the key to press, ``up`` or ``down``.
    """

    kind: str
    ref: int | None = None
    text: str | None = None

    def __str__(self) -> str:
        """As agents write it: ``click(12)``, ``type(12, "text")``, ``press(Enter)``."""
        if self.kind == "click":
            return f"click({self.ref})"
        if self.kind in ("type", "select"):
            return f'{self.kind}({self.ref}, "{self.text}")'
        return f"{self.kind}({self.text or ''})"


NOOP = Action("noop")


def click(ref: int) -> Action:
    """A click on an element."""
    return Action("click", ref)


def write(ref: int, text: str) -> Action:
    """Text into a field, in place of what is there."""
    return Action("type", ref, text)


def bad_reference(action: Action, now: Observation, shown: Collection[int]) -> str | None:
    """Why the element that an action names cannot be acted on so, None where it can.

    Args:
        action: the action.
        now: the page that the agent saw.
        shown: numbers of the elements that it saw before.

    Returns:
        One of ``schemas.compwob.params.BAD_REFERENCES``.
    """
    if action.kind not in _WITH_REF:
        return None
    if action.ref is None:
        return "no_number"
    node = now.node(action.ref)
    if node is None:
        return "gone" if action.ref in shown else "never_seen"
    if "disabled" in node.attributes:
        return "disabled"
    if action.kind == "type":
        closed = node.tag == "input" and node.get("type") in _NO_TEXT
        return "no_field" if closed or node.tag not in ("input", "textarea") else None
    if action.kind == "select":
        options = [one.text for one in node.all(lambda n: n.tag == "option")]
        if node.tag != "select":
            return "no_list"
        return None if (action.text or "").strip() in options else "no_such_option"
    return None


def parse(text: str) -> Action | None:
    """The first action in a model's answer, None where there is none that can be carried out."""
    for kind, inside in _CALL.findall(text.strip() + "\n"):
        action = _action(kind.lower(), inside.strip())
        if action is not None:
            return action
    return None


def _action(kind: str, inside: str) -> Action | None:
    if kind not in ACTIONS:
        return None
    if kind not in _WITH_REF:
        return _without_ref(kind, _unquoted(inside))
    first, _, rest = inside.partition(",")
    number = re.search(r"\d+", first)
    if number is None:
        return None
    ref = int(number[0])
    if kind == "click":
        return Action("click", ref)
    return Action(kind, ref, _unquoted(rest)) if rest.strip() else None


def _without_ref(kind: str, inside: str) -> Action | None:
    if kind == "noop":
        return NOOP
    if kind == "press":
        key = KEYS.get(inside.lower())
        return None if key is None else Action("press", None, key)
    return Action("scroll", None, "up" if inside.lower() == "up" else "down")


def _unquoted(text: str) -> str:
    text = re.sub(r"^\w+\s*=\s*", "", text.strip())
    quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text
