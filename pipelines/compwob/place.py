"""A plain page as a person reads it: its controls, and what each of them is called.

A page that has no panels is known by what stands on it: labels, texts beside controls, which
controls lie together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from measurand.web.observation import Node

_BUTTONS = ("submit", "button", "image", "reset")
_TEXTS = ("", "text", "password", "input", "search", "date", "email", "number", "tel", "url")
_LIKE = {"username": "user login name account", "email": "e-mail mail", "e-mail": "email mail"}


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


def same(one: str, other: str) -> bool:
    """Whether two labels are the same to a reader."""

    def bare(text: str) -> str:
        return " ".join(text.split()).strip(" :*.").casefold()

    return bare(one) == bare(other)


def words_around(node: Node, words: str, place: Place) -> int:
    """How many of the words for a place stand around a control, in its name or in its id."""
    label = place.label(node)
    around = " ".join([label, node.get("name"), node.get("id"), node.get("type")])
    said = around.casefold().replace("_", " ").replace("-", " ")
    if same(words, label) or same(words, node.get("name")):
        return 9
    return sum(
        any(form in said for form in (word, *_LIKE.get(word, "").split()))
        for word in words.casefold().replace("-", " ").split()
        if len(word) > 1 or not word.isalpha()
    )
