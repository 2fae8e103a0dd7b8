"""Which child is measured next: the rule in which the methods differ.

``evolution`` takes a mutated winner of a tournament as it comes. ``best_of`` takes, of several
children of one parent, the one that a judge puts first. PAM and PAM-RT (Co-Reyes et al. 2024, arXiv
2402.05821, by name; the loop is ours) go on until a judge prefers a child to its parent: ``pam``
changes the best child so far again, ``pam_rt`` draws another parent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.guided_evolution.judging import Judge
from pipelines.guided_evolution.population import Child, Counts, Member, Population

Kind = Literal["random", "evolution", "best_of", "pam", "pam_rt"]


@dataclass(frozen=True)
class Rule:
    """How a child is chosen.

    Attributes:
        kind: which rule.
        children: children of one parent that a judge sees at once.
        rounds: how often ``pam`` changes again and ``pam_rt`` draws another parent.
        threshold: a child is taken where its probability to be better exceeds this.
        explore: share of steps that are plain, whatever the judge says.
    """

    kind: Kind
    children: int = 16
    rounds: int = 8
    threshold: float = 0.5
    explore: float = 0.1


@dataclass(frozen=True)
class Choice:
    """A child, and why it is the one.

    Attributes:
        child: the child.
        how: ``initial``, ``random``, ``plain`` or ``judged``.
        p: the judge's probability that it is better than its parent, where it was asked.
        reason: why a judge that there is did not choose it: ``explore``, ``warm_up``,
            ``untrusted`` or ``none_preferred``.
    """

    child: Child
    how: str
    p: float | None = None
    reason: str | None = None


def choose(rule: Rule, population: Population, judge: Judge | None, counts: Counts) -> Choice:
    """The next child of a search whose judge, if any, may be asked now.

    Raises:
        Exhausted: no new program can be drawn.
    """
    if rule.kind == "random":
        return Choice(population.random(counts), "random")
    if judge is None:
        return Choice(population.plain(counts), "plain")
    if population.rng.random() < rule.explore:
        return Choice(population.plain(counts), "plain", reason="explore")
    found = _best_of(rule, population, judge, counts)
    if found is None:
        return Choice(population.plain(counts), "plain", reason="none_preferred")
    return found


def _best_of(rule: Rule, population: Population, judge: Judge, counts: Counts) -> Choice | None:
    """The child that the judge puts first, where it exceeds the threshold."""
    parent, base, before = population.parent(counts), None, ""
    rounds = 1 if rule.kind == "best_of" else rule.rounds
    for at in range(rounds):
        if at and rule.kind == "pam_rt":
            parent = population.parent(counts)
        some = _children(rule, population, parent, base, before, counts)
        if not some:
            base, before = None, ""
            continue
        p = judge.better([child.program for child in some], parent)
        first = int(p.argmax())
        if rule.kind == "best_of" or p[first] > rule.threshold:
            return Choice(some[first], "judged", float(p[first]))
        if rule.kind == "pam":
            base, before = some[first], some[first].mutation
    return None


def _children(
    rule: Rule,
    population: Population,
    parent: Member,
    base: Child | None,
    before: str,
    counts: Counts,
) -> list[Child]:
    """Different children of one parent, by way of a base where there is one."""
    found: list[Child] = []
    also: set[bytes] = set()
    start = parent.program if base is None else base.program
    for _ in range(rule.children):
        child = population.change(start, parent, counts, before, also)
        if child is None:
            break
        also.add(child.program.key)
        found.append(child)
    return found
