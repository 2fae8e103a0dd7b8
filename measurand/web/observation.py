"""What an agent sees: a tree of visible elements with a number each, and the same as text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from html.parser import HTMLParser
from typing import Any

_WORDS = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, eq=False)
class Node:
    """A visible element.

    Attributes:
        tag: its name, lower case.
        ref: its number, the same throughout an episode.
        attributes: id, class, type, name, value, checked, disabled, where it has them.
        content: texts and elements inside it, in order.
    """

    tag: str
    ref: int
    attributes: dict[str, str]
    content: tuple[str | Node, ...] = ()

    @property
    def children(self) -> list[Node]:
        """Elements directly inside it."""
        return [part for part in self.content if isinstance(part, Node)]

    @cached_property
    def text(self) -> str:
        """All text inside it."""
        parts = (part if isinstance(part, str) else part.text for part in self.content)
        return " ".join(part for part in parts if part)

    @property
    def own_text(self) -> str:
        """Text directly inside it."""
        return " ".join(part for part in self.content if isinstance(part, str))

    def get(self, name: str) -> str:
        """An attribute, empty where it has none."""
        return self.attributes.get(name, "")

    @property
    def classes(self) -> set[str]:
        """Names in its class attribute."""
        return set(self.get("class").split())

    def walk(self) -> Iterator[Node]:
        """It and all elements inside it, in the order of the page."""
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, test: Callable[[Node], bool]) -> list[Node]:
        """Elements inside it, itself included, that pass a test."""
        return [node for node in self.walk() if test(node)]

    def first(self, test: Callable[[Node], bool]) -> Node | None:
        """The first element that passes a test."""
        return next((node for node in self.walk() if test(node)), None)

    def html(self) -> str:
        """The element as text."""
        inner = "".join(p.html() if isinstance(p, Node) else escape(p, False) for p in self.content)
        return f"{self.opening()}{inner}</{self.tag}>"

    def opening(self) -> str:
        """Its opening tag, with its number first."""
        words = [f'ref="{self.ref}"']
        words += [f'{k}="{escape(v)}"' if v else k for k, v in self.attributes.items()]
        return f"<{self.tag} {' '.join(words)}>"

    def short(self) -> str:
        """Its opening tag and the beginning of its text."""
        return f"{self.opening()}{escape(self.text[:60], False)}"

    @cached_property
    def size(self) -> int:
        """Elements inside it, itself included."""
        return 1 + sum(child.size for child in self.children)

    @cached_property
    def depth(self) -> int:
        """Levels of elements, itself included."""
        return 1 + max((child.depth for child in self.children), default=0)


@dataclass(frozen=True)
class Observation:
    """The page before a step.

    Attributes:
        roots: its outermost elements.
    """

    roots: tuple[Node, ...]
    _by_ref: dict[int, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = {node.ref: node for root in self.roots for node in root.walk()}
        object.__setattr__(self, "_by_ref", known)

    @classmethod
    def from_page(cls, packed: list[dict[str, Any]]) -> Observation:
        """From what the serializer gives: ``{t: tag, r: ref, a: attributes, c: content}``."""
        return cls(tuple(_node(part) for part in packed))

    @cached_property
    def html(self) -> str:
        """The page as text."""
        return "".join(root.html() for root in self.roots)

    @cached_property
    def sha256(self) -> str:
        """Hash of the text."""
        return hashlib.sha256(self.html.encode()).hexdigest()

    @classmethod
    def from_html(cls, html: str) -> Observation:
        """From the text form: all that an agent sees is in it.

        Raises:
            ValueError: the text is not that of an observation.
        """
        reader = _Reader()
        reader.feed(html)
        reader.close()
        return cls(tuple(reader.roots()))

    def node(self, ref: int | None) -> Node | None:
        """The element of a number, None where it is not there."""
        return None if ref is None else self._by_ref.get(ref)

    def nodes(self) -> list[Node]:
        """All elements in the order of the page."""
        return list(self._by_ref.values())

    def complexity(self) -> dict[str, int]:
        """Size of the page in characters, elements and levels.

        ``max_subtree`` is the size of the largest element that is not the whole page; on a page of
        panels that is the largest panel.
        """
        return {
            "html_chars": len(self.html),
            "html_nodes": sum(root.size for root in self.roots),
            "max_subtree": max((root.size for root in self.roots), default=0),
            "depth": max((root.depth for root in self.roots), default=0),
        }


def _node(packed: dict[str, Any]) -> Node:
    content = tuple(part if isinstance(part, str) else _node(part) for part in packed["c"])
    return Node(packed["t"], packed["r"], dict(packed["a"]), content)


class _Reader(HTMLParser):
    """Builds the tree of a text that :meth:`Node.html` wrote."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, dict[str, str], list[str | Node]]] = [("", {}, [])]

    def roots(self) -> list[Node]:
        if len(self._open) != 1:
            raise ValueError(f"<{self._open[-1][0]}> is not closed")
        return [part for part in self._open[0][2] if isinstance(part, Node)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        name, attributes, content = self._open.pop()
        if name != tag or not self._open:
            raise ValueError(f"</{tag}> closes <{name}>")
        ref = int(attributes.pop("ref"))
        self._open[-1][2].append(Node(tag, ref, attributes, tuple(content)))

    def handle_data(self, data: str) -> None:
        self._open[-1][2].append(data)


def words(text: str) -> list[str]:
    """Words and signs of a sentence: how its length is counted."""
    return _WORDS.findall(text)
