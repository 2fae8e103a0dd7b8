"""Bounds that hold at every look: bets on cluster means, in the order in which they came.

A gate with ``sequential`` may be put to a sample again while it grows: the chance that it ever
passes wrongly stays at alpha. That holds for one sequence only, so clusters seen before keep their
order and new ones follow; see :mod:`measurand.gates.deciding.tries`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from measurand.errors import InputError
from measurand.gates.figures.bounds import Bounds, Direction, EvidenceError, FloatArray, Items
from measurand.sequence import ordered

#: Halvings of the range in search of a bound: to a millionth of it.
HALVINGS = 20


@dataclass(frozen=True)
class Line:
    """Cluster means in the order of the bets.

    Attributes:
        names: name of each cluster.
        means: (G,) mean of each cluster's scores or paired differences.
        n: items behind them.
        low: least value that a mean can have.
        high: greatest value that it can have.
        paired: whether the means are of differences.
    """

    names: tuple[str, ...]
    means: FloatArray
    n: int
    low: float
    high: float
    paired: bool

    def ordered(self, first: Sequence[str]) -> Line:
        """The same line with these clusters first, in this order, and the others as they stood."""
        known = set(first)
        names = (*first, *(x for x in self.names if x not in known))
        place = {name: i for i, name in enumerate(self.names)}
        means = self.means[[place[name] for name in names]]
        return Line(names, means, self.n, self.low, self.high, self.paired)

    def digest(self, length: int) -> str:
        """Hash of the first ``length`` clusters and their means."""
        content = "\n".join(
            f"{name}\t{float(mean)!r}"
            for name, mean in zip(self.names[:length], self.means[:length], strict=True)
        )
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def line_of(sample: Items, low: float, high: float, seed: int | None = None) -> Line:
    """Clusters of a sample, each with the mean of its items.

    Args:
        sample: scores, or paired differences, with names of clusters.
        low: least score of an item.
        high: greatest score of an item.
        seed: of the order in which they were asked (:mod:`measurand.sequence`); by name without.
    """
    n = len(sample.names)
    size = np.bincount(sample.clusters, minlength=n)
    present = np.flatnonzero(size)
    means = np.bincount(sample.clusters, sample.values, minlength=n)[present] / size[present]
    names = tuple(sample.names[i] for i in present)
    if sample.paired:
        low, high = low - high, high - low
    line = Line(names, means, len(sample.values), low, high, sample.paired)
    return line.ordered(sorted(names) if seed is None else ordered(names, seed))


def bounds(
    line: Line,
    *,
    alpha: float,
    confidence: float,
    nulls: Sequence[float],
    null: float,
    better: Direction,
) -> Bounds:
    """Bounds on the mean of cluster means that hold whenever one looks.

    The lower bound is the greatest mean that the bets refute: above each of ``nulls`` exactly where
    that null is refuted at ``alpha``.

    Args:
        line: the sequence.
        alpha: level of each bound.
        confidence: level of the two-sided interval.
        nulls: means that the decision asks about.
        null: what ``p`` is computed against, one of them.
        better: direction of the alternative.

    Raises:
        EvidenceError: ``beyond_range``: a score or a null lies outside the stated range.
    """
    outside = [x for x in nulls if not line.low < x < line.high]
    if outside:
        raise EvidenceError(
            f"{outside[0]:.6g} does not lie within {line.low:g}..{line.high:g}, so no bet on it "
            "can be lost or won",
            code="beyond_range",
            hint="state low and high of a score under sequential",
        )
    bets = _bets(line)
    count = len(line.means)
    mean = float(line.means.mean())
    se = float(line.means.std(ddof=1)) / math.sqrt(count) if count > 1 else None
    tail = (1 - confidence) / 2
    lower, upper = _lower(line, bets, alpha, nulls), _upper(line, bets, alpha, nulls)
    outer = sorted((_lower(line, bets, tail, nulls), _upper(line, bets, tail, nulls)))
    # Bets both ways may have refuted every mean, by luck or by scores that drift. In order, the
    # two bounds then decide only what they agree on.
    flags = ("anytime", "crossed") if lower > upper else ("anytime",)
    lower, upper = sorted((lower, upper))
    return Bounds(
        estimate=mean,
        lower=lower,
        upper=upper,
        ci_lo=outer[0],
        ci_hi=outer[1],
        confidence=confidence,
        se=se,
        sd=None if se is None else se * math.sqrt(line.n),
        p=bets(null, better),
        n=line.n,
        clusters=count,
        method=f"{'paired difference; ' if line.paired else ''}mean of clusters; bets on each in "
        "turn, bounds that hold at every look",
        flags=flags,
    )


#: From a null to the p that holds at any time, of bets on more and of bets on less.
Bets = Callable[[float, Direction], float]


def _bets(line: Line) -> Bets:
    """P values that hold at any time: one over the largest fortune."""
    from measurand.stats.sequential import fortunes

    try:
        more = fortunes(line.means, low=line.low, high=line.high)
        less = fortunes(-line.means, low=-line.high, high=-line.low)
    except InputError as error:
        raise EvidenceError(
            f"{Exception.__str__(error)} ({error.hint})",
            code="beyond_range",
            hint="state low and high of a score under sequential",
        ) from error

    def p(null: float, better: Direction) -> float:
        earned = more(null) if better == "higher" else less(-null)
        return min(1.0, math.exp(-float(earned.max())))

    return p


def _lower(line: Line, bets: Bets, alpha: float, nulls: Sequence[float]) -> float:
    return _edge(lambda x: bets(x, "higher") <= alpha, line.low, line.high, sorted(nulls))


def _upper(line: Line, bets: Bets, alpha: float, nulls: Sequence[float]) -> float:
    mirrored = sorted(-x for x in nulls)
    return -_edge(lambda x: bets(-x, "lower") <= alpha, -line.high, -line.low, mirrored)


def _edge(
    refuted: Callable[[float], bool], low: float, high: float, nulls: Sequence[float]
) -> float:
    """The greatest mean known to be refuted; ``low`` if none is.

    The decision's own nulls are asked first, so that rounding cannot set the bound on the wrong
    side of one: a refuted one is exceeded, one that is not is no more than reached.
    """
    inside, outside = low, high
    for null in nulls:
        if not refuted(null):
            outside = null
            break
        inside = null
    start = inside
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if refuted(middle):
            inside = middle
        else:
            outside = middle
    # Above the null by something, for a rule that asks for more than equality.
    return inside if inside > start or start == low else start + (outside - start) / 2
