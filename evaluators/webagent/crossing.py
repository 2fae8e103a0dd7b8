"""What planner and summariser are worth, and what other agents differ in: paired by instruction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import polars as pl

from evaluators.webagent.evaluate.context import RANDOM, Found, Subject
from measurand.results import Rows
from measurand.stats.arrays import AnyArray
from measurand.stats.bounded import bounded
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import cluster_mean
from measurand.stats.paired import mcnemar
from schemas.webagent.params import Agent

MEASURES = ("success", "score")
PARTS = ("planner", "plans", "summariser", "shuffled", "writer")
_APART = "no instruction that both tried has two results"


@dataclass(frozen=True)
class Square:
    """Agents with and without the words of a planner, and with and without what it points at.

    Attributes:
        both: who is told and shown.
        plans: told, and shown the page from its beginning.
        summaries: told the instruction, and shown what the planner points at.
        neither: told the instruction, shown the page from its beginning.
    """

    both: Subject
    plans: Subject | None
    summaries: Subject | None
    neither: Subject | None

    @property
    def cells(self) -> tuple[Subject | None, ...]:
        """Neither, planner, summariser, both."""
        return self.neither, self.plans, self.summaries, self.both


def squares(found: Found) -> list[Square]:
    """Every agent that is told and shown by a planner, with those that lack one of it or both."""
    made = []
    for one in found.everyone:
        spec = one.spec
        if spec is None or not _whole(spec):
            continue
        square = Square(
            one,
            _who(found, spec, summariser=False),
            _who(found, spec, plans=False),
            _who(found, spec, planner=None, summariser=False),
        )
        if any(cell is not None for cell in square.cells[:3]):
            made.append(square)
    return made


def pairs(found: Found) -> Iterator[tuple[Subject, Subject]]:
    """Agents to compare: (one, the one that it is held against), each pair once.

    Of a square all edges and its diagonal; what is measured, with nothing taken away, against
    random clicks; besides, agents that differ in one setting alone: a shuffled one after its twin;
    of what is measured, another planner, another writer.
    """
    seen: set[tuple[str, str]] = set()
    for square in squares(found):
        edges = (
            (square.both, square.plans), (square.both, square.summaries),
            (square.both, square.neither), (square.plans, square.neither),
            (square.summaries, square.neither),
        )  # fmt: skip
        for one, other in edges:
            if one and other and (one.agent, other.agent) not in seen:
                seen.add((one.agent, other.agent))
                yield one, other
    chance = found.planned_by(RANDOM)
    for one in found.everyone:
        if chance is not None and one.spec and _whole(one.spec) and not one.is_control:
            yield one, chance
    for one, other in combinations([s for s in found.everyone if s.spec], 2):
        apart = _differing(one, other)
        measured = not one.is_control and not other.is_control
        known = (one.agent, other.agent) in seen or (other.agent, one.agent) in seen
        if apart == ["shuffled"]:
            yield (other, one) if one.spec and one.spec.shuffled else (one, other)
        elif apart in (["planner"], ["writer"]) and not known and measured:
            yield one, other


def difference_rows(found: Found) -> Rows:
    """Paired differences.

    ``success_difference``, ``score_difference``: of the same instructions and seeds, one agent
    minus another (``over``), with clusters of instructions; ``mcnemar``: its exact p.
    ``interaction`` of a square: what the summariser adds with the planner's words minus what it
    adds without them.
    """
    for one, other in pairs(found):
        both = together(one, other)
        parts = {"over": other.agent}
        for name in MEASURES:
            yield one.row(f"{name}_difference", parts, _difference(both, name))
        yield one.row("mcnemar", parts, mcnemar_of(both))
    for square in squares(found):
        for name in MEASURES:
            yield square.both.row(f"{name}_interaction", {}, interaction(square, name))


def together(one: Subject, other: Subject) -> pl.DataFrame:
    """Episodes of both for the same instruction and seed; the other's columns end in ``_other``."""
    keys = ["instruction_id", "seed"]
    columns = [*keys, *MEASURES]
    left, right = one.episodes.select(columns), other.episodes.select(columns)
    return left.join(right, on=keys, suffix="_other").sort(keys)


def _difference(both: pl.DataFrame, name: str) -> Estimate:
    if both.is_empty():
        return undefined(_APART, n=0)
    x = (both[name] - both[f"{name}_other"]).to_numpy()
    return _paired(x, both["instruction_id"].to_numpy(), 1.0)


def mcnemar_of(both: pl.DataFrame) -> Estimate:
    """McNemar's exact p that both succeed equally often; it takes pairs as independent."""
    a, b = both["success"], both["success_other"]
    more, fewer = int(((a == 1) & (b == 0)).sum()), int(((a == 0) & (b == 1)).sum())
    method = f"McNemar, exact; {more} pairs one way, {fewer} the other"
    p = mcnemar(more, fewer)
    if p is None:
        return undefined("no pair differs" if len(both) else _APART, method=method, n=len(both))
    return Estimate(p, method=method, n=len(both), reason="a p value has no interval")


def interaction(square: Square, name: str) -> Estimate:
    """(both - planner alone) - (summariser alone - neither), paired by instruction and seed."""
    if square.plans is None or square.summaries is None or square.neither is None:
        return undefined("a cell of the square was not played", n=0)
    keys = ["instruction_id", "seed"]
    joined = square.both.episodes.select(*keys, both=name)
    for column, who in (("plans", square.plans), ("summaries", square.summaries),
                        ("neither", square.neither)):  # fmt: skip
        joined = joined.join(who.episodes.select(*keys, pl.col(name).alias(column)), on=keys)
    if joined.is_empty():
        return undefined(_APART, n=0)
    joined = joined.sort(keys)
    x = (joined["both"] - joined["plans"] - joined["summaries"] + joined["neither"]).to_numpy()
    return _paired(x, joined["instruction_id"].to_numpy(), 2.0)


def _paired(x: AnyArray, clusters: AnyArray, most: float) -> Estimate:
    found = bounded(cluster_mean(x, clusters), x, clusters, low=-most, high=most)
    return replace(found, method=f"paired difference; {found.method}")


def _whole(spec: Agent) -> bool:
    """Whether an agent is told and shown by a planner, and its elements are the planner's own."""
    told = spec.planner not in (None, RANDOM) and spec.plans
    return told and spec.summariser and not spec.shuffled


def _who(found: Found, spec: Agent, **other: object) -> Subject | None:
    wanted = spec.model_copy(update=other)
    return next(
        (s for s in found.everyone if s.spec and _settings(s.spec) == _settings(wanted)), None
    )


def _settings(spec: Agent) -> tuple[object, ...]:
    return tuple(getattr(spec, part) for part in PARTS)


def _differing(one: Subject, other: Subject) -> list[str]:
    """Settings in which two agents differ."""
    assert one.spec is not None
    assert other.spec is not None
    a, b = _settings(one.spec), _settings(other.spec)
    return [part for part, x, y in zip(PARTS, a, b, strict=True) if x != y]
