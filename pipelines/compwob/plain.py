"""Doing what a sentence asks for on one page that has no panels: which element is meant.

Everything is found by what stands on the page: labels, texts beside controls, which controls lie
together. A button that ends a form is the one nearest to what was filled in last.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from measurand.web.observation import Node
from pipelines.compwob.actions import Action, click, write
from pipelines.compwob.solvers import Words
from pipelines.compwob.wording import Ask

_BUTTONS = ("submit", "button", "image", "reset")
_TEXTS = ("", "text", "password", "input", "search", "date", "email", "number", "tel", "url")
_ENDS = (
    "submit", "ok", "okay", "send", "done", "go", "login", "log in", "sign in", "save", "apply",
    "continue", "next", "confirm", "finish", "enter", "search", "register", "add", "update",
)  # fmt: skip
"""Names of buttons that end a form, the surest first."""
_LIKE = {"username": "user login name account", "email": "e-mail mail", "e-mail": "email mail"}


TRIES = 2
"""How often a text is written that does not stay: something may have been in the way."""


class Place:
    """A page in the order of reading: its controls, and the texts around each of them.

    Args:
        root: its outermost element.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self.order: dict[int, int] = {}
        self._above: dict[int, Node] = {}
        self._items: list[Node | str] = []
        self._span: dict[int, tuple[int, int]] = {}
        self._read(root)

    def _read(self, node: Node) -> None:
        self.order[node.ref] = len(self.order)
        start = len(self._items)
        if is_control(node):
            self._items.append(node)
        for part in node.content:
            if isinstance(part, Node):
                self._above[part.ref] = node
                self._read(part)
            elif node.tag not in ("button", "option", "textarea"):
                self._items.append(part)
        self._span[node.ref] = (start, len(self._items))

    def all(self, test: Callable[[Node], bool]) -> list[Node]:
        """Elements that pass a test, in order."""
        return self.root.all(test)

    def around(self, node: Node) -> Iterator[Node]:
        """Elements that hold it, the innermost first."""
        while (above := self._above.get(node.ref)) is not None:
            yield above
            node = above

    def label(self, node: Node) -> str:
        """What a control is called: by what holds it alone, or by the text beside it."""
        for holder in self.around(node):
            start, end = self._span[holder.ref]
            inside = self._items[start:end]
            text = " ".join(part for part in inside if isinstance(part, str))
            if holder.tag == "label":
                return text
            if sum(isinstance(part, Node) for part in inside) > 1:
                return self._beside(node, inside)
            if text:
                return text
        return ""

    def _beside(self, node: Node, inside: list[Node | str]) -> str:
        """The text next to a control: before it, unless the last box of many is followed by one."""

        def text(at: int) -> str:
            found = inside[at] if 0 <= at < len(inside) else None
            return found if isinstance(found, str) else ""

        at = next(i for i, part in enumerate(inside) if part is node)
        boxes = [i for i, part in enumerate(inside) if isinstance(part, Node) and is_choice(part)]
        if is_choice(node) and text(boxes[-1] + 1):
            return text(at + 1)
        return text(at - 1) or text(at + 1)


def is_control(node: Node) -> bool:
    """Whether a person would use it to say something."""
    return is_choice(node) or is_field(node) or is_button(node) or node.tag == "select"


def is_choice(node: Node) -> bool:
    """Whether it is a check box or radio button."""
    return node.tag == "input" and node.get("type") in ("checkbox", "radio")


def is_button(node: Node) -> bool:
    """Whether it is a button of any make."""
    return node.tag == "button" or (node.tag == "input" and node.get("type") in _BUTTONS)


def is_field(node: Node) -> bool:
    """Whether a text can be written into it."""
    return node.tag == "textarea" or (node.tag == "input" and node.get("type") in _TEXTS)


def caption(node: Node) -> str:
    """What a button says."""
    default = "Submit" if node.get("type") == "submit" else ""
    return node.text or node.get("value") or default


def _same(one: str, other: str) -> bool:
    def bare(text: str) -> str:
        return " ".join(text.split()).strip(" :*.").casefold()

    return bare(one) == bare(other)


def _is_chosen(node: Node, name: str) -> bool:
    return "checked" in node.attributes or (node.tag == "select" and node.get("value") == name)


def _group(box: Node) -> tuple[str, str]:
    return box.get("type"), box.get("name")


@dataclass
class Hand:
    """Does one thing after the other on plain pages, and knows what it did.

    Attributes:
        asks: what is asked, in order.
        synonyms: words of like meaning.
    """

    asks: list[Ask]
    synonyms: Words
    at: int = 0
    _part: int = 0
    _last: int | None = None
    _used: set[int] = field(default_factory=set)
    _targets: dict[int, set[int]] = field(default_factory=dict)
    _tries: Counter[tuple[int, int]] = field(default_factory=Counter)

    def act(self, root: Node, first: int, end: int) -> Action | None:
        """The next action, None where everything is done or what is asked for is not there.

        Args:
            root: the page's outermost element.
            first: where to begin in ``asks``, what is done already left out.
            end: where to stop.
        """
        place = Place(root)
        if self.at < first:
            self.at, self._part = first, 0
        while self.at < end:
            ask = self.asks[self.at]
            action = self._step(ask, place)
            if action is not None:
                self._last = action.ref if action.ref is not None else self._last
                return action
            if self._part < self._parts(ask):
                return None
            self.at, self._part = self.at + 1, 0
        return None

    def is_past(self, end: int) -> bool:
        """Whether everything before ``end`` is done."""
        return self.at >= end

    def _parts(self, ask: Ask) -> int:
        return len(ask.texts) if ask.kind in ("choose", "clear") else 1

    def _step(self, ask: Ask, place: Place) -> Action | None:
        """What is next of one thing; None at its end and where it cannot be done."""
        if self._part >= self._parts(ask):
            return None
        if ask.kind == "key":
            self._part += 1
            return Action("press", None, ask.texts[0])
        if ask.kind == "press":
            return self._press(ask, place)
        if ask.kind == "write":
            return self._write(ask, place)
        return self._choose(ask, place)

    def _choose(self, ask: Ask, place: Place) -> Action | None:
        while self._part < len(ask.texts):
            name = ask.texts[self._part]
            found = self._choices(name, ask, place)
            if not found:
                return self._otherwise(ask, place)
            some = found if ask.similar else found[:1]
            left = [box for box in some if _is_chosen(box, name) != (ask.kind == "choose")]
            # Of words of like meaning several may be there; one that is named is done with.
            self._part += not left or not ask.similar
            node = (left or some)[0]
            self._used.add(node.ref)
            self._last = node.ref
            if left:
                return Action("select", node.ref, name) if node.tag == "select" else click(node.ref)
        return None

    def _choices(self, name: str, ask: Ask, place: Place) -> list[Node]:
        """Boxes and lists that offer a name, the likeliest first."""
        names = self.synonyms.get(name, frozenset({name})) if ask.similar else {name}
        boxes = place.all(is_choice)
        said = {box.ref: place.label(box) for box in boxes}
        found = [box for box in boxes if any(_same(one, said[box.ref]) for one in names)]
        lists = [
            node
            for node in place.all(lambda n: n.tag == "select")
            if any(_same(name, option.text) for option in node.children)
        ]
        last = place.order.get(self._last or 0, -1)
        begun = {_group(box) for box in boxes if box.ref in self._used}

        def with_others(node: Node) -> int:
            """How many of the names stand in its group."""
            group = [said[box.ref] for box in boxes if _group(box) == _group(node)]
            return sum(any(_same(name, one) for one in group) for name in ask.texts)

        return sorted(
            [*found, *lists],
            key=lambda n: (
                not (ask.place and _words_around(n, ask.place, place)),
                len(ask.texts) > 1 and n.get("type") != "checkbox",
                -with_others(n),
                # Another request means another group; another name of the same one does not.
                (_group(n) in begun) != (self._part > 0),
                n.ref in self._used,
                place.order[n.ref] < last,
                place.order[n.ref],
            ),
        )

    def _otherwise(self, ask: Ask, place: Place) -> Action | None:
        """A field for what reads like a choice, or an element that says it."""
        name = ask.texts[self._part]
        if ask.place and any(_words_around(n, ask.place, place) for n in place.all(is_field)):
            return self._write(Ask("write", (name,), ask.place), place)
        return self._press(Ask("press", (name,)), place, exact=True)

    def _write(self, ask: Ask, place: Place) -> Action | None:
        fields = [n for n in place.all(is_field) if "disabled" not in n.attributes]
        if self.at not in self._targets:
            found = sorted(fields, key=lambda n: self._fits(n, ask, place))
            if not found:
                return self._listed(ask, place)
            alike = [n for n in fields if n.get("type") == found[0].get("type")]
            self._targets[self.at] = {n.ref for n in (alike if ask.every else found[:1])}
        into = [n for n in fields if n.ref in self._targets[self.at]]
        for node in into:
            text = ask.date if ask.date and node.get("type") == "date" else ask.texts[0]
            self._used.add(node.ref)
            self._last = node.ref
            self._tries[self.at, node.ref] += 1
            if node.get("value") != text and self._tries[self.at, node.ref] <= TRIES:
                return write(node.ref, text)
        self._part += 1
        return None

    def _listed(self, ask: Ask, place: Place) -> Action | None:
        """What reads like a text, where the page offers it as a choice."""
        if not self._choices(ask.texts[0], ask, place):
            return None
        return self._choose(Ask("choose", ask.texts, ask.place), place)

    def _fits(self, node: Node, ask: Ask, place: Place) -> tuple[object, ...]:
        kind = node.get("type")
        secret = kind == "password"
        last = place.order.get(self._last or 0, -1)
        return (
            -_words_around(node, ask.place, place) if ask.place else 0,
            (kind == "date") != bool(ask.date),
            secret != ("password" in ask.place),
            node.ref in self._used,
            place.order[node.ref] < last,
            place.order[node.ref],
        )

    def _press(self, ask: Ask, place: Place, *, exact: bool = False) -> Action | None:
        found = _pressed(ask, place)
        ends = self.at > 0 and self.asks[self.at - 1].kind not in ("press", "key")
        named = exact or ask.place == "link" or not (ends or self.at == 0)
        if not found and not named and _is_end(ask.texts[0]):
            found = sorted(place.all(is_button), key=_likely_end)
            found = [n for n in found if _likely_end(n) == _likely_end(found[0])]
        if not found:
            return None
        node = self._nearest(found, place) if ends else self._standing(found, place)
        if ends and (box := self._unwanted(node, place)) is not None:
            return click(box.ref)
        self._used.add(node.ref)
        self._part += 1
        return click(node.ref)

    def _nearest(self, found: list[Node], place: Place) -> Node:
        """The button that lies together with what was filled in last, rather after it."""
        start = next((n for n in place.root.walk() if n.ref == self._last), None)
        if start is None:
            return self._standing(found, place)
        here = place.order[start.ref]
        for holder in place.around(start):
            inside = [n for n in found if any(n is one for one in holder.walk())]
            if inside:
                return min(
                    inside,
                    key=lambda n: (place.order[n.ref] < here, abs(place.order[n.ref] - here)),
                )
        return found[0]

    def _standing(self, found: list[Node], place: Place) -> Node:
        """The button that ends no form, and was not pressed before."""

        def room(node: Node) -> float:
            """Elements of the nearest form around it: a button that ends one stands close."""
            forms = (
                holder.size
                for holder in place.around(node)
                if holder.first(lambda n: is_control(n) and not is_button(n))
            )
            return next(forms, math.inf)

        last = place.order.get(self._last or 0, -1)
        return min(
            found,
            key=lambda n: (
                n.ref in self._used,
                -room(n),
                place.order[n.ref] < last,
                place.order[n.ref],
            ),
        )

    def _unwanted(self, button: Node, place: Place) -> Node | None:
        """A box that is ticked beside those asked for, and was asked for nowhere."""
        names = [name for ask in self.asks if ask.kind == "choose" for name in ask.texts]
        for holder in place.around(button):
            boxes = holder.all(lambda n: is_choice(n) and n.get("type") == "checkbox")
            if not any(box.ref in self._used for box in boxes):
                continue
            for box in boxes:
                said = place.label(box)
                known = box.ref in self._used or any(_same(name, said) for name in names)
                if "checked" in box.attributes and not known:
                    return box
            return None
        return None


def _words_around(node: Node, words: str, place: Place) -> int:
    """How many of the words for a place stand around a control, in its name or in its id."""
    label = place.label(node)
    around = " ".join([label, node.get("name"), node.get("id"), node.get("type")])
    said = around.casefold().replace("_", " ").replace("-", " ")
    if _same(words, label) or _same(words, node.get("name")):
        return 9
    return sum(
        any(form in said for form in (word, *_LIKE.get(word, "").split()))
        for word in words.casefold().replace("-", " ").split()
        if len(word) > 1 or not word.isalpha()
    )


def _pressed(ask: Ask, place: Place) -> list[Node]:
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
    return text == label if exact else _same(text, label)


def _is_end(label: str) -> bool:
    return " ".join(label.casefold().split()) in _ENDS or label.casefold() == "submit button"


def _likely_end(node: Node) -> tuple[bool, bool]:
    """Sorts buttons that end a form before others."""
    return (node.get("type") != "submit", not _is_end(caption(node)))
