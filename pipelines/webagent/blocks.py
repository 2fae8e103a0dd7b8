"""What a page of a site is made of, before a theme gives it its looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Option = tuple[str, str]
"""Value and label."""


@dataclass(frozen=True)
class Field:
    """Something to fill in.

    Attributes:
        name: under which it is sent.
        label: what stands beside it.
        kind: which control it is.
        value: what is in it; of ``checks`` values joined by commas.
        options: of lists, radio buttons and check boxes.
    """

    name: str
    label: str
    kind: Literal["text", "area", "password", "select", "checks", "radios"] = "text"
    value: str = ""
    options: tuple[Option, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        """What is ticked."""
        return tuple(self.value.split(",")) if self.value else ()


@dataclass(frozen=True)
class Form:
    """Fields with a button.

    Attributes:
        action: path that it is sent to.
        button: label of its button.
        fields: what to fill in.
        hidden: what is sent besides.
        post: whether it changes something: it then carries a token that is good once.
        heading: above it.
    """

    action: str
    button: str
    fields: tuple[Field, ...] = ()
    hidden: tuple[Option, ...] = ()
    post: bool = False
    heading: str = ""
    is_ = "form"


@dataclass(frozen=True)
class Links:
    """Links side by side: categories, pages of a list, ways of sorting.

    Attributes:
        links: path and label; an empty path is where one is.
        heading: above them.
    """

    links: tuple[Option, ...]
    heading: str = ""
    is_ = "links"


@dataclass(frozen=True)
class Item:
    """An entry of a list.

    Attributes:
        href: path of its own page.
        title: what is clicked.
        facts: label and value.
        text: a few words.
    """

    href: str
    title: str
    facts: tuple[Option, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Items:
    """A list of entries."""

    heading: str
    items: tuple[Item, ...]
    is_ = "items"


@dataclass(frozen=True)
class Article:
    """A record on its own page."""

    heading: str
    facts: tuple[Option, ...]
    text: tuple[str, ...]
    is_ = "article"


@dataclass(frozen=True)
class Talk:
    """What people said: author, text and votes of each."""

    heading: str
    said: tuple[tuple[str, str, int], ...]
    is_ = "talk"


@dataclass(frozen=True)
class Notice:
    """A sentence about what has just been done, or what could not be."""

    text: str
    is_ = "notice"


Block = Form | Links | Items | Article | Talk | Notice


@dataclass(frozen=True)
class Page:
    """A page of a site.

    Attributes:
        title: of the page.
        main: its blocks.
        side: blocks beside them.
    """

    title: str
    main: tuple[Block, ...]
    side: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Go:
    """Another place to go to, after something was done."""

    path: str
