"""How each base task is solved: from what is asked and what is seen to the next action.

A solver looks at the page as it stands, so it hardly needs a memory of what it did, and it says
when an action commits the part. It gets no more than the elements of one panel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from measurand.web.observation import Node
from pipelines.compwob.actions import Action, click, write
from pipelines.compwob.grammar import EMAIL, sender_and_receiver
from pipelines.compwob.pages import Pages

Values = dict[str, str]
"""What is asked; a solver may note what the page will not show again."""
Words = Mapping[str, frozenset[str]]
"""Words of like meaning, by word."""


class Step(NamedTuple):
    """What to do next, and whether that ends the part."""

    action: Action
    commits: bool


Solver = Callable[[Values, Node, Words], Step | None]
_TYPED = {"", "text", "password", "input", "search", "date"}


def solve(kind: str, values: Values, panel: Node, synonyms: Words) -> Step | None:
    """The next step of a part, None where the panel is not one that it can be done on.

    Args:
        kind: kind of a clause, see :mod:`pipelines.compwob.grammar`.
        values: what is asked; notes of the solver are added.
        panel: the element that holds the part's page.
        synonyms: words of like meaning, as :func:`synonyms_of` gives them.
    """
    return _SOLVERS[kind](values, panel, synonyms)


def _commit(node: Node | None) -> Step | None:
    return None if node is None else Step(click(node.ref), True)


def _button(panel: Node, text: str = "") -> Node | None:
    """The first button, of a label if one is given."""
    return panel.first(lambda n: n.tag == "button" and (not text or n.text == text))


def _fields(panel: Node, kind: str = "") -> list[Node]:
    """Fields that can be typed into, of a type if one is given."""
    return panel.all(
        lambda n: n.tag == "input"
        and (n.get("type") == kind if kind else n.get("type") in _TYPED)
    )  # fmt: skip


def _fill(field: Node, text: str) -> Step | None:
    return None if field.get("value") == text else Step(write(field.ref, text), False)


def _click_button(values: Values, panel: Node, _: Words) -> Step | None:
    return _commit(_button(panel, values["text"]))


def _sequence(values: Values, panel: Node, _: Words) -> Step | None:
    one, two = _button(panel, "ONE"), _button(panel, "TWO")
    if one is None or two is None:
        return None
    if values.setdefault("clicked", "") == str(one.ref):
        return Step(click(two.ref), True)
    values["clicked"] = str(one.ref)
    return Step(click(one.ref), False)


def _boxes(panel: Node, kind: str) -> list[tuple[Node, str]]:
    """Boxes or options with their labels."""
    found = []
    for label in panel.all(lambda n: n.tag == "label"):
        box = label.first(lambda n: n.tag == "input" and n.get("type") == kind)
        if box is not None:
            found.append((box, label.text))
    return found


def _tick(boxes: list[tuple[Node, str]], wanted: set[str], panel: Node) -> Step | None:
    for box, label in boxes:
        if ("checked" in box.attributes) != (label in wanted):
            return Step(click(box.ref), False)
    return _commit(_button(panel, "Submit"))


def _names(values: Values) -> list[str]:
    return [] if values["names"] == "nothing" else values["names"].split(", ")


def _select(values: Values, panel: Node, _: Words) -> Step | None:
    if _button(panel, "Submit") is None:
        return None
    names = _names(values)
    boxes = _boxes(panel, "checkbox")
    if boxes and set(names) <= {label for _, label in boxes}:
        return _tick(boxes, set(names), panel)
    options = _boxes(panel, "radio")
    for box, label in options:
        if names == [label]:
            chosen = "checked" in box.attributes
            return _commit(_button(panel, "Submit")) if chosen else Step(click(box.ref), False)
    return None


def _soft(values: Values, panel: Node, synonyms: Words) -> Step | None:
    boxes = _boxes(panel, "checkbox")
    if not boxes or _button(panel, "Submit") is None:
        return None
    near = {word for name in _names(values) for word in synonyms.get(name, frozenset({name}))}
    labels = {label for _, label in boxes}
    return _tick(boxes, near & labels, panel) if near & labels else None


def _close(values: Values, panel: Node, _: Words) -> Step | None:
    return _commit(panel.first(lambda n: "ui-dialog-titlebar-close" in n.classes))


def _dialog(values: Values, panel: Node, words: Words) -> Step | None:
    dialog = panel.first(lambda n: "ui-dialog-buttons" in n.classes)
    if dialog is None:
        return None
    if values["text"] == "x":
        return _close(values, panel, words)
    return _commit(_button(dialog, values["text"]))


def _link(values: Values, panel: Node, _: Words) -> Step | None:
    if panel.first(lambda n: "ui-tabs-anchor" in n.classes):
        return None
    return _commit(panel.first(lambda n: "alink" in n.classes and n.text == values["text"]))


def _tabs(values: Values, panel: Node, _: Words) -> Step | None:
    tabs = panel.all(lambda n: "ui-tabs-tab" in n.classes)
    if not tabs:
        return None
    link = panel.first(lambda n: "alink" in n.classes and n.text == values["text"])
    if link is not None:
        return _commit(link)
    active = next((i for i, tab in enumerate(tabs) if "ui-tabs-active" in tab.classes), -1)
    anchor = tabs[(active + 1) % len(tabs)].first(lambda n: n.tag == "a")
    return None if anchor is None else Step(click(anchor.ref), False)


def _widget(values: Values, panel: Node, _: Words) -> Step | None:
    tests: dict[str, Callable[[Node], bool]] = {
        "radio": lambda n: n.get("type") == "radio",
        "checkbox": lambda n: n.get("type") == "checkbox",
        "text": lambda n: n.tag == "input" and n.get("type") == "input",
        "textarea": lambda n: n.tag == "textarea",
        "button": lambda n: n.tag == "button",
    }
    test = tests.get(values["kind"])
    for holder in panel.all(lambda n: "widget" in n.classes):
        found = None if test is None else holder.first(test)
        if found is not None:
            return _commit(found)
    return None


def _date(values: Values, panel: Node, _: Words) -> Step | None:
    fields = _fields(panel, "date")
    if not fields:
        return None
    month, day, year = values["date"].split("/")
    return _fill(fields[0], f"{year}-{month}-{day}") or _commit(_button(panel, "Submit"))


def _password(values: Values, panel: Node, _: Words) -> Step | None:
    fields = _fields(panel, "password")
    if len(fields) != 2:
        return None
    return _filled(fields, values["password"]) or _commit(_button(panel, "Submit"))


def _filled(fields: list[Node], text: str) -> Step | None:
    return next((step for field in fields if (step := _fill(field, text))), None)


def _text(values: Values, panel: Node, _: Words) -> Step | None:
    field = panel.first(lambda n: n.tag == "input" and n.get("id") == "tt")
    if field is None or field.get("type") != "text":
        return None
    return _fill(field, values["text"]) or _commit(_button(panel, "Submit"))


def _login(values: Values, panel: Node, _: Words) -> Step | None:
    user = panel.first(lambda n: n.get("id") == "username")
    password = panel.first(lambda n: n.get("id") == "password")
    if user is None or password is None:
        return None
    popup = panel.first(lambda n: n.get("id") == "popup")
    if popup is not None:
        cancel = _button(popup, "Cancel")
        return None if cancel is None else Step(click(cancel.ref), False)
    done = _fill(user, values["user"]) or _fill(password, values["password"])
    return done or _commit(panel.first(lambda n: n.get("id") == "subbtn"))


def _movies(values: Values, panel: Node, _: Words) -> Step | None:
    wanted = {"genre": values["genre"], "director": values["director"], "year": values["year"]}
    words = {"genre": "genre", "director": "director", "year": "year", "date": "year"}
    found = {}
    for field in _fields(panel, "text"):
        label = _label(panel, field).lower()
        name = next((name for word, name in words.items() if word in label), None)
        if name is not None:
            found[name] = field
    if set(found) != set(wanted):
        return None
    for name, field in found.items():
        if step := _fill(field, wanted[name]):
            return step
    ends = panel.all(lambda n: n.tag == "button" or bool(n.classes & {"final", "ui-submit"}))
    return _commit(ends[-1] if ends else None)


def _label(panel: Node, field: Node) -> str:
    """Text of the smallest element around a field that has any."""
    path = _path(panel, field) or []
    return next((node.text for node in reversed(path) if node.text), "")


def _path(node: Node, wanted: Node) -> list[Node] | None:
    if node is wanted:
        return [node]
    for child in node.children:
        below = _path(child, wanted)
        if below is not None:
            return [node, *below]
    return None


def _tree(values: Values, panel: Node, _: Words) -> Step | None:
    if panel.first(lambda n: "filetree" in n.classes) is None:
        return None
    kinds = {"file", "folder"}
    found = panel.first(lambda n: bool(n.classes & kinds) and n.text == values["name"])
    if found is not None:
        return _commit(found)
    closed = panel.first(lambda n: "expandable" in n.classes)
    handle = None if closed is None else closed.first(lambda n: "hitarea" in n.classes)
    return None if handle is None else Step(click(handle.ref), False)


def _search(values: Values, panel: Node, _: Words) -> Step | None:
    field = panel.first(lambda n: n.get("id") == "search-text")
    if field is None:
        return None
    if step := _fill(field, values["text"]):
        return step
    results = panel.all(lambda n: "search-title" in n.classes)
    if not results:
        button = _button(panel, "Search")
        return None if button is None else Step(click(button.ref), False)
    page, place = divmod(int(values["place"]) - 1, 3)
    tabs = panel.all(lambda n: n.tag == "li" and "page-item" in n.classes)
    here = next((tab for tab in tabs if tab.text == str(page + 1)), None)
    if here is not None and "active" not in here.classes:
        anchor = here.first(lambda n: n.tag == "a")
        return None if anchor is None else Step(click(anchor.ref), False)
    return _commit(results[place]) if place < len(results) else None


def _complete(values: Values, panel: Node, _: Words) -> Step | None:
    field = panel.first(lambda n: "ui-autocomplete-input" in n.classes)
    if field is None:
        return None
    start, end = values["start"], values.get("end", "")
    value = field.get("value")
    if value.startswith(start) and value.endswith(end) and value != start:
        return _commit(_button(panel, "Submit"))
    if value != start:
        return Step(write(field.ref, start), False)
    items = panel.all(lambda n: "ui-menu-item-wrapper" in n.classes)
    fit = next((n for n in items if n.text.startswith(start) and n.text.endswith(end)), None)
    if fit is not None:
        return Step(click(fit.ref), False)
    # No suggestion came: what starts and ends as asked is accepted too.
    return _commit(_button(panel, "Submit")) if not end else Step(
        write(field.ref, start + end), False
    )  # fmt: skip


def _email(values: Values, panel: Node, _: Words) -> Step | None:
    receiver = panel.first(lambda n: "forward-sender" in n.classes)
    threads = panel.all(lambda n: "email-thread" in n.classes)
    if receiver is not None:
        send = panel.first(lambda n: n.get("id") == "send-forward")
        return _fill(receiver, values.get("to", "")) or _commit(send)
    forward = panel.first(lambda n: "email-forward" in n.classes)
    if forward is not None:
        return Step(click(forward.ref), False)
    if "by" not in values:
        senders = [n.text for t in threads for n in t.all(lambda n: "email-sender" in n.classes)]
        names = sender_and_receiver(values.get("request", ""), senders)
        if names is None:
            return None
        values["by"], values["to"] = names
    for thread in threads:
        sender = thread.first(lambda n: "email-sender" in n.classes)
        if sender is not None and sender.text == values["by"]:
            return Step(click(thread.ref), False)
    return None


_SOLVERS: dict[str, Solver] = {
    "click-button": _click_button,
    "click-button-sequence": _sequence,
    "select": _select,
    "click-checkboxes-soft": _soft,
    "click-dialog": _close,
    "click-dialog-2": _dialog,
    "click-link": _link,
    "click-tab-2-hard": _tabs,
    "click-widget": _widget,
    "enter-date": _date,
    "enter-password": _password,
    "enter-text": _text,
    "login-user": _login,
    "multi-layouts": _movies,
    "navigate-tree": _tree,
    "search-engine": _search,
    "use-autocomplete": _complete,
    EMAIL: _email,
}


def synonyms_of(pages: Pages) -> Words:
    """Words of like meaning, from the page that asks for them: a thesaurus, not answers."""
    page = pages.read("/miniwob/click-checkboxes-soft.html") or b""
    table = re.search(r"SYNONYMS = \[(.*?)\n\];", page.decode("utf-8"), re.S)
    groups = [] if table is None else re.findall(r"\[([^\]]*)\]", table[1])
    found: dict[str, frozenset[str]] = {}
    for group in groups:
        words = frozenset(re.findall(r"'([^']*)'", group))
        found |= dict.fromkeys(words, words)
    return found
