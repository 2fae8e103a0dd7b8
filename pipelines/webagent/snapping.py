"""Masks that keep to the markup: spans that end where tags do, or whole elements.

Neither is in the papers that :mod:`pipelines.webagent.corruption` follows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipelines.webagent.corruption import Runs
from pipelines.webagent.html import VOID

_TAG = re.compile(r"<(/?)([^\s<>/]+)[^>]*>")

Ints = npt.NDArray[np.int64]


def edges(html: str, starts: Ints) -> Ints:
    """Tokens at which a tag or a text begins, and the number of tokens.

    Args:
        html: clean HTML.
        starts: (n,) character at which each token begins.
    """
    begins = {at for tag in _TAG.finditer(html) for at in tag.span()}
    found = [k for k, at in enumerate(starts.tolist()) if at in begins or k == 0]
    return np.array([*found, len(starts)], np.int64)


def elements(html: str, starts: Ints) -> list[tuple[int, int]]:
    """Elements as (first token, token after the last), where both are ends of tokens.

    Args:
        html: clean HTML.
        starts: (n,) character at which each token begins.
    """
    token = {at: k for k, at in reversed(list(enumerate(starts.tolist())))}
    token[len(html)] = len(starts)
    found = []
    opened: list[tuple[str, int]] = []
    for tag in _TAG.finditer(html):
        name = tag[2]
        if tag[1]:
            while opened:
                inner, at = opened.pop()
                if inner == name:
                    found.append((at, tag.end()))
                    break
        elif name in VOID:
            found.append(tag.span())
        else:
            opened.append((name, tag.start()))
    ends = [(token.get(first), token.get(last)) for first, last in found]
    return [(a, b) for a, b in ends if a is not None and b is not None and a < b]


def to_tags(runs: Runs, at: Ints) -> Runs:
    """Masks whose ends are moved to the nearest edges.

    A span that would vanish stays as it is; spans that meet become one. Where nothing would be
    left, the masks stay as they are.

    Args:
        runs: masks.
        at: ascending places, from :func:`edges`.
    """
    n = int(runs.masked.sum() + runs.kept.sum())
    stops = np.cumsum(runs.masked + runs.kept[:-1])
    moved: list[list[int]] = []
    for start, stop in zip((stops - runs.masked).tolist(), stops.tolist(), strict=True):
        first, last = _nearest(at, start), _nearest(at, stop)
        if first >= last:
            first, last = start, stop
        if moved and first <= moved[-1][1]:
            moved[-1][1] = max(moved[-1][1], last)
        else:
            moved.append([first, last])
    return runs_of(moved, n, capped=runs.capped) or runs


def _nearest(at: Ints, place: int) -> int:
    k = int(np.searchsorted(at, place))
    around = at[max(0, k - 1) : k + 1]
    return int(around[np.argmin(np.abs(around - place))])


def whole(
    found: Sequence[tuple[int, int]],
    n: int,
    density: float,
    mu: float,
    most: int,
    rng: np.random.Generator,
) -> Runs | None:
    """Masks of whole elements, in random order while there is room; None where none fits.

    Args:
        found: elements as tokens.
        n: tokens.
        density: share of tokens to mask, at most.
        mu: an element has twice as many tokens at most.
        most: most spans.
        rng: generator.
    """
    room = max(1, round(density * n))
    free = np.ones(n + 2, bool)
    taken: list[list[int]] = []
    for k in rng.permutation(len(found)).tolist():
        first, last = found[k]
        if last > n or last - first > min(room, 2 * mu) or len(taken) == most:
            continue
        # Between two spans lies a token at least: the one before and the one after count.
        if free[first : last + 2].all():
            free[first : last + 2] = False
            free[first + 1 : last + 1] = False
            taken.append([first, last])
            room -= last - first
    return runs_of(sorted(taken), n, capped=False)


def runs_of(spans: Sequence[Sequence[int]], n: int, *, capped: bool) -> Runs | None:
    """Spans of tokens as lengths; None where there is no span, or nothing beside them.

    Args:
        spans: ascending, with a token or more between them.
        n: tokens.
        capped: see :class:`pipelines.webagent.corruption.Runs`.
    """
    flat = np.array([0, *(place for span in spans for place in span), n], np.int64)
    lengths = np.diff(flat)
    if not len(spans) or lengths[::2].sum() == 0:
        return None
    return Runs(lengths[1::2], lengths[::2], capped)
