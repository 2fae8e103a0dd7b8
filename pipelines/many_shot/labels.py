"""Words for the classes: as they are, each class under another's word, or words without meaning."""

from __future__ import annotations

import string
from collections.abc import Sequence

from measurand.errors import InputError, ParamsError


def words(options: Sequence[str], label_map: str) -> tuple[str, ...]:
    """The word of each class, in the order of the classes.

    Source: Agarwal et al. 2024, section 5 (flipped and abstract labels). Flipping rotates the words
    by one, which is a swap for two classes and leaves no class its own word.

    Args:
        options: the task's own words.
        label_map: ``default``, ``flipped`` or ``abstract`` (A, B, C ...).

    Raises:
        InputError: unknown map.
        ParamsError: abstract words for more than 26 classes, or for classes named so already.
    """
    if label_map == "default":
        return tuple(options)
    if label_map == "flipped":
        return (*options[1:], options[0])
    if label_map != "abstract":
        raise InputError(f"unknown label map {label_map!r}", hint="default, flipped or abstract")
    letters = tuple(string.ascii_uppercase[: len(options)])
    if len(options) > len(letters) or set(letters) & set(options):
        raise ParamsError(
            f"classes {', '.join(options)} cannot be renamed A, B, C ...",
            hint="leave out label_map: abstract for this task",
        )
    return letters
