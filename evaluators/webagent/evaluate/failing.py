"""Where failed episodes first part from the oracle's, by kind and by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evaluators.webagent.evaluate.context import ORACLE, Found, Row, Subject
from evaluators.webagent.evaluate.walking import KINDS, Deviation, Walk, walk
from measurand.results import Rows
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import proportion
from measurand.stats.resample import rng_for

Pair = tuple[str, int]
"""Instruction and seed."""


@dataclass(frozen=True)
class Walks:
    """Every agent's episodes beside the oracle's.

    Attributes:
        found: all that was read.
    """

    found: Found

    @cached_property
    def references(self) -> Mapping[Pair, list[Row]]:
        """The oracle's steps by instruction and seed, where it succeeded."""
        oracle = self.found.planned_by(ORACLE)
        if oracle is None:
            return {}
        rows = oracle.episodes.filter(success=1.0).to_dicts()
        return {_pair(row): list(oracle.steps[row["episode_id"]]) for row in rows}

    @cached_property
    def _known(self) -> dict[str, Mapping[str, Walk]]:
        return {}

    def of(self, subject: Subject) -> Mapping[str, Walk]:
        """Walks of an agent's episodes that have a result and a reference, by episode."""
        if subject.agent not in self._known:
            spec = subject.spec
            planned = spec is None or (spec.planner is not None and spec.plans)
            self._known[subject.agent] = {
                row["episode_id"]: walk(
                    subject.steps[row["episode_id"]],
                    self.references[_pair(row)],
                    row["ending"],
                    planned=planned,
                )
                for row in subject.episodes.to_dicts()
                if _pair(row) in self.references
            }
        return self._known[subject.agent]

    def failures(self, subject: Subject) -> dict[str, Deviation]:
        """First deviations of its failed episodes, by episode."""
        failed = subject.episodes.filter(success=0.0)["episode_id"].to_list()
        every = self.of(subject)
        return {
            name: deviation
            for name in failed
            if name in every and (deviation := every[name].deviation) is not None
        }


def failure_rows(subject: Subject, walks: Walks) -> Rows:
    """``failure_share``: of all episodes, by kind of the first deviation, and by rule within it.

    ``failure_unknown``: failed episodes without a successful one of the oracle to go by.
    """
    n = len(subject.episodes)
    failures = walks.failures(subject)
    kinds = Counter(one.kind for one in failures.values())
    for kind in KINDS:
        yield subject.row("failure_share", {"kind": kind}, _share(kinds[kind], n, walks))
    rules = Counter((one.kind, one.rule) for one in failures.values())
    for (kind, rule), count in sorted(rules.items()):
        if rule != kind:
            parts = {"kind": kind, "rule": rule}
            yield subject.row("failure_share", parts, _share(count, n, walks))
    failed = int((subject.episodes["success"] == 0).sum())
    unknown = failed - len(failures)
    found = proportion(unknown, n) if n else undefined("no episode has a result", n=0)
    yield subject.row("failure_unknown", {}, found)


def _share(count: int, n: int, walks: Walks) -> Estimate:
    if not n:
        return undefined("no episode has a result", n=0)
    if not walks.references:
        return undefined("the oracle did not act, so there is nothing to part from", n=0)
    return proportion(count, n)


def by_hand(walks: Walks, most: int) -> list[Row]:
    """Failures drawn at random to be checked by hand, the same ones every time.

    Controls are left out where there is anything else.

    Args:
        walks: of all agents.
        most: how many.

    Returns:
        ``episode``, ``deviation`` and, where it has one, the ``step`` row of each.
    """
    everyone = walks.found.everyone
    some = [one for one in everyone if not one.is_control] or list(everyone)
    pool: list[tuple[Subject, Row, Deviation]] = []
    for subject in some:
        rows = {row["episode_id"]: row for row in subject.episodes.to_dicts()}
        failures = walks.failures(subject)
        pool += [(subject, rows[name], one) for name, one in sorted(failures.items())]
    rng = rng_for("webagent by hand", walks.found.params.report.seed)
    drawn = sorted(rng.permutation(len(pool))[:most].tolist())
    return [_shown(*pool[at]) for at in drawn]


def _shown(subject: Subject, episode: Row, deviation: Deviation) -> dict[str, Any]:
    steps = subject.steps[episode["episode_id"]]
    step = steps[deviation.step] if deviation.step < len(steps) else None
    return {"episode": episode, "deviation": deviation, "step": step}


def _pair(row: Row) -> Pair:
    return row["instruction_id"], row["seed"]
