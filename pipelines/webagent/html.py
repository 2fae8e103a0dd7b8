"""Pages as clean HTML: a flat list of pieces, and the elements that they make up.

Parsed by lxml (libxml2: tokens by the rules of HTML5, any input, no recursion, time and memory in
proportion to the page). Its trees of badly nested markup are not always those of a browser; what
is written from them is well formed. A page deeper than libxml2's 2,048 elements is refused, since
the rest of it would be lost without a word.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from measurand.errors import InputError

KEPT = frozenset(
    {
        "action", "alt", "aria-checked", "aria-expanded", "aria-label", "aria-labelledby",
        "aria-selected", "checked", "class", "colspan", "data-ref", "disabled", "for",
        "href", "id", "label", "max", "maxlength", "method", "min", "multiple", "name", "open",
        "pattern", "placeholder", "readonly", "required", "role", "rowspan", "selected", "src",
        "step", "tabindex", "title", "type", "value",
    }
)  # fmt: skip
"""Attributes that are kept: what says what an element is, or holds a state that an agent sees."""
_FLAGS = frozenset({"checked", "disabled", "multiple", "open", "readonly", "required", "selected"})
_DROPPED = frozenset(
    {"base", "iframe", "link", "meta", "noscript", "object", "script", "style", "template"}
)
_EMPTIED = frozenset({"canvas", "svg", "math"})
"""Elements of which the start and the end alone are kept: a picture's paths say nothing."""
_VERBATIM = frozenset({"pre", "textarea"})
VOID = frozenset(
    {"area", "br", "col", "embed", "frame", "hr", "img", "input", "param", "source", "track", "wbr"}
)
LONGEST_VALUE = 256
"""Characters of an attribute's value that are kept."""
MOST_ELEMENTS = 500_000
"""Elements of a page; one of more is refused, since each takes a hundred times its bytes."""
_SPACE = re.compile(r"[ \t\n\r\f]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{200,}={0,2}")
_SYMBOL = re.compile(r"\w+|[^\w\s]")
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w-]+)""", re.I)
_KNOWN = re.compile(
    r"utf-8|iso-8859-\d+|windows-125\d|koi8-[ru]|gbk|gb2312|gb18030|big5|euc-(jp|kr)|shift_jis"
)
_LATIN = frozenset({"iso-8859-1", "iso-8859-9", "us-ascii", "ascii", "latin1"})
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_UNMARKED = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
"""How a page of two bytes a character begins without a mark."""
_BOUND = 0.01
"""Share of characters that are no text from which a file is taken for something else."""


class PageError(InputError):
    """A page cannot be used; its code says why in a word."""

    code = "bad_page"


class Element(NamedTuple):
    """An element: its tag, its pieces ``first`` up to before ``last``, its parent's index or -1."""

    tag: str
    first: int
    last: int
    parent: int


@dataclass(frozen=True)
class Page:
    """Clean HTML.

    Attributes:
        pieces: start tags, texts and end tags, in their order.
        elements: in the order of their start tags.
        symbols: one longer than ``pieces``: words and signs before each piece, and in all.
    """

    pieces: Sequence[str]
    elements: Sequence[Element]
    symbols: Sequence[int]

    def html(self, first: int = 0, last: int | None = None) -> str:
        """The text of some pieces, of all by default."""
        return "".join(self.pieces[first:last])


def decode(data: bytes, said: str = "") -> tuple[str, str]:
    """Text and encoding of a page: its mark, what is said of it, UTF-8, or Windows-1252.

    Args:
        data: the page.
        said: the encoding that its server named; "" for what the page says of itself.

    Raises:
        PageError: code ``empty`` or ``binary``.
    """
    if not data.strip(b" \t\r\n\0"):
        raise PageError("there is no text in it", code="empty")
    mark, encoding = next(((m, e) for m, e in _MARKS if data.startswith(m)), (b"", ""))
    if not mark:
        guess = next((e for m, e in _UNMARKED if data.startswith(m)), None)
        encoding = guess or _declared(data, said)
    text = data[len(mark) :].decode(encoding, "replace")
    strange = len(_CONTROL.findall(text)) + text.count("\ufffd")
    if strange > _BOUND * len(text):
        raise PageError(f"{strange} of {len(text)} characters are no text", code="binary")
    return text, encoding


def _declared(data: bytes, said: str) -> str:
    inside = _CHARSET.search(data[:4096])
    name = said or (inside[1].decode("ascii", "replace").lower() if inside else "")
    if name in _LATIN:
        return "cp1252"
    if name != "utf-8" and _is_known(name):
        return name
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        # A file that is mostly UTF-8 is a damaged one.
        lost = data.decode("utf-8", "replace").count("\ufffd")
        return "utf-8" if name == "utf-8" and lost < _BOUND * len(data) else "cp1252"
    return "utf-8"


def _is_known(encoding: str) -> bool:
    """Whether pages may be in it, and Python knows it: not all numbers of a family exist."""
    try:
        return bool(_KNOWN.fullmatch(encoding) and codecs.lookup(encoding))
    except LookupError:
        return False


def parse(text: str) -> Page:
    """Clean HTML of a page, or of a part of one.

    Scripts, styles, comments, frames' contents, pictures' paths and base64 are left out, attributes
    that are not in :data:`KEPT` too; white space is one blank but in ``pre`` and ``textarea``.

    Raises:
        PageError: code ``empty``: there is no element; ``too_deep``; ``too_large``.
    """
    from lxml import etree

    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, no_network=True
    )
    text = text.replace("\r\n", "\n")
    try:
        root = etree.fromstring(_CONTROL.sub(" ", text).encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PageError(f"there is no element in it: {error}", code="empty") from error
    if root is None:
        raise PageError("there is no element in it", code="empty")
    if parser.error_log.filter_from_fatals():
        raise PageError("its elements are nested deeper than 2,048", code="too_deep")
    written = _Writer()
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if event == "start":
            if not written.start(element):
                walk.skip_subtree()
            if len(written.spans) > MOST_ELEMENTS:
                raise PageError(f"it has more than {MOST_ELEMENTS} elements", code="too_large")
        else:
            written.end(element)
    return written.page()


@dataclass
class _Writer:
    """What is written of a page on the way through it."""

    pieces: list[str] = field(default_factory=list)
    spans: list[list[int]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    verbatim: int = 0

    def start(self, element: Any) -> bool:
        """Write a start tag; whether what is inside counts."""
        tag = element.tag
        if tag in _DROPPED:
            return False
        parent = self.open[-1] if self.open else -1
        self.open.append(len(self.spans))
        self.spans.append([len(self.pieces), -1, parent])
        self.tags.append(tag)
        self.pieces.append(f"<{tag}{_attributes(element)}>")
        if tag in _EMPTIED or tag in VOID:
            return False
        self.verbatim += tag in _VERBATIM
        self.text(element.text)
        return True

    def end(self, element: Any) -> None:
        """Write an end tag, and the text after it."""
        tag = element.tag
        if tag not in _DROPPED:
            self.verbatim -= tag in _VERBATIM
            if tag not in VOID:
                self.pieces.append(f"</{tag}>")
            self.spans[self.open.pop()][1] = len(self.pieces)
        if self.open:
            self.text(element.tail)

    def text(self, text: str | None) -> None:
        """Write a text, unless it is white space."""
        if not text or not text.strip():
            return
        if len(text) >= 200:
            text = _BASE64.sub("", text)
        text = text.replace("\r", "\n") if self.verbatim else _SPACE.sub(" ", text)
        self.pieces.append(_escaped(text))

    def page(self) -> Page:
        """The page so far."""
        symbols = [0]
        for piece in self.pieces:
            symbols.append(symbols[-1] + count(piece))
        elements = [Element(t, *s) for t, s in zip(self.tags, self.spans, strict=True)]
        return Page(self.pieces, elements, symbols)


def count(html: str) -> int:
    """Words and signs of a text: a length that depends on no tokenizer."""
    return len(_SYMBOL.findall(html))


def _attributes(element: Any) -> str:
    said = []
    for name, value in element.items():
        if name not in KEPT or (name in ("src", "href") and value.lstrip().startswith("data:")):
            continue
        if name in _FLAGS:
            said.append(f" {name}")
        elif value := _SPACE.sub(" ", value).strip()[:LONGEST_VALUE]:
            said.append(f' {name}="{_escaped(value).replace(chr(34), "&quot;")}"')
    return "".join(said)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
