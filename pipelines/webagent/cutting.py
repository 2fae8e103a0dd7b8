"""Parts of pages: subtrees around elements that label something."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.webagent.html import Page

LABELS = frozenset(
    {"a", "button", "h1", "h2", "h3", "h4", "h5", "h6", "input", "label", "option", "th"}
)


class Part(NamedTuple):
    """A subtree: its first piece and the one after its last, words and signs, a label's tag."""

    first: int
    last: int
    symbols: int
    label: str


def subtrees(page: Page, least: int, most: int) -> list[Part]:
    """The smallest subtree that is long enough around every label, each once.

    A label has none where the smallest one with ``least`` words and signs has more than ``most``.

    Args:
        page: a page.
        least: fewest words and signs (:func:`pipelines.webagent.html.count`) of a subtree.
        most: most of them.

    Returns:
        Subtrees in the order of their first labels; one may lie within another.
    """
    found: dict[int, Part] = {}
    # Parents come before children: the smallest element that is long enough around each.
    around: list[int] = []
    for at, element in enumerate(page.elements):
        size = page.symbols[element.last] - page.symbols[element.first]
        above = around[element.parent] if element.parent >= 0 else -1
        around.append(at if size >= least else above)
        if element.tag not in LABELS or around[at] < 0:
            continue
        one = page.elements[around[at]]
        size = page.symbols[one.last] - page.symbols[one.first]
        if size <= most:
            found.setdefault(around[at], Part(one.first, one.last, size, element.tag))
    return list(found.values())


def thinned(parts: list[Part], most: int) -> list[Part]:
    """At most so many of the parts, evenly over their order."""
    if len(parts) <= most:
        return parts
    return [parts[i * len(parts) // most] for i in range(most)]
