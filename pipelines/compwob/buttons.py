"""Which button a sentence means: the one with the label, or the one that ends a form.

A button that ends a form is the one nearest to what was filled in last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Sequence

from measurand.web.observation import Node
from pipelines.compwob.place import Place, caption, is_button, is_control, same
from pipelines.compwob.wording import Ask

_ENDS = (
    "submit", "ok", "okay", "send", "done", "go", "login", "log in", "sign in", "save", "apply",
    "continue", "next", "confirm", "finish", "enter", "search", "register", "add", "update",
)  # fmt: skip
"""Names of buttons that end a form, the surest first."""


def labelled(ask: Ask, place: Place) -> list[Node]:
    """Elements that carry the label and can be pressed, of the first sort that there is."""
    label = ask.texts[0]
    sorts: list[Callable[[Node], bool]] = [
        is_button,
        lambda n: n.tag == "a" or "alink" in n.classes,
        lambda n: not n.children and n.tag in ("span", "div", "li", "td", "label", "p", "summary"),
    ]
    if ask.place == "link":
        sorts[:2] = sorts[1::-1]
    for exact in (True, False):
        for sort in sorts:
            found = place.all(sort)
            if found := [n for n in found if _says(caption(n), label, exact)]:
                return found
    return []


def _says(text: str, label: str, exact: bool) -> bool:
    return text == label if exact else same(text, label)


def ends_a_form(label: str) -> bool:
    """Whether a label is what buttons that end a form are usually called."""
    return " ".join(label.casefold().split()) in _ENDS or label.casefold() == "submit button"


def likely_end(node: Node) -> tuple[bool, bool]:
    """Sorts buttons that end a form before others."""
    return (node.get("type") != "submit", not ends_a_form(caption(node)))


def nearest(found: Sequence[Node], place: Place, last: int | None, used: Container[int]) -> Node:
    """The button that lies together with what was filled in last, rather after it."""
    start = next((n for n in place.root.walk() if n.ref == last), None)
    if start is None:
        return standing(found, place, last, used)
    here = place.order[start.ref]
    for holder in place.around(start):
        inside = [n for n in found if any(n is one for one in holder.walk())]
        if inside:
            return min(
                inside,
                key=lambda n: (place.order[n.ref] < here, abs(place.order[n.ref] - here)),
            )
    return found[0]


def standing(found: Sequence[Node], place: Place, last: int | None, used: Container[int]) -> Node:
    """The button that ends no form, and was not pressed before."""

    def room(node: Node) -> float:
        """Elements of the nearest form around it: a button that ends one stands close."""
        forms = (
            holder.size
            for holder in place.around(node)
            if holder.first(lambda n: is_control(n) and not is_button(n))
        )
        return next(forms, math.inf)

    here = place.order.get(last or 0, -1)
    return min(
        found,
        key=lambda n: (
            n.ref in used,
            -room(n),
            place.order[n.ref] < here,
            place.order[n.ref],
        ),
    )
