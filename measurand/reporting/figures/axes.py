"""Where numbers that were set stand: evenly, or by their logarithm with a place for zero."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from measurand.reporting import svg
from measurand.reporting.text import number

TICK_GAP = 5.0
"""Least pixels between the labels of two ticks."""

LOGS: dict[str, Callable[[float], float]] = {
    "linear": float,
    "log2": math.log2,
    "log10": math.log10,
}
"""Scales by name."""


@dataclass(frozen=True)
class Axis:
    """Where the numbers that were set stand, in pixels.

    Attributes:
        values: distinct numbers, ascending.
        scale: ``linear``, ``log2`` or ``log10``.
        start: pixel of the first.
        end: pixel of the last.
    """

    values: tuple[float, ...]
    scale: str
    start: float
    end: float

    @property
    def broken(self) -> bool:
        """Whether zero stands apart from a logarithmic scale."""
        return self.scale != "linear" and self.values[0] <= 0 and len(self.values) > 1

    def __call__(self, x: float) -> float:
        """Pixel of a number."""
        places = [self._place(v) for v in self.values]
        return svg.Scale(places[0], places[-1], self.start, self.end)(self._place(x))

    def _place(self, x: float) -> float:
        if self.scale == "linear":
            return x
        above = [v for v in self.values if v > 0]
        log = LOGS[self.scale]
        if x > 0 or not above:
            return log(x) if x > 0 else 0.0
        return log(above[0]) - max((log(above[-1]) - log(above[0])) / 5, 0.7)

    def ticks(self) -> list[float]:
        """Numbers with room for their label: the last always, then from the left."""
        kept: list[float] = []
        end = self(self.values[-1]) - tick_width(self.values[-1]) / 2
        last = -math.inf
        for value in self.values[:-1]:
            at, half = self(value), tick_width(value) / 2
            if at - half - last >= TICK_GAP and end - at - half >= TICK_GAP:
                kept.append(value)
                last = at + half
        return [*kept, self.values[-1]]


def tick_words(x: float) -> str:
    """Label of a number that was set."""
    return number(round(x)) if x == round(x) else number(x, 2)


def tick_width(x: float) -> float:
    """Pixels that its label takes, in any common font."""
    return svg.label_width([tick_words(x)])
