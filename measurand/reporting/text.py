"""Numbers and foreign text, made fit for a page or a terminal."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import median_high
from typing import Any

DASH = "—"
MINUS = "−"
_UNSAFE = {
    *(c for c in range(0x20) if c not in (0x09, 0x0A)),  # C0 controls, but tab and newline
    *range(0x7F, 0xA0),  # DEL and C1 controls: terminal escapes
    *range(0x202A, 0x202F),  # bidirectional embedding and override
    *range(0x2066, 0x206A),  # bidirectional isolates
    *range(0xD800, 0xE000),  # lone surrogates cannot be encoded
    0xFFFE,
    0xFFFF,
}
_CLEAN = dict.fromkeys(sorted(_UNSAFE), "\ufffd")


def clean(text: str) -> str:
    """Text without control characters: each becomes U+FFFD, so that it is seen."""
    return text.replace("\r\n", "\n").translate(_CLEAN)


def width_of(text: str) -> int:
    """Columns that a text takes: wide (East Asian) characters count twice, marks not at all."""
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def one_line(text: str) -> str:
    """Clean text with runs of blanks, tabs and line ends made one blank; thin spaces stay."""
    return re.sub(r"[ \t\n\u2028\u2029]+", " ", clean(text)).strip(" ")


def shorten(text: str, columns: int) -> str:
    """One line of at most ``columns`` columns, cut with an ellipsis."""
    line = one_line(text)
    if width_of(line) <= columns:
        return line
    kept = ""
    for char in line:
        if width_of(kept + char) > columns - 1:
            break
        kept += char
    return kept.rstrip() + "…"


def decimals(value: float, lower: float | None = None, upper: float | None = None) -> int:
    """Decimals worth showing.

    With an interval: two significant digits of its half-width (GUM, JCGM 100:2008, 7.2.6), at
    least 0 and at most 4. Without one: three, fewer for large numbers, and never more than the
    number has.
    """
    half = (upper - lower) / 2 if lower is not None and upper is not None else 0.0
    if half > 0:
        return min(max(1 - math.floor(math.log10(half)), 0), 4)
    if value == 0:
        return 0
    own = -int(Decimal(repr(float(value))).normalize().as_tuple().exponent)
    return min(max(3 - max(math.floor(math.log10(abs(value))), 0), 0), 3, max(own, 0))


def common_decimals(figures: Sequence[Mapping[str, Any]]) -> int | None:
    """One number of decimals for figures that stand under each other; None without floats.

    The middle one of what their intervals ask for. Without intervals, what the largest number asks
    for, but enough that the smallest keeps two digits; at most three.
    """
    kept = [f for f in figures if isinstance(f.get("estimate"), float)]
    wide = [decimals(f["estimate"], f.get("lower"), f.get("upper")) for f in kept if _spans(f)]
    if wide:
        return min(median_high(wide), 4)
    sizes = [abs(f["estimate"]) for f in kept if f["estimate"]]
    if not kept or not sizes:
        return 0 if kept else None
    least = 1 - math.floor(math.log10(min(sizes)))
    return min(max(decimals(max(sizes)), least, 0), max(map(decimals, sizes)), 3)


def _spans(figure: Mapping[str, Any]) -> bool:
    lower, upper = figure.get("lower"), figure.get("upper")
    return lower is not None and upper is not None and upper > lower


def number(value: float | None, places: int | None = None) -> str:
    """A number for readers: true minus, thin spaces between thousands, an em dash for null."""
    if value is None:
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        text = f"{abs(value):,}"
    else:
        if value and abs(value) < 0.5 * 10.0 ** -(3 if places is None else places):
            return _tiny(value, places)
        places = decimals(value) if places is None else places
        text = f"{abs(value):,.{places}f}"
        if abs(value) >= 1e9:
            text = f"{abs(value):.3e}"
    return (MINUS if value < 0 else "") + text.replace(",", "\u2009")


def _tiny(value: float, places: int | None) -> str:
    """A number that would be rounded to 0 but is not 0: ``2.7e−05``, in a column ``<0.001``."""
    if places is None:
        return f"{value:.1e}".replace("-", MINUS)
    least = f"{10.0**-places:.{places}f}"
    return f"<{least}" if value > 0 else f">{MINUS}{least}"


def interval(figure: Mapping[str, Any], places: int | None = None) -> str:
    """``0.716 [0.698, 0.733]`` from estimate, lower and upper, any of which may be null."""
    value, lower, upper = (figure.get(key) for key in ("estimate", "lower", "upper"))
    if value is None:
        return DASH
    if places is None:
        places = decimals(value, lower, upper)
    if lower is None and upper is None:
        return number(value, places)
    ends = ", ".join(
        _rounded(end, places) if end is not None else open_end
        for end, open_end in ((lower, MINUS + "∞"), (upper, "∞"))
    )
    return f"{_rounded(value, places)} [{ends}]"


def _rounded(value: float, places: int) -> str:
    """A figure of an interval, which itself says how small is nothing: ``−0.00`` keeps its side."""
    small = value and abs(value) < 0.5 * 10.0**-places
    return (MINUS if value < 0 else "") + f"{0:.{places}f}" if small else number(value, places)
