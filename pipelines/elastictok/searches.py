"""How few tokens reach an error: searches over the number of tokens of one block.

A search is a generator that yields numbers of tokens to try, is sent their errors, and returns what
it found, so that many blocks can be searched in one forward pass. Feasible means an error at most
the threshold. Yan et al. 2024 (arXiv 2410.08368) for full, binned, binary search and regression;
the released binary search drops a feasible middle and returns its last probe, which misses the
threshold on strictly falling curves, so here the upper end is feasible at all times.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np

from measurand.errors import InputError


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        n: tokens to use.
        error: error with them.
        feasible: whether that is within the threshold.
        evaluations: numbers of tokens tried.
    """

    n: int
    error: float
    feasible: bool
    evaluations: int


@dataclass(frozen=True)
class Range:
    """Numbers of tokens that may be used.

    Attributes:
        minimum: fewest.
        maximum: most.
        default: used where nothing tried is feasible.

    Raises:
        InputError: not 1 <= minimum <= maximum, or a default outside.
    """

    minimum: int
    maximum: int
    default: int

    def __post_init__(self) -> None:
        if not 1 <= self.minimum <= self.maximum or not self.default >= 1:
            raise InputError(f"no range of tokens: {self}", hint="1 <= minimum <= maximum")


Search = Generator[list[int], list[float], Found]


def full(span: Range, threshold: float) -> Search:
    """Every number of tokens; the smallest feasible one."""
    return _smallest(list(range(span.minimum, span.maximum + 1)), span, threshold)


def binned(span: Range, threshold: float, bins: int = 100) -> Search:
    """``bins`` numbers of tokens spaced evenly in their logarithm; the smallest feasible one."""
    points = np.geomspace(span.minimum, span.maximum, bins)
    return _smallest(sorted({int(n) for n in np.rint(points)}), span, threshold)


def binary(span: Range, threshold: float) -> Search:
    """Lower bound by halving: the smallest feasible number where errors fall with tokens.

    On any curve the answer is feasible if anything tried was. At most
    ceil(log2(maximum - minimum + 1)) + 1 evaluations, one more where nothing is feasible and the
    default is not the maximum.
    """
    low, high = span.minimum, span.maximum + 1  # high is feasible, or beyond the end
    errors: dict[int, float] = {}
    while low < high:
        middle = (low + high) // 2
        [errors[middle]] = yield [middle]
        if errors[middle] <= threshold:
            high = middle
        else:
            low = middle + 1
    if high in errors:
        return Found(high, errors[high], True, len(errors))
    return (yield from _fallback(span, threshold, errors))


def regression(span: Range, threshold: float, predicted: float) -> Search:
    """One evaluation, at the number of tokens that a regression predicted."""
    n = int(np.clip(np.ceil(predicted), span.minimum, span.maximum))
    [error] = yield [n]
    return Found(n, error, error <= threshold, 1)


def _smallest(points: list[int], span: Range, threshold: float) -> Search:
    errors = dict(zip(points, (yield points), strict=True))
    for n in points:
        if errors[n] <= threshold:
            return Found(n, errors[n], True, len(errors))
    return (yield from _fallback(span, threshold, errors))


def _fallback(span: Range, threshold: float, errors: dict[int, float]) -> Search:
    """The default number of tokens, tried if it was not."""
    if span.default not in errors:
        [errors[span.default]] = yield [span.default]
    error = errors[span.default]
    return Found(span.default, error, error <= threshold, len(errors))


def run(
    searches: Sequence[Search],
    evaluate: Callable[[list[tuple[int, int]]], list[float]],
) -> list[Found]:
    """Run searches side by side.

    Args:
        searches: one a block.
        evaluate: errors of (number of the search, tokens) pairs; called with all that are asked
            at a time.

    Returns:
        What each found, in order.
    """
    found: dict[int, Found] = {}
    asked = {i: next(search) for i, search in enumerate(searches)}
    while asked:
        pairs = [(i, n) for i, points in asked.items() for n in points]
        errors = dict(zip(pairs, evaluate(pairs), strict=True))
        following: dict[int, list[int]] = {}
        for i, points in asked.items():
            try:
                following[i] = searches[i].send([errors[i, n] for n in points])
            except StopIteration as stop:
                found[i] = stop.value
        asked = following
    return [found[i] for i in range(len(searches))]
