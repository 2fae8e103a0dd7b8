"""What was read and what was not: every file given, and every part of it that was left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

KINDS = ("file", "task", "model", "metric", "item", "sample", "value", "column", "cell")


@dataclass(frozen=True)
class Left:
    """Something that was given and does not stand in the figures, or in another way.

    Attributes:
        kind: one of ``KINDS``.
        name: which one.
        why: the reason.
        n: how many values, samples or items it stands for.
        told: what the log itself says of it, where it does.
    """

    kind: str
    name: str
    why: str
    n: int = 1
    told: float | None = None


@dataclass(frozen=True)
class States:
    """What became of the samples of one log; both denominators.

    Attributes:
        log: name of the log.
        planned: samples that the run was to have; None where the log does not say.
        seen: samples in the log.
        scored: samples with a score that counts.
        parts: how many samples were in which state, such as ``error, scored``.
    """

    log: str
    planned: int | None
    seen: int
    scored: int
    parts: Mapping[str, int]


@dataclass(frozen=True)
class Own:
    """A figure that a log states of itself, to hold against the one made of its items.

    Attributes:
        log: name of the log.
        model: model, as in the rows.
        task: task, as in the rows.
        metric: metric, as in the rows.
        name: the log's name for the figure.
        value: the figure.
    """

    log: str
    model: str
    task: str
    metric: str
    name: str
    value: float


@dataclass(frozen=True)
class Measure:
    """How a harness makes one figure of the values of a metric.

    Attributes:
        higher_is_better: direction; None where the log does not say.
        exponential: whether the figure is exp of the mean, as perplexity is of nats.
        shown: name of that figure, where it is not the mean.
    """

    higher_is_better: bool | None = None
    exponential: bool = False
    shown: str = ""


@dataclass(frozen=True)
class Group:
    """Tasks that the harness, or the user, takes as one.

    Attributes:
        name: name of the group.
        tasks: its tasks, as in the rows.
    """

    name: str
    tasks: tuple[str, ...]


@dataclass
class Account:
    """Everything that was given, used or left out.

    Attributes:
        read: (file, rows) of what was read.
        left: what was not, and why.
        states: samples of each log by state.
        own: figures of the logs themselves.
        measures: how the figure of (task, metric) is made, where that is known.
        groups: tasks that belong together.
        understood: how a file was read where it could be read in several ways.
        columns: columns of plain tables and what they are taken for.
    """

    read: list[tuple[str, int]] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    states: list[States] = field(default_factory=list)
    own: list[Own] = field(default_factory=list)
    measures: dict[tuple[str, str], Measure] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    understood: list[str] = field(default_factory=list)
    columns: list[dict[str, Any]] = field(default_factory=list)

    def leave(
        self, kind: str, name: str, why: str, n: int = 1, *, told: float | None = None
    ) -> None:
        """Note something that is left out; the same thing twice adds up."""
        for at, entry in enumerate(self.left):
            if (entry.kind, entry.name, entry.why) == (kind, name, why):
                self.left[at] = Left(kind, name, why, entry.n + n, entry.told)
                return
        self.left.append(Left(kind, name, why, n, told))

    def join(self, others: Iterable[Account]) -> Account:
        """This account and others as one."""
        for other in others:
            self.read += other.read
            self.left += other.left
            self.states += other.states
            self.own += other.own
            self.measures |= other.measures
            self.groups += [g for g in other.groups if g not in self.groups]
            self.understood += other.understood
            self.columns += other.columns
        return self

    def record(self) -> dict[str, Any]:
        """Plain JSON values, for pages and for machines."""
        return {
            "read": [{"file": name, "rows": rows} for name, rows in self.read],
            "left_out": [
                {"kind": e.kind, "name": e.name, "why": e.why, "n": e.n, "told": e.told}
                for e in self.left
            ],
            "samples": [
                {
                    "log": s.log,
                    "planned": s.planned,
                    "seen": s.seen,
                    "scored": s.scored,
                    "states": dict(s.parts),
                }
                for s in self.states
            ],
            "understood": list(self.understood),
        }


def lines(record: Mapping[str, Any]) -> list[str]:
    """What was left out and what was guessed, one line each, for a page or standard error."""
    found = list(record["understood"])
    for entry in record["left_out"]:
        count = f" ({entry['n']:,})" if entry["n"] > 1 else ""
        told = "" if entry["told"] is None else f" The log says {entry['told']:.6g}."
        found.append(f"Left out: {entry['kind']} {entry['name']}{count}: {entry['why']}.{told}")
    return found


def first(names: Sequence[str], most: int = 5) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(str, names[:most])) + more
