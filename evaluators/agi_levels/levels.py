"""From the law of a percentile to a level: what is claimed, what is possible, and why no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from measurand.stats.percentiles import people_needed
from schemas.agi_levels.params import Rules
from schemas.agi_levels.taxonomy import CUTS, FIRST_CUT, NAMES

LEVELS = tuple(range(FIRST_CUT, FIRST_CUT + len(CUTS)))
"""Those that have a cut."""
HIGHEST = LEVELS[-1]
SUPERHUMAN = 5


@dataclass(frozen=True)
class Call:
    """What a placement says of a level.

    Attributes:
        level: claimed, None where none is.
        possible: highest that is possible; None where none is.
        words: the finding: "at least Competent, possibly Expert".
    """

    level: int | None
    possible: int | None
    words: str


def call(
    surely: Sequence[float],
    maybe: Sequence[float],
    rules: Rules,
    *,
    most: int = HIGHEST,
) -> Call:
    """The level that probabilities of the cuts support.

    Args:
        surely: probability of reaching each of ``CUTS``, by what is claimed upon.
        maybe: the same by the most favourable reading; equal but for tables of percentiles.
        rules: when a level is claimed.
        most: highest level that the norm can show at all.
    """
    level = possible = None
    for step, (sure, may) in enumerate(zip(surely, maybe, strict=True)):
        if sure >= rules.claim and FIRST_CUT + step <= most:
            level = FIRST_CUT + step
        if may >= rules.possible:
            possible = FIRST_CUT + step
    return Call(level, possible, in_words(level, possible))


def in_words(level: int | None, possible: int | None) -> str:
    """A finding in words."""
    name = None if level is None else f"{NAMES[level]}"
    if level is None and possible is None:
        return f"below {NAMES[FIRST_CUT]}"
    if level is None or possible is None:
        return f"possibly {NAMES[possible or FIRST_CUT]}, no level shown"
    return f"at least {name}, possibly {NAMES[possible]}" if possible > level else f"{name}"


def shown_by(n: int | None) -> int:
    """Highest level that a sample of n people can show; one below the first where none."""
    if n is None:
        return FIRST_CUT - 1
    return FIRST_CUT - 1 + sum(n >= people_needed(cut) for cut in CUTS)
