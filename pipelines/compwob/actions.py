"""What an agent can do, as data and as text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.compwob.params import ACTIONS

_CALL = re.compile(r"\b(click|type|select|press|scroll|noop)\s*\(([^\n]*?)\)\s*(?:$|[.\n;`])", re.I)
_WITH_REF = ("click", "type", "select")
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
