"""From tasks to families and to a general level: how many tasks hold, at which coverage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.agi_levels.levels import LEVELS
from evaluators.agi_levels.placing import Placement
from measurand.stats.poisson_binomial import at_least, at_least_sharing
from schemas.agi_levels.norms import Task
from schemas.agi_levels.params import Rules
from schemas.agi_levels.taxonomy import FAMILIES, FIRST_CUT


@dataclass(frozen=True)
class Family:
    """Tasks of one ability.

    Attributes:
        name: the ability.
        tasks: how many count.
        shares: by level, expected share of them that reach it.
        half: by level, probability that half of them or more do.
        lowest: least level claimed, None where a task has none.
        median: of the levels claimed, 0 for none.
    """

    name: str
    tasks: int
    shares: Mapping[int, float]
    half: Mapping[int, float]
    lowest: int | None
    median: float


@dataclass(frozen=True)
class Profile:
    """What a model's tasks say together.

    Attributes:
        model: whose.
        counted: the placement of each task that counts.
        uncounted: why other tasks do not count, by task.
        families: with at least one task.
        breadth: by level, expected share of the families in which half of the tasks reach it.
        held: by coverage and level, probability that so many tasks reach it, taken as independent.
        held_sharing: the same where the error of the runs is one and the same for all tasks; None
            where no task has several runs, so that nothing is known of it.
        general: by coverage, the level, None where none.
        reason: why nothing general is said; None where something is.
    """

    model: str
    counted: tuple[Placement, ...]
    uncounted: Mapping[str, str]
    families: tuple[Family, ...]
    breadth: Mapping[int, float]
    held: Mapping[float, Mapping[int, float]]
    held_sharing: Mapping[float, Mapping[int, float]] | None
    general: Mapping[float, int | None]
    reason: str | None

    @property
    def assessed(self) -> bool:
        """Whether the rule of coverage is met."""
        return self.reason is None


def profile(
    model: str, placements: Sequence[Placement], tasks: Mapping[str, Task], rules: Rules
) -> Profile:
    """The profile of one model.

    Tasks are taken as independent given their probabilities, so the number that reach a level is
    Poisson-binomial; where tasks have several runs, also as tasks whose runs err together, by the
    share of each percentile's variance that the runs make. A level needs both. Tasks
    without a headline norm are not counted.

    Args:
        model: whose.
        placements: of all models.
        tasks: what is known of the tasks, by id.
        rules: when a general level is claimed.
    """
    counted, uncounted = headline([p for p in placements if p.model == model], tasks)
    p = {level: np.array([_p(one, level) for one in counted]) for level in LEVELS}
    families = tuple(_families(counted, tasks))
    held = {
        q: {level: at_least(p[level], math.ceil(q * len(counted) - 1e-9)) for level in LEVELS}
        for q in (rules.coverages if counted else ())
    }
    runs = [one.runs for one in counted]
    sharing = None
    if any(share is not None for share in runs):
        shares = np.array([share or 0.0 for share in runs])
        sharing = {
            q: {
                level: at_least_sharing(p[level], shares, math.ceil(q * len(counted) - 1e-9))
                for level in LEVELS
            }
            for q in held
        }
    surely = {
        q: {level: min(chance, (sharing or held)[q][level]) for level, chance in chances.items()}
        for q, chances in held.items()
    }
    breadth = {
        level: float(np.mean([family.half[level] for family in families])) if families else 0.0
        for level in LEVELS
    }
    reason = _uncovered(counted, families, rules)
    general = {
        q: None if reason else _general(chances, families, rules) for q, chances in surely.items()
    }
    return Profile(model, counted, uncounted, families, breadth, held, sharing, general, reason)


def headline(
    placements: Sequence[Placement], tasks: Mapping[str, Task]
) -> tuple[tuple[Placement, ...], dict[str, str]]:
    """The placement of each task that counts, and why the others have none.

    It is the one of the norm that the task names, or the only one of skilled adults. A made-up norm
    never counts, nor one against which no percentile can be given.
    """
    counted: list[Placement] = []
    uncounted: dict[str, str] = {}
    for name in dict.fromkeys(p.task for p in placements):
        own = [p for p in placements if p.task == name and p.p and "synthetic" not in p.flags]
        wanted = tasks[name].headline if name in tasks else None
        fit = [p for p in own if (p.norm == wanted if wanted else p.reference == "skilled")]
        if len(fit) == 1:
            counted.append(fit[0])
        elif not own:
            uncounted[name] = "no norm that gives a percentile"
        elif wanted:
            uncounted[name] = f"not placed against {wanted}"
        elif fit:
            uncounted[name] = "several norms of skilled adults and none named as the headline"
        else:
            uncounted[name] = "no norm of skilled adults"
    return tuple(counted), uncounted


def _p(placement: Placement, level: int) -> float:
    """Probability of a level; 0 where the norm cannot show it."""
    step = level - FIRST_CUT
    return placement.p[step] if step < len(placement.p) else 0.0


def _families(counted: Sequence[Placement], tasks: Mapping[str, Task]) -> list[Family]:
    found = []
    for name in FAMILIES:
        own = [p for p in counted if p.task in tasks and name in tasks[p.task].families]
        if not own:
            continue
        chances = {level: np.array([_p(p, level) for p in own]) for level in LEVELS}
        levels = [p.level or 0 for p in own]
        found.append(
            Family(
                name,
                len(own),
                {level: float(c.mean()) for level, c in chances.items()},
                {level: at_least(c, math.ceil(len(own) / 2)) for level, c in chances.items()},
                min(levels) or None,
                float(np.median(levels)),
            )
        )
    return found


def _uncovered(
    counted: Sequence[Placement], families: Sequence[Family], rules: Rules
) -> str | None:
    names = {family.name for family in families}
    lacking = [name for name in rules.compulsory if name not in names]
    faults = []
    if len(counted) < rules.min_tasks:
        faults.append(f"{len(counted)} of {rules.min_tasks} tasks")
    if len(families) < rules.min_families:
        faults.append(f"{len(families)} of {rules.min_families} families")
    if lacking:
        faults.append(f"no task of {', '.join(lacking)}")
    return f"not assessable (coverage): {'; '.join(faults)}" if faults else None


def _general(chances: Mapping[int, float], families: Sequence[Family], rules: Rules) -> int | None:
    """Highest level that enough tasks and every compulsory family hold."""
    compulsory = [family for family in families if family.name in rules.compulsory]
    found = None
    for level in LEVELS:
        together = all(family.half[level] >= rules.claim for family in compulsory)
        if chances[level] >= rules.claim and together:
            found = level
    return found
