"""Cells of a matrix of numbers, and the scale of their colours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from measurand.reporting import svg
from measurand.reporting.text import MINUS, number


def cell(
    value: float | None, x: float, y: float, size: tuple[float, float], extent: float
) -> Markup:
    """A coloured cell with its number; a dash where there is none."""
    middle = x + size[0] / 2, y + size[1] / 2 + 4
    if value is None:
        return svg.text(*middle, "—", at="middle", class_="tick")
    share = min(abs(value) / extent, 1.0)
    fill = svg.element(
        "rect", x=x + 0.5, y=y + 0.5, width=size[0] - 1, height=size[1] - 1,
        class_="plus" if value >= 0 else "less", fill_opacity=share,
    )  # fmt: skip
    return fill + svg.text(*middle, short(value), at="middle", class_="cell")


def short(value: float) -> str:
    """A correlation in two decimals without its leading zero: .72, −.05, 1.00."""
    words = f"{abs(value):.2f}"
    words = words[1:] if words.startswith("0") else words
    return (MINUS if value < 0 and float(words) else "") + words


def scale_key(x: float, y: float, extent: float, ends: tuple[float, float], axis: str) -> Markup:
    """The colour scale with its numbers, from one end to the other in units of the extent."""
    steps = 40
    low, high = ends
    size = 200 / steps
    middles = [low + (high - low) * (i + 0.5) / steps for i in range(steps)]
    parts = [
        svg.element(
            "rect", x=x + i * size, y=y, width=size, height=8,
            class_="plus" if middle >= 0 else "less", fill_opacity=abs(middle),
        )
        for i, middle in enumerate(middles)
    ]  # fmt: skip
    for share in sorted({low, 0.0, high}):
        at = x + 200 * (share - low) / (high - low)
        words = number(round(share * extent)) if extent == 1 else short(share * extent)
        parts.append(svg.text(at, y + 22, words, at="middle", class_="tick"))
    parts.append(svg.text(x + 216, y + 9, axis, class_="tick"))
    return Markup("").join(parts)


def ends_of(data: Mapping[str, Any]) -> tuple[float, float]:
    """Ends of the scale in units of the extent: shares have none below 0."""
    return (0.0, 1.0) if data.get("range") == "share" else (-1.0, 1.0)
