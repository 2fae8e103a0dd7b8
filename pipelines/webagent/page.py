"""A page as its text says it: elements by what people call them, and snippets around elements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

from pipelines.webagent.html import VOID, count

LANDMARKS = frozenset({"main", "nav", "form", "section", "article", "header", "footer", "aside"})
_FIELDS = "input", "select", "textarea"
_CLICKED = ("submit", "button", "image", "reset")
_TICKED = ("checkbox", "radio")


@dataclass(frozen=True)
class Hit:
    """An element that was looked for.

    Attributes:
        ref: its number, 0 where the page has no numbers.
        label: number of the element that names it, where that is another one.
        element: of lxml.
    """

    ref: int
    label: int | None
    element: Any


class Seen:
    """The text of a page, or of a part of one.

    Args:
        html: its text; elements have their numbers in ``data-ref``.
    """

    def __init__(self, html: str) -> None:
        self.html = html

    @cached_property
    def root(self) -> Any:
        """Its outermost element, of lxml."""
        from lxml import etree
        from lxml import html as reader

        try:
            return reader.document_fromstring(self.html or "<p></p>")
        except (etree.ParserError, ValueError):
            return reader.document_fromstring("<p></p>")

    @cached_property
    def refs(self) -> frozenset[int]:
        """The numbers of its elements."""
        return frozenset(filter(None, map(ref_of, self.root.iter())))

    def field(self, label: str) -> Hit | None:
        """The field to type into, or the list to choose from, that is called so."""
        return self._named(
            label,
            (
                e
                for e in self.root.iter(*_FIELDS)
                if e.get("type") not in (*_CLICKED, *_TICKED, "hidden")
            ),
        )

    def box(self, label: str, group: str = "") -> Hit | None:
        """The check box or radio button that is called so.

        Args:
            label: what it is called.
            group: what the group that it stands in is called; any by default.
        """
        boxes = (e for e in self.root.iter("input") if e.get("type") in _TICKED)
        return self._named(label, (e for e in boxes if not group or self._stands_in(e, group)))

    def button(self, label: str) -> Hit | None:
        """The button that is called so."""
        for element in self.root.iter("button", "input"):
            said = element.get("value") if element.tag == "input" else text_of(element)
            kind = element.get("type") or ("submit" if element.tag == "button" else "")
            if kind in _CLICKED and _same(said, label):
                return Hit(ref_of(element), None, element)
        return None

    def link(self, label: str) -> Hit | None:
        """The link that is called so."""
        for element in self.root.iter("a"):
            if element.get("href") and _same(text_of(element), label):
                return Hit(ref_of(element), None, element)
        return None

    def element(self, ref: int) -> Any | None:
        """The element of a number."""
        found = self.root.xpath(f'//*[@data-ref="{int(ref)}"]')
        return found[0] if found else None

    def snippet(self, refs: Iterable[int], tokens: int) -> str:
        """The elements of some numbers with what they stand in, up to the nearest landmark.

        Args:
            refs: numbers; those that are not on the page are left out.
            tokens: longest snippet, in words and signs; what does not fit any more is left out.
        """
        named = {element for ref in refs if (element := self.element(ref)) is not None}
        kept, tops = set(named), []
        for element in named:
            above = element
            while above.tag not in LANDMARKS and above.getparent() is not None:
                above = above.getparent()
                kept.add(above)
            if above not in tops:
                tops.append(above)
        outer = [top for top in tops if not any(a in tops for a in top.iterancestors())]
        order = {element: n for n, element in enumerate(self.root.iter())}
        written = _Written(kept, named, tokens)
        for top in sorted(outer, key=lambda e: order[e]):
            written.element(top, whole=False)
        return "".join(written.parts)

    def _named(self, label: str, elements: Iterable[Any]) -> Hit | None:
        for element in elements:
            for said, ref in self.names(element):
                if _same(said, label):
                    return Hit(ref_of(element), ref, element)
        return None

    def names(self, element: Any) -> Iterable[tuple[str | None, int | None]]:
        """What an element is called, and the number of what says so."""
        own = element.get("id")
        for label in self._labels.get(own, ()) if own else ():
            yield text_of(label), ref_of(label)
        said = element.get("aria-labelledby")
        if said and (label := self._ids.get(said)) is not None:
            yield text_of(label), ref_of(label)
        for above in element.iterancestors("label"):
            first = next((e for e in above.iter("span")), above)
            yield text_of(first), ref_of(above)
        for key in ("aria-label", "placeholder", "title"):
            yield element.get(key), None

    def _stands_in(self, element: Any, group: str) -> bool:
        return any(
            _same(text_of(part), group)
            for above in element.iterancestors("fieldset", "div", "tr")
            for part in above
        )

    @cached_property
    def _labels(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for label in self.root.iter("label"):
            if label.get("for"):
                found.setdefault(label.get("for"), []).append(label)
        return found

    @cached_property
    def _ids(self) -> dict[str, Any]:
        return {element.get("id"): element for element in self.root.iter() if element.get("id")}


def ref_of(element: Any) -> int:
    """An element's number, 0 where it has none."""
    said = element.get("data-ref") if isinstance(element.tag, str) else None
    return int(said) if said and said.isdigit() else 0


def text_of(element: Any) -> str:
    """All text inside an element."""
    return " ".join("".join(element.itertext()).split())


def _same(one: str | None, other: str) -> bool:
    return one is not None and " ".join(one.split()) == other


class _Written:
    """Writes a part of a tree within a budget of words and signs."""

    def __init__(self, kept: set[Any], named: set[Any], tokens: int) -> None:
        self.parts: list[str] = []
        self._kept, self._named, self._left = kept, named, tokens

    def element(self, element: Any, *, whole: bool) -> None:
        """Write an element: whole, or only what leads to the elements that were named."""
        whole = whole or element in self._named
        start = _start(element)
        ends = "" if element.tag in VOID else f"</{element.tag}>"
        if not self._spend(start + ends):
            return
        self.parts.append(start)
        if whole:
            self._text(element.text)
        for child in element:
            if isinstance(child.tag, str) and (whole or child in self._kept):
                self.element(child, whole=whole)
            if whole:
                self._text(child.tail)
        self.parts.append(ends)

    def _text(self, text: str | None) -> None:
        said = " ".join((text or "").split())
        if said and self._spend(said):
            self.parts.append(escape(said, False))

    def _spend(self, text: str) -> bool:
        self._left -= count(text)
        return self._left >= 0


def _start(element: Any) -> str:
    words = [element.tag, *(f'{k}="{escape(v)}"' for k, v in element.attrib.items())]
    return f"<{' '.join(words)}>"
