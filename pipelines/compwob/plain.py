"""Doing what a sentence asks for on one page that has no panels: one thing after the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from measurand.web.observation import Node
from pipelines.compwob import buttons
from pipelines.compwob.actions import Action, click, write
from pipelines.compwob.place import Place, is_button, is_choice, is_field, same, words_around
from pipelines.compwob.solvers import Words
from pipelines.compwob.wording import Ask

TRIES = 2
"""How often a text is written that does not stay: something may have been in the way."""


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
        found = [box for box in boxes if any(same(one, said[box.ref]) for one in names)]
        lists = [
            node
            for node in place.all(lambda n: n.tag == "select")
            if any(same(name, option.text) for option in node.children)
        ]
        last = place.order.get(self._last or 0, -1)
        begun = {_group(box) for box in boxes if box.ref in self._used}

        def with_others(node: Node) -> int:
            """How many of the names stand in its group."""
            group = [said[box.ref] for box in boxes if _group(box) == _group(node)]
            return sum(any(same(name, one) for one in group) for name in ask.texts)

        return sorted(
            [*found, *lists],
            key=lambda n: (
                not (ask.place and words_around(n, ask.place, place)),
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
        if ask.place and any(words_around(n, ask.place, place) for n in place.all(is_field)):
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
            -words_around(node, ask.place, place) if ask.place else 0,
            (kind == "date") != bool(ask.date),
            secret != ("password" in ask.place),
            node.ref in self._used,
            place.order[node.ref] < last,
            place.order[node.ref],
        )

    def _press(self, ask: Ask, place: Place, *, exact: bool = False) -> Action | None:
        found = buttons.labelled(ask, place)
        ends = self.at > 0 and self.asks[self.at - 1].kind not in ("press", "key")
        named = exact or ask.place == "link" or not (ends or self.at == 0)
        if not found and not named and buttons.ends_a_form(ask.texts[0]):
            found = sorted(place.all(is_button), key=buttons.likely_end)
            found = [n for n in found if buttons.likely_end(n) == buttons.likely_end(found[0])]
        if not found:
            return None
        choose = buttons.nearest if ends else buttons.standing
        node = choose(found, place, self._last, self._used)
        if ends and (box := self._unwanted(node, place)) is not None:
            return click(box.ref)
        self._used.add(node.ref)
        self._part += 1
        return click(node.ref)

    def _unwanted(self, button: Node, place: Place) -> Node | None:
        """A box that is ticked beside those asked for, and was asked for nowhere."""
        names = [name for ask in self.asks if ask.kind == "choose" for name in ask.texts]
        for holder in place.around(button):
            boxes = holder.all(lambda n: is_choice(n) and n.get("type") == "checkbox")
            if not any(box.ref in self._used for box in boxes):
                continue
            for box in boxes:
                said = place.label(box)
                known = box.ref in self._used or any(same(name, said) for name in names)
                if "checked" in box.attributes and not known:
                    return box
            return None
        return None
