"""The same element on another page: its number may differ there, what it is does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from pipelines.webagent.page import Seen, ref_of, text_of

_REF = re.compile(r"data-ref\s*[~^$*|]?=\s*\\?[\"']?(\d+)")
_PASSING = frozenset({"data-ref", "value", "checked", "selected", "class", "style"})
"""Attributes that change while somebody acts, or say nothing about what an element is."""

Key = tuple[str, tuple[tuple[str, str], ...], str]


@lru_cache(maxsize=64)
def _elements(html: str) -> dict[Key, list[int]]:
    found: dict[Key, list[int]] = {}
    for element in Seen(html).root.iter():
        if ref := ref_of(element):
            found.setdefault(key_of(element), []).append(ref)
    return found


def key_of(element: Any) -> Key:
    """What an element is: its tag, its lasting attributes, its text that nobody typed."""
    lasting = sorted((k, v) for k, v in element.attrib.items() if k not in _PASSING)
    typed = element.tag == "textarea"
    return element.tag, tuple(lasting), "" if typed else text_of(element)


def same(refs: Sequence[int], there: str, here: str) -> list[list[int]]:
    """Elements of a page that are those of another one.

    Where several elements are alike, as links of a list, the one in the same place among them is
    meant; where the pages have different numbers of them, any.

    Args:
        refs: numbers on the other page.
        there: text of the other page.
        here: text of this page.

    Returns:
        For each number those of the same element here; none where the page lacks it.
    """
    if there == here:
        return [[ref] for ref in refs]
    places = {ref: (key, at) for key, some in _elements(there).items()
              for at, ref in enumerate(some)}  # fmt: skip
    found = []
    for ref in refs:
        key, at = places.get(ref, (None, 0))
        mine = _elements(here).get(key, []) if key else []
        alike = len(_elements(there)[key]) if key else 0
        found.append([mine[at]] if mine and len(mine) == alike else list(mine))
    return found


def numbers_in(program: str) -> frozenset[int]:
    """Numbers of elements that a program names."""
    return frozenset(int(one) for one in _REF.findall(program))


def shows(snippet: str, refs: Iterable[int]) -> bool:
    """Whether one of these elements is in a snippet."""
    return bool(numbers_in(snippet) & set(refs))
