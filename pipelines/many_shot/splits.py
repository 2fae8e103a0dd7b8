"""Training, dev and test examples that share no group, no text and no near-duplicate."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from measurand.errors import ParamsError
from measurand.rows import left_out
from measurand.texts import normalise
from pipelines.many_shot.example import Drawn, Example, Rejected
from pipelines.many_shot.leakage import near_duplicates
from schemas.many_shot.params import NearDuplicates, Task

Groups = list[list[Example]]

_ORDER = ("test", "dev", "train")


@dataclass
class Split:
    """Examples by use, each in the order of their groups' hashes, and those left out."""

    train: list[Example] = field(default_factory=list)
    dev: list[Example] = field(default_factory=list)
    test: list[Example] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def split_examples(task: Task, drawn: Drawn, seed: int, near: NearDuplicates) -> Split:
    """Split by groups in the order of their hash: test is filled first, then dev, then train.

    Groups that share a normalised question count as one; of equal texts one is kept. Training
    and dev examples that are near-duplicates of a test question are left out, and so is what is not
    needed; every example is in one split or among the rejected, with its reason. Where the source
    decides the split, a group belongs to the first of test, dev and train that it reaches into, and
    dev is drawn from train where the source has none.

    Raises:
        ParamsError: too few examples are left for the sizes that the task asks for.
    """
    out = Split()
    groups = _groups(task, drawn, seed, out.rejected)
    if drawn.split is None:
        rest = _fill(out.test, task.test, groups, out.rejected)
        rest = _without_near(out.test, rest, near, out.rejected)
        rest = _fill(out.dev, task.dev, rest, out.rejected)
        _leave(_fill(out.train, task.train, rest, out.rejected), out.rejected)
    else:
        by = _by_split(groups, drawn.split, out.rejected)
        _leave(_fill(out.test, task.test, by["test"], out.rejected), out.rejected)
        stated = {name: bool(some) for name, some in by.items()}
        clean = _without_near(out.test, by["train"], near, out.rejected)
        followed = _without_near(out.test, by["dev"], near, out.rejected)
        if stated["dev"]:
            _leave(_fill(out.dev, task.dev, followed, out.rejected), out.rejected)
        else:
            clean = _fill(out.dev, task.dev, clean, out.rejected)
        _leave(_fill(out.train, task.train, clean, out.rejected), out.rejected)
    for name in _ORDER:
        some, n = getattr(out, name), getattr(task, name)
        if len(some) < n:
            left = [*drawn.rejected, *out.rejected]
            hint = f"lower {name}, give the source more examples, or mend what is left out"
            if any(r.reason == "near_duplicate_of_test" for r in left):
                hint += (
                    "; where long instructions make all questions alike, raise "
                    "near_duplicates.jaccard"
                )
            raise ParamsError(
                f"{task.id}: {len(some)} examples for {name}, {n} asked; the source gave "
                f"{len(drawn.examples)}; left out: {left_out(left)}",
                hint=hint,
            )
    return out


def _groups(task: Task, drawn: Drawn, seed: int, rejected: list[Rejected]) -> Groups:
    """Groups in the order of their hash, those that share a question made one."""
    ranked = drawn.examples
    if drawn.split is not None:
        # Of equal questions the one that the source tests with is kept.
        where = drawn.split
        ranked = sorted(ranked, key=lambda e: _ORDER.index(where[e.key]))
    kept: dict[str, Example] = {}
    alike: dict[str, Example] = {}
    joined: dict[str, str] = {}
    for example in ranked:
        first = kept.setdefault(example.input, example)
        if first is not example:
            rejected.append(Rejected(example.key, "duplicate_question", f"that of {first.key}"))
        # Texts that differ in case or punctuation alone are two questions, but never on two sides.
        same = alike.setdefault(normalise(example.input), example)
        ends = sorted((_root(joined, same.group), _root(joined, example.group)))
        if ends[0] != ends[1]:
            joined[ends[1]] = ends[0]
    by_group: dict[str, list[Example]] = {}
    for example in kept.values():
        by_group.setdefault(_root(joined, example.group), []).append(example)

    def place(group: str) -> bytes:
        return hashlib.sha256(f"{seed}\0{task.id}\0{group}".encode()).digest()

    return [by_group[group] for group in sorted(by_group, key=place)]


def _root(joined: dict[str, str], group: str) -> str:
    while group in joined:
        group = joined[group]
    return group


def _by_split(groups: Groups, split: dict[str, str], rejected: list[Rejected]) -> dict[str, Groups]:
    found: dict[str, Groups] = {name: [] for name in _ORDER}
    for group in groups:
        own = min((split[e.key] for e in group), key=_ORDER.index)
        found[own].append([e for e in group if split[e.key] == own])
        rejected += [
            Rejected(e.key, "group_elsewhere", f"its group is in {own}")
            for e in group
            if split[e.key] != own
        ]
    return found


def _fill(some: list[Example], n: int, groups: Groups, rejected: list[Rejected]) -> Groups:
    """Take whole groups until there are n examples; what is left of the last one goes nowhere."""
    for at, group in enumerate(groups):
        if len(some) >= n:
            return groups[at:]
        free = n - len(some)
        some += group[:free]
        _leave([group[free:]], rejected)
    return []


def _without_near(
    test: list[Example], groups: Groups, near: NearDuplicates, rejected: list[Rejected]
) -> Groups:
    others = [example for group in groups for example in group]
    pairs = near_duplicates([e.input for e in test], [e.input for e in others], near)
    close = {others[other].key: (test[at].key, similarity) for at, other, similarity in pairs}
    for key, (twin, similarity) in close.items():
        detail = f"Jaccard {similarity:.3f} with {twin}"
        rejected.append(Rejected(key, "near_duplicate_of_test", detail))
    clean = [[e for e in group if e.key not in close] for group in groups]
    return [group for group in clean if group]


def _leave(groups: Groups, rejected: list[Rejected]) -> None:
    rejected += [Rejected(e.key, "not_needed", "") for group in groups for e in group]
