"""Words for figures: which band of a table a value falls into."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from measurand.errors import InputError

Bands = Sequence[tuple[float, str]]

RELIABILITY: Bands = (
    (float("-inf"), "unacceptable"),
    (0.5, "poor"),
    (0.6, "questionable"),
    (0.7, "acceptable"),
    (0.8, "good"),
    (0.9, "excellent"),
)
"""A rule of thumb after George & Mallery; a convention, not a finding."""

CONVERGENT: Bands = (
    (float("-inf"), "very weak"),
    (0.2, "weak"),
    (0.4, "moderate"),
    (0.6, "strong"),
    (0.8, "very strong"),
)
"""A rule of thumb after Evans (1996) for the size of a correlation."""


def band(value: float | None, table: Bands) -> str:
    """The word of the band that holds ``value``; each band starts at its limit, inclusive.

    Args:
        value: the figure; None and NaN give "undefined".
        table: (lower limit, word) with rising limits, the first one -inf.

    Raises:
        InputError: the table is empty, does not start at -inf or does not rise.
    """
    limits = [limit for limit, _ in table]
    rising = all(a < b for a, b in pairwise(limits))
    if not limits or limits[0] != float("-inf") or not rising:
        raise InputError("a band table must start at -inf and rise", hint=f"its limits: {limits}")
    if value is None or value != value:
        return "undefined"
    return [word for limit, word in table if value >= limit][-1]
