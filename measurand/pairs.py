"""Objects of JSON whose keys are given once: the last of two would be taken without a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its pairs, as ``object_pairs_hook`` of :mod:`json` wants it.

    Raises:
        ValueError: a key is given twice, with the key.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} is given twice")
    return found
