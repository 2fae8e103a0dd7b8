"""Whether what was trained learned anything of its own training data: one sentence for all."""

from __future__ import annotations

import math
from collections.abc import Mapping

Pair = tuple[float | None, float | None]


def learned(measure: str, reference: str, parts: Mapping[str, Pair]) -> str:
    """A sentence that names every part that did not learn.

    Args:
        measure: what is compared, where less is better: "Error on training data".
        reference: what a part that learned is below: "a constant".
        parts: by name, a part's own figure and that of the reference; None where one is unknown.

    Returns:
        Nothing where there are no parts.
    """
    if not parts:
        return ""
    known = {k: (a, b) for k, (a, b) in parts.items() if a is not None and b is not None}
    failed = [
        f"{name} ({own:.3g} against {other:.3g})"
        for name, (own, other) in known.items()
        if not (math.isfinite(own) and own < other)
    ]
    words = [f"{measure} against {reference}: {len(known) - len(failed)} of {len(parts)} learned."]
    if failed:
        words.append(f"**Learned nothing of their own training data: {', '.join(failed)}.**")
    if unknown := [name for name in parts if name not in known]:
        words.append(f"Not known: {', '.join(unknown)}.")
    return " ".join(words)
